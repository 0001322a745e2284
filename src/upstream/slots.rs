//! The replies a connection owes, in the order of the questions.
//!
//! A question that timed out leaves its slot as a tombstone: no caller waits for it any more, but its reply may still
//! come and must be told from the reply to the next question.

use std::collections::{VecDeque, vec_deque};
use std::time::{Duration, Instant};

use super::mark::{Mark, Party};
use super::said::Said;
use super::slot::{Expired, Slot};
use super::ticket::Ticket;
use crate::protocol::{Expected, Token};

/// What is not answered for so long takes long: what is kept of it, and of replies that wait behind it, keeps no buffer from
/// then on. Busy servers nearby need a few milliseconds, and what goes a moment later is not worth a copy.
pub const LONG: Duration = Duration::from_millis(20);

/// Stands in the place of an item when no caller waits for a reply about it any more.
const NO_ITEM: u32 = 0;
/// No more questions than this are asked elsewhere at once.
const MOST_ASIDE: usize = 64;

/// A queue that grew longer than this gives its memory back once it is empty. To grow again it must be asked as much again,
/// so that each question pays for little of it.
const KEEP: usize = 256;

/// The questions of one connection.
pub(super) struct Slots {
    queue: VecDeque<Slot>,
    /// The items they are about, in the same order, to be looked through at once; if they are listed.
    items: VecDeque<u32>,
    /// Whether they are: from when that matters first, until no reply is owed.
    are_listed: bool,
    /// How many slots at the front are known to be tombstones.
    dead: usize,
    /// How many slots at the front are held up by a large value, or are one.
    held_up: usize,
    /// The words of those that can be asked elsewhere.
    said: Said,
    /// How many bytes of values are kept for them.
    held: usize,
    /// How many slots at the front are known to take long.
    lingering: usize,
    /// How many questions each party has here.
    parts: [u32; Party::COUNT],
}

impl Default for Slots {
    fn default() -> Slots {
        Slots {
            queue: VecDeque::new(),
            items: VecDeque::new(),
            are_listed: false,
            dead: 0,
            held_up: 0,
            said: Said::default(),
            held: 0,
            lingering: 0,
            parts: [0; Party::COUNT],
        }
    }
}

impl Slots {
    /// How many replies are owed, tombstones included.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no reply is owed.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many of them are this whose's.
    pub(super) fn part_of(&self, whose: Party) -> usize {
        self.parts[whose.index()] as usize
    }

    /// Whether a reply is owed about the item of `mark`.
    pub(super) fn owe(&mut self, mark: Mark) -> bool {
        self.list_items();
        self.items.contains(&mark.item)
    }

    fn list_items(&mut self) {
        if !self.are_listed && !self.is_empty() {
            self.are_listed = true;
            self.items.extend(self.queue.iter().map(|slot| slot.mark.item));
        }
    }

    /// Whether a large value is among the replies, or in a store, as far as is known.
    pub(super) fn are_large(&self) -> bool {
        self.held_up > 0
    }

    /// Whether all of them are to plain reads, and `is_so` of each.
    pub(super) fn are_plain_reads(&self, is_so: impl Fn(&Slot) -> bool) -> bool {
        // Whoever waits has mostly asked last.
        self.queue.iter().rev().all(|slot| slot.is_plain_read && is_so(slot))
    }

    /// How many bytes those take that timed out: their part of all that is not a value. The others count where they wait.
    pub(super) fn of_nobody(&self) -> usize {
        let all = self.queue.capacity() * size_of::<Slot>() + self.said.room();
        (all * self.dead).checked_div(self.queue.len()).unwrap_or(0)
    }

    /// How many bytes of values are kept for them until they are answered.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Learns that the youngest question is about a large value.
    pub(super) fn hold_up(&mut self) {
        self.held_up = self.queue.len();
    }

