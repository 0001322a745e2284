//! All queues of one directory: takes orders a batch at a time, writes down what they change, and answers.
//!
//! ```text
//!   orders ─▶ carried out, one after the other ─▶ records ─▶ written, synced ─▶ answered
//!                                                              └▶ refused: undone, and answered so
//! ```
//! Within a batch an order sees what those before it did, and no answer leaves before the disk has the batch. So all
//! who ask at the same time share one wait for the disk. No thread, no clock, no chance: these come from outside.

mod commit;
mod empty;
mod figures;
mod later;
mod look;
mod many;
mod one_queue;
mod put;
mod read;
mod recover;
mod settle;
mod take;
mod troubles;
mod undo;
mod wait;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;

use super::disk::SegmentDisk;
use super::fifo::{Consumer, Reservation};
use super::journal::QueueJournal;
use super::order::{HolderTerms, Moment, QueueAnswer, QueueOrder};
use super::places::MessagePlace;
use super::record::{QueueEvent, QueueRecord};
use figures::{FiguresLook, HolderCounts};
use many::ManyQueues;
use read::UnreadMessage;
use troubles::{DiskTroubles, DiskWork};
use undo::Undone;

/// The queues of one directory. An order's answer goes to a `T`.
pub struct QueueHolder<D, T> {
    journal: QueueJournal<D>,
    queues: ManyQueues<T>,
    terms: HolderTerms,
    /// No message of any queue has this id or a higher one.
    ids: u64,
    held: HashMap<Consumer, BTreeSet<(Bytes, u64)>>,
    timers: BTreeSet<(Duration, Timer)>,
    /// Who waits for what, under which number, and how many ever did.
    waiting: BTreeSet<(Consumer, Bytes, u64)>,
    waits_begun: u64,
    /// Orders that go on with the next batch.
    begun: Vec<(QueueOrder, T)>,
    /// The queues that these are about.
    busy: HashSet<Bytes>,
    answers: Vec<Answered<T>>,
    /// The bytes of messages in them.
    answered: usize,
    /// Messages that this batch has looked through for lines.
    indexed: usize,
    /// Who asked how all queues are, and the look at them that is under way.
    figures_asked: Vec<T>,
    figures_look: Option<FiguresLook<T>>,
    undo: Vec<Undone>,
    counts: HolderCounts,
    /// What the disk refused when it was asked last.
    refused: DiskTroubles,
    /// A message that it did not read then.
    unread: Option<UnreadMessage>,
    /// Whether the process ends, so that nobody waits any more.
    is_ending: bool,
}

/// What happens when a time is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Reservation(Bytes, u64),
    Wait(Bytes, u64),
    Serve(Bytes),
}

struct Answered<T> {
    tell: T,
    answer: QueueAnswer,
    /// The message it is about.
    about: Option<(Bytes, u64)>,
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Goes on with other terms.
    pub fn set_terms(&mut self, terms: HolderTerms) {
        self.terms = terms;
    }

    /// Carries out orders, those before first, and gives the answers that are due: to them and to others that wait.
    pub fn work(&mut self, orders: impl IntoIterator<Item = (QueueOrder, T)>, now: Moment) -> Vec<(T, QueueAnswer)> {
        if !self.journal.is_begun() {
            let begun = self.journal.begin_segment(self.ids);
            self.refused.note(DiskWork::Begin, &begun);
        }
        self.read_again(now);
        self.elapse(now);
        let begun = std::mem::take(&mut self.begun);
        self.busy.clear();
        for (order, tell) in begun.into_iter().chain(orders) {
            if self.must_wait(&order) {
                self.go_on_later(order, tell);
                continue;
            }
            self.carry_out(order, tell, now);
            if self.journal.is_batch_full() {
                self.commit();
            }
        }
        self.tidy();
        self.commit();
        self.look_at_all(now);
        if self.figures_look.is_none() {
            self.counts.forget(self.queues.forget_idle());
        }
        (self.answered, self.indexed) = (0, 0);
        self.answers.drain(..).map(|answered| (answered.tell, answered.answer)).collect()
    }

    /// When there is something to do though nothing is asked for.
    pub fn wake_at(&self, now: Moment) -> Option<Duration> {
        let retry = (self.journal.owes() || self.refused.any()).then(|| now.up + Duration::from_secs(1));
        let timer = self.timers.first().map(|(at, _)| *at);
        let goes_on = !self.begun.is_empty() || self.figures_look.is_some() || !self.figures_asked.is_empty();
        let begun = goes_on.then_some(now.up);
        [retry, timer, begun].into_iter().flatten().min()
    }

    /// Whether messages were acknowledged that the disk has not been told of, because it takes nothing: a process that
    /// begins now would hand them out again.
    pub fn owes(&self) -> bool {
        self.journal.owes()
    }

