//! Messages go out: the oldest first, past those that are over; a consumer may wait for one.

use std::time::Duration;

use bytes::Bytes;

use super::one_queue::Waiting;
use super::read::Unread;
use super::{QueueHolder, Timer};
use crate::queue::disk::SegmentDisk;
use crate::queue::fifo::{Consumer, Reservation};
use crate::queue::order::{Moment, QueueAnswer, QueueOrder, QueueRefusal, Taking};
use crate::queue::record::Message;

/// So many messages that are over are passed over for one order and batch.
pub(super) const PASSED: usize = 1_000;

/// What became of the search for a message.
pub(super) enum Search {
    Found(u64, Message),
    Nothing,
    /// It goes on with the next batch.
    Unfinished,
    /// The disk does not read it now, or is owed too much.
    Refused,
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Hands out the oldest message; if there is none the consumer waits, for as long as it wants to.
    pub(super) fn take_or_wait(
        &mut self,
        name: Bytes,
        (by, how, wait): (Consumer, Taking, Duration),
        tell: T,
        now: Moment,
    ) {
        if how != Taking::Reserve && self.first_held(by, &name).is_some() {
            return self.answer(tell, QueueAnswer::Refused(QueueRefusal::HasOne));
        }
        match self.search(&name, now) {
            Search::Found(id, message) => self.hand_out(name, (id, message), (by, how), tell, now),
            Search::Refused => self.answer(tell, QueueAnswer::Refused(QueueRefusal::Disk)),
            Search::Unfinished => self.go_on_later(QueueOrder::Take { queue: name, by, how, wait }, tell),
            Search::Nothing if wait.is_zero() || self.is_ending => self.answer(tell, QueueAnswer::Nothing),
            Search::Nothing => self.begin_wait(name, Waiting { by, how, until: now.up.saturating_add(wait), tell }),
        }
    }

    pub(super) fn hand_out(
        &mut self,
        name: Bytes,
        (id, message): (u64, Message),
        (by, how): (Consumer, Taking),
        tell: T,
        now: Moment,
    ) {
        self.queue(&name).counts.taken += 1;
        let number = if how == Taking::Remove { id } else { self.queue(&name).fifo.receipt(id) };
        match how {
            Taking::Remove => drop(self.gone(&name, id)),
            Taking::Reserve | Taking::ReserveOne => {
                let until = now.up + self.terms.reserve;
                let told = how.told(number);
                self.queue(&name).fifo.reserve(id, Reservation { by, until, told });
                self.held.entry(by).or_default().insert((name.clone(), id));
                self.timers.insert((until, Timer::Reservation(name.clone(), id)));
            }
        }
        self.answer_about(tell, QueueAnswer::Message(number, message), Some((name, id)));
    }

    /// Looks for the oldest message that is not over.
    pub(super) fn search(&mut self, name: &Bytes, now: Moment) -> Search {
        for _ in 0..PASSED {
            let Some(id) = self.queues.get(name).and_then(|queue| queue.fifo.head()) else { return Search::Nothing };
            if self.journal.owes_too_much() {
                return Search::Refused;
            }
            match self.read(name, id) {
                Err(Unread) => return Search::Refused,
                Ok(Some(message)) if !message.is_over(now.unix.as_secs()) => return Search::Found(id, message),
                Ok(Some(_)) => {
                    self.gone(name, id);
                    self.queue(name).counts.expired += 1;
                }
                Ok(None) => {}
            }
        }
        Search::Unfinished
    }

    /// The oldest message of a queue that a consumer has.
    pub(super) fn first_held(&self, by: Consumer, name: &Bytes) -> Option<u64> {
        let held = self.held.get(&by)?.range((name.clone(), 0)..).next()?;
        (held.0 == *name).then_some(held.1)
    }
}