    /// Learns that the oldest question is about a large value, so that all up to the youngest of the same party may be.
    pub(super) fn hold_up_first(&mut self) {
        let whose = self.first().map(|slot| slot.mark.whose);
        let youngest = self.queue.iter().rposition(|slot| Some(slot.mark.whose) == whose);
        self.held_up = self.held_up.max(youngest.map_or(0, |place| place + 1));
    }

    /// Adds the youngest question, whose words stand in the text of the `output` from `at` on.
    #[inline(always)]
    pub(super) fn push(&mut self, slot: Slot, output: &[u8], at: usize) {
        if slot.is_plain_read {
            self.said.push(output, at..at + slot.len);
        }
        if self.are_listed {
            self.items.push_back(slot.mark.item);
        }
        self.parts[slot.mark.whose.index()] += 1;
        self.held += slot.held();
        self.queue.push_back(slot);
    }

    /// Copies what is kept of the text of the `output`, which is about to be sent or changed.
    pub(super) fn keep_words(&mut self, output: &[u8]) {
        self.said.copy(output);
    }

    /// What the next reply must look like.
    pub(super) fn next_expected(&self) -> Option<(&Expected, Token)> {
        self.queue.front().map(|slot| (&slot.expected, slot.token))
    }

    /// Takes the oldest question off: its reply has come.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Slot> {
        let slot = self.queue.pop_front()?;
        if self.are_listed {
            self.items.pop_front();
        }
        self.dead = self.dead.saturating_sub(1);
        self.held_up = self.held_up.saturating_sub(1);
        self.parts[slot.mark.whose.index()] -= 1;
        self.lingering = self.lingering.saturating_sub(1);
        self.held -= slot.held();
        self.said.forget(slot.said());
        if self.queue.is_empty() {
            self.rest();
        }
        Some(slot)
    }

    /// Gives back what is not in use, as no reply is owed.
    fn rest(&mut self) {
        self.are_listed = false;
        if self.queue.capacity() > KEEP {
            (self.queue, self.items) = Default::default();
        }
    }

    /// Takes all questions off: the connection is lost.
    pub(super) fn take_all(&mut self) -> VecDeque<Slot> {
        std::mem::take(self).queue
    }

    /// Who waits for the oldest question's reply.
    pub(super) fn first(&self) -> Option<&Slot> {
        self.queue.front()
    }

    /// Makes a tombstone of the oldest question and returns who waited for it.
    pub(super) fn bury_first(&mut self) -> Option<Ticket> {
        let ticket = self.queue.front_mut()?.bury();
        self.dead = self.dead.max(1);
        ticket
    }

    /// Takes out the questions that can be asked on another connection, with their words: those of other parties than
    /// the oldest question's, which `may` move, and whose items only reads are about. The words of all are
    /// [kept](Slots::keep_words). Their replies here will be thrown away.
    pub(super) fn step_aside(&mut self, may: impl Fn(&Slot) -> bool) -> Vec<(Slot, Vec<u8>)> {
        self.list_items();
        let (mut aside, mut before) = (Vec::new(), 0);
        for place in 0..self.queue.len() {
            let (slot, oldest) = (&self.queue[place], &self.queue[0].mark);
            let words = self.said.words(before, slot.said());
            before += slot.said();
            let is_other = place > 0 && slot.is_plain_read && slot.ticket.is_some() && slot.mark.whose != oldest.whose;
            if aside.len() == MOST_ASIDE || !is_other || !may(slot) || self.is_acted_on(slot.mark.item) {
                continue;
            }
            let words = words.to_vec();
            let slot = &mut self.queue[place];
            self.items[place] = NO_ITEM;
            let (ticket, expected) = (slot.ticket.take(), slot.expected.clone());
            let Slot { asked, token, len, mark, is_plain_read, .. } = *slot;
            aside.push((Slot { ticket, asked, expected, token, len, mark, is_plain_read, kept: None }, words));
        }
        aside
    }

    /// Whether a reply about this item is owed to anything but a read.
    fn is_acted_on(&self, item: u32) -> bool {
        let of_item = self.items.iter().zip(&self.queue).filter(|(known, _)| **known == item);
        of_item.into_iter().any(|(_, slot)| !slot.is_plain_read)
    }

    /// Gives up asking anything again: the connection has proved to be alive.
    pub(super) fn settle(&mut self) {
        self.held -= self.queue.iter_mut().map(Slot::settle).sum::<usize>();
    }

    /// When the youngest question was asked.
    pub(super) fn youngest(&self) -> Option<Instant> {
        self.queue.back().map(|slot| slot.asked)
    }

    /// How many bytes the youngest question took to ask.
    pub(super) fn youngest_len(&self) -> usize {
        self.queue.back().map_or(0, |slot| slot.len)
    }

    /// Lets those who ask know which questions take [long](LONG) by now, so that nothing kept of these keeps a buffer.
    #[inline]
    pub(super) fn let_go(&mut self, now: Instant) {
        let Some(before) = now.checked_sub(LONG) else { return };
        while let Some(slot) = self.queue.get_mut(self.lingering).filter(|slot| slot.asked <= before) {
            slot.linger();
            self.lingering += 1;
        }
    }

    /// Makes tombstones of the questions asked at or before `before` and returns who waited for them.
    pub(super) fn expire(&mut self, before: Instant) -> Vec<Expired> {
        let mut expired = Vec::new();
        while let Some(slot) = self.queue.get_mut(self.dead) {
            if slot.asked > before {
                break;
            }
            let (asked, forgotten) = (slot.asked, slot.take_forgotten());
            self.held -= slot.settle();
            expired.extend(slot.bury().map(|ticket| Expired { ticket, asked, forgotten }));
            self.dead += 1;
        }
        expired
    }

    /// Takes those tombstones off of which nothing was sent: the last `unsent` bytes of what was asked are still here, all
    /// words are [kept](Slots::keep_words). Returns where among those bytes they stand, and how many they are.
    pub(super) fn withdraw(&mut self, unsent: usize) -> (usize, usize) {
        let (mut first, mut before) = (self.queue.len(), unsent);
        while let Some(len) = first.checked_sub(1).map(|place| self.queue[place].len).filter(|len| *len <= before) {
            (first, before) = (first - 1, before - len);
        }
        let sum = |slots: vec_deque::Iter<'_, Slot>, size: fn(&Slot) -> usize| slots.map(size).sum::<usize>();
        let withdrawn = first..self.dead.max(first);
        let said_before = sum(self.queue.range(..first), Slot::said);
        self.said.cut(said_before, sum(self.queue.range(withdrawn.clone()), Slot::said));
        if self.are_listed {
            self.items.drain(withdrawn.clone());
        }
        let mut bytes = 0;
        for slot in self.queue.drain(withdrawn.clone()) {
            bytes += slot.len;
            self.parts[slot.mark.whose.index()] -= 1;
        }
        self.dead -= withdrawn.len();
        self.held_up = self.held_up.min(self.queue.len());
        // Some are looked at twice, which does no harm.
        self.lingering = self.lingering.min(first);
        if self.queue.is_empty() {
            self.rest();
        }
        (before, bytes)
    }

    /// When the oldest question that a caller waits for is due, if each has `patience`.
    pub(super) fn next_deadline(&self, patience: Duration) -> Option<Instant> {
        self.queue.get(self.dead).map(|slot| slot.asked + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Reply;
    use crate::upstream::ticket::ReplyTo;
    use std::rc::Rc;

    struct Nobody;
    impl ReplyTo for Nobody {
        fn deliver(self: Rc<Self>, _: u64, _: Reply) {}
    }

    fn slot(asked: Instant, token: u64) -> Slot {
        let ticket = Some(Ticket::new(Rc::new(Nobody), 0));
        let (expected, token) = (Expected::Facts, Token::new(token));
        let mark = Mark::of_no_item(Party::of(&Rc::new(0)));
        Slot { ticket, asked, expected, token, len: 10, mark, is_plain_read: false, kept: None }
    }

    #[test]
    fn a_question_that_timed_out_keeps_its_place_in_the_order() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut slots = Slots::default();
        for i in 0..3 {
            slots.push(slot(start + second * i, i.into()), b"", 0);
        }
        assert_eq!(slots.expire(start + second).len(), 2);
        assert_eq!(slots.expire(start + second).len(), 0, "no caller is told twice");
        assert_eq!(slots.next_deadline(second), Some(start + second * 3));
        assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(0) && slot.ticket.is_none()));
        assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(1) && slot.ticket.is_none()));
        assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(2) && slot.ticket.is_some()));
        assert!(slots.is_empty());
    }

    #[test]
    fn questions_that_were_not_sent_leave_no_tombstones() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut slots = Slots::default();
        for i in 0..3 {
            slots.push(slot(start + second * i, i.into()), b"", 0);
        }
        assert_eq!((slots.expire(start + second).len(), slots.withdraw(30)), (2, (0, 20)));
        assert_eq!((slots.withdraw(10).1, slots.len()), (0, 1));
        assert_eq!(slots.next_deadline(second), Some(start + second * 3));
        assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(2) && slot.ticket.is_some()));
    }

    #[test]
    fn what_timed_out_counts_as_the_connections_own_until_its_reply_comes() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut slots = Slots::default();
        for i in 0..4 {
            slots.push(slot(start + second * i, i.into()), b"", 0);
        }
        assert_eq!(slots.of_nobody(), 0, "each counts where a client waits");
        slots.expire(start + second * 3);
        let all = slots.of_nobody();
        assert!(all >= 4 * size_of::<Slot>());
        (0..2).for_each(|_| drop(slots.pop()));
        slots.push(slot(start + second * 9, 9), b"", 0);
        slots.push(slot(start + second * 9, 10), b"", 0);
        assert_eq!(slots.of_nobody(), all / 2);
    }

    #[test]
    fn of_what_timed_out_only_that_is_withdrawn_of_which_nothing_was_sent() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut slots = Slots::default();
        let output: Vec<u8> = (0..60).map(|at| at / 10).collect();
        for i in 0..6 {
            let said = Slot { is_plain_read: true, ..slot(start + second * i, i.into()) };
            slots.push(said, &output, 10 * i as usize);
        }
        slots.keep_words(&output);
        assert_eq!(slots.expire(start + second * 3).len(), 4);
        // The first has left, and three bytes of the second.
        assert_eq!(slots.withdraw(47), (7, 20), "the third and the fourth");
        assert_eq!((slots.len(), slots.withdraw(27).1), (4, 0));
        assert_eq!(slots.next_deadline(second), Some(start + second * 5));
        let left: Vec<u64> = vec![0, 1, 4, 5];
        for number in left {
            assert_eq!(slots.said.words(0, 10), [number as u8; 10]);
            assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(number)));
        }
        assert!(slots.is_empty() && slots.parts.iter().all(|part| *part == 0));
    }

    #[test]
    fn what_a_crowd_made_grow_is_given_back_once_no_reply_is_owed() {
        let (now, mut slots) = (Instant::now(), Slots::default());
        for i in 0..2_000 {
            let said = Slot { is_plain_read: true, ..slot(now, i) };
            slots.push(said, b"mg key v f", 0);
            assert!(slots.owe(Mark::of_no_item(Party::of(&Rc::new(0)))), "items are listed, too");
        }
        let most = slots.queue.capacity();
        while slots.pop().is_some() {
            assert!(slots.is_empty() || slots.queue.capacity() == most, "not before");
        }
        assert!(slots.queue.capacity() <= 512 && slots.items.capacity() <= 512);
        assert!(slots.said.room() <= 32 * 1024, "{} bytes of words", slots.said.room());
    }
}