    /// The bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.journal.bytes()
    }

    fn carry_out(&mut self, order: QueueOrder, tell: T, now: Moment) {
        match order {
            QueueOrder::Find { ref queue, .. } | QueueOrder::Withdraw { ref queue, .. } if !self.knows_line(queue) => {
                // Other orders need not wait for it.
                self.begun.push((order, tell));
            }
            QueueOrder::Put { queue, client_flags, expires, body } => {
                let (answer, id) = self.put(&queue, client_flags, expires, body, now);
                self.answer_about(tell, answer, id.map(|id| (queue.clone(), id)));
                self.serve(&queue, now);
            }
            QueueOrder::Take { queue, by, how, wait } => self.take_or_wait(queue, (by, how, wait), tell, now),
            QueueOrder::Settle { queue, by, id, how } => {
                let answer = self.settle(&queue, by, id, how);
                self.answer(tell, answer);
                self.serve(&queue, now);
            }
            QueueOrder::StopWaiting(by) => {
                self.end_waits_of(by);
                self.answer(tell, QueueAnswer::Done);
            }
            QueueOrder::Leave(by) => {
                self.leave(by, now);
                self.answer(tell, QueueAnswer::Done);
            }
            QueueOrder::Withdraw { queue, body } => {
                let answer = self.withdraw(&queue, &body, now);
                self.answer(tell, answer);
            }
            QueueOrder::Empty { queue } => {
                self.empty(&queue);
                self.answer(tell, QueueAnswer::Done);
            }
            QueueOrder::EmptyAll => {
                self.queues.names().iter().for_each(|queue| self.empty(queue));
                self.answer(tell, QueueAnswer::Done);
            }
            QueueOrder::Figures => self.figures_asked.push(tell),
            look => {
                let answer = self.look(look, now);
                self.answer(tell, answer);
            }
        }
    }

    fn answer(&mut self, tell: T, answer: QueueAnswer) {
        self.answer_about(tell, answer, None);
    }

    fn answer_about(&mut self, tell: T, answer: QueueAnswer, about: Option<(Bytes, u64)>) {
        self.answered += answer.len();
        self.answers.push(Answered { tell, answer, about });
    }

    /// The time has come for some.
    fn elapse(&mut self, now: Moment) {
        while let Some(timer) = self.timer_due(now.up) {
            match timer {
                Timer::Reservation(queue, id) => {
                    let reservation = self.queues.get(&queue).and_then(|queue| queue.fifo.reservation(id));
                    if reservation.is_some_and(|reservation| reservation.until <= now.up) {
                        self.give_back(&queue, id);
                        self.serve(&queue, now);
                    }
                }
                Timer::Wait(queue, number) => self.end_wait(&queue, number),
                Timer::Serve(queue) => self.serve_due(&queue, now),
            }
        }
    }

    /// The first timer, if its time has come.
    fn timer_due(&mut self, now: Duration) -> Option<Timer> {
        self.timers.first().filter(|(at, _)| *at <= now)?;
        self.timers.pop_first().map(|(_, timer)| timer)
    }

    /// A message stands here from now on.
    fn stands(&mut self, queue: &Bytes, id: u64, place: MessagePlace) {
        let Some(queue) = self.queues.get_mut(queue) else { return };
        self.journal.counts(place);
        if let Some(before) = queue.fifo.put(id, place) {
            self.journal.forgets(before);
        }
    }

    /// Writes down that a message is gone, and forgets it.
    fn gone(&mut self, queue: &Bytes, id: u64) -> Option<MessagePlace> {
        let place = self.forget(queue, id)?;
        let record = QueueRecord { queue: queue.clone(), id, event: QueueEvent::Gone };
        self.journal.push(&record, self.journal.urgency_of(place));
        Some(place)
    }

    fn forget(&mut self, name: &Bytes, id: u64) -> Option<MessagePlace> {
        let queue = self.queues.get_mut(name)?;
        let reservation = queue.fifo.reservation(id);
        let place = queue.fifo.remove(id)?;
        let is_empty = queue.fifo.is_empty();
        if is_empty {
            self.queues.note_empty();
        }
        self.journal.forgets(place);
        self.let_go(reservation, name, id);
        Some(place)
    }

    /// A consumer has a message no more.
    fn let_go(&mut self, reservation: Option<Reservation>, queue: &Bytes, id: u64) {
        let Some(Reservation { by, until, .. }) = reservation else { return };
        self.timers.remove(&(until, Timer::Reservation(queue.clone(), id)));
        let Some(held) = self.held.get_mut(&by) else { return };
        held.remove(&(queue.clone(), id));
        if held.is_empty() {
            self.held.remove(&by);
        }
    }
}
