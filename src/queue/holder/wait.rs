//! Consumers that wait for a message: served in the order they came, until their time is over or they are gone.

use std::time::Duration;

use bytes::Bytes;

use super::one_queue::Waiting;
use super::take::Search;
use super::{QueueHolder, Timer};
use crate::queue::disk::SegmentDisk;
use crate::queue::fifo::Consumer;
use crate::queue::order::{Moment, QueueAnswer};

/// After so long a disk that does not read a message is asked again for those that wait.
const REFUSED: Duration = Duration::from_secs(1);

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Lets a consumer wait.
    pub(super) fn begin_wait(&mut self, name: Bytes, waiting: Waiting<T>) {
        let number = self.waits_begun;
        self.waits_begun += 1;
        self.timers.insert((waiting.until, Timer::Wait(name.clone(), number)));
        self.waiting.insert((waiting.by, name.clone(), number));
        self.queue(&name).waits.insert(number, waiting);
    }

    /// Gives those that wait what there is for them now.
    pub(super) fn serve(&mut self, name: &Bytes, now: Moment) {
        while let Some(number) = self.first_waiting(name) {
            match self.search(name, now) {
                Search::Found(id, message) => {
                    let Some(Waiting { by, how, tell, .. }) = self.take_wait(name, number) else { return };
                    self.hand_out(name.clone(), (id, message), (by, how), tell, now);
                }
                Search::Nothing => return,
                Search::Refused => return self.serve_at(now.up + REFUSED, name.clone()),
                // Later than now, which is to say with the next batch.
                Search::Unfinished => return self.serve_at(now.up + Duration::from_nanos(1), name.clone()),
            }
        }
    }

    /// The same when this time has come, unless that is to be done earlier.
    pub(super) fn serve_at(&mut self, up: Duration, name: Bytes) {
        let Some(queue) = self.queues.get_mut(&name) else { return };
        if queue.serves_at.is_some_and(|before| before <= up) {
            return;
        }
        if let Some(later) = queue.serves_at.replace(up) {
            self.timers.remove(&(later, Timer::Serve(name.clone())));
        }
        self.timers.insert((up, Timer::Serve(name)));
    }

    /// The same now that its time has come.
    pub(super) fn serve_due(&mut self, name: &Bytes, now: Moment) {
        self.queues.get_mut(name).into_iter().for_each(|queue| queue.serves_at = None);
        self.queues.note_empty();
        self.serve(name, now);
    }

    /// Ends a wait without a message.
    pub(super) fn end_wait(&mut self, name: &Bytes, number: u64) {
        if let Some(waiting) = self.take_wait(name, number) {
            self.answer(waiting.tell, QueueAnswer::Nothing);
        }
    }

    /// Ends all waits of a consumer.
    pub(super) fn end_waits_of(&mut self, by: Consumer) {
        let all = self.waiting.range((by, Bytes::new(), 0)..).take_while(|(waits, ..)| *waits == by);
        let all: Vec<_> = all.cloned().collect();
        all.iter().for_each(|(_, name, number)| self.end_wait(name, *number));
    }

    /// Ends all waits with the next batch; from now on none begins.
    pub fn end_all_waits(&mut self) {
        self.is_ending = true;
        let all: Vec<_> = self.waiting.iter().cloned().collect();
        all.iter().for_each(|(_, name, number)| self.end_wait(name, *number));
    }

    fn first_waiting(&self, name: &Bytes) -> Option<u64> {
        self.queues.get(name)?.waits.first_key_value().map(|(number, _)| *number)
    }

    fn take_wait(&mut self, name: &Bytes, number: u64) -> Option<Waiting<T>> {
        let waiting = self.queues.get_mut(name)?.waits.remove(&number)?;
        self.timers.remove(&(waiting.until, Timer::Wait(name.clone(), number)));
        self.waiting.remove(&(waiting.by, name.clone(), number));
        self.queues.note_empty();
        Some(waiting)
    }
}
