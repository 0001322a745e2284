//! The replies a connection owes, in the order of the questions.
//!
//! A question that timed out leaves its slot as a tombstone: nobody waits for it any more, but its reply may still come
//! and must be told from the next one's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ticket::Ticket;
use crate::protocol::{Command, Expected, Key, Question, Request, Token};

/// One question that was or will be sent.
pub struct Slot {
    /// Who waits; `None` for a tombstone.
    pub ticket: Option<Ticket>,
    /// When it was asked.
    pub asked: Instant,
    /// What may be answered.
    pub expected: Expected,
    /// The token its answer must repeat.
    pub token: Token,
    /// How many bytes it took to ask.
    pub len: usize,
    /// The request, where it may be sent again should the connection prove to have died while idle.
    pub again: Option<Box<Request>>,
    /// The key of which no older value may be read any more, should the question fail.
    pub forgotten: Option<Box<Key>>,
}

/// A question that timed out.
pub struct Expired {
    /// Who waited.
    pub ticket: Ticket,
    /// Since when.
    pub asked: Instant,
    /// As in its slot.
    pub forgotten: Option<Box<Key>>,
}

/// The questions of one connection.
#[derive(Default)]
pub struct Slots {
    queue: VecDeque<Slot>,
    /// How many slots at the front are known to be tombstones.
    dead: usize,
}

impl Slots {
    /// How many replies are owed, tombstones included.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no reply is owed.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds the youngest question.
    pub fn push(&mut self, slot: Slot) {
        self.queue.push_back(slot);
    }

    /// What the next reply must look like.
    pub fn next_expected(&self) -> Option<(&Expected, Token)> {
        self.queue.front().map(|slot| (&slot.expected, slot.token))
    }

    /// Takes the oldest question off: its reply has come.
    pub fn pop(&mut self) -> Option<Slot> {
        self.dead = self.dead.saturating_sub(1);
        self.queue.pop_front()
    }

    /// Takes all questions off: the connection is lost.
    pub fn take_all(&mut self) -> VecDeque<Slot> {
        self.dead = 0;
        std::mem::take(&mut self.queue)
    }

    /// When the youngest question was asked.
    pub fn youngest(&self) -> Option<Instant> {
        self.queue.back().map(|slot| slot.asked)
    }

    /// Makes tombstones of the questions asked at or before `before` and returns who waited for them.
    pub fn expire(&mut self, before: Instant) -> Vec<Expired> {
        let mut expired = Vec::new();
        while let Some(slot) = self.queue.get_mut(self.dead) {
            if slot.asked > before {
                break;
            }
            let (asked, forgotten) = (slot.asked, slot.forgotten.take());
            expired.extend(slot.ticket.take().map(|ticket| Expired { ticket, asked, forgotten }));
            slot.again = None;
            self.dead += 1;
        }
        expired
    }

    /// Takes the tombstones at the front off, which were never sent, and returns how many bytes they would have been.
    pub fn withdraw(&mut self) -> usize {
        let unsent = self.queue.drain(..self.dead).map(|slot| slot.len).sum();
        self.dead = 0;
        unsent
    }

    /// When the oldest question that somebody waits for is due, if every one is given `patience`.
    pub fn next_deadline(&self, patience: Duration) -> Option<Instant> {
        self.queue.get(self.dead).map(|slot| slot.asked + patience)
    }
}

/// The request, if sending it twice does what sending it once does.
pub fn repeatable(question: Question<'_>) -> Option<Box<Request>> {
    match question {
        Question::Ask(request) if Command::is_idempotent(&request.command) => Some(Box::new(request.clone())),
        _ => None,
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
        Slot {
            ticket,
            asked,
            expected: Expected::Facts,
            token: Token::new(token),
            len: 10,
            again: None,
            forgotten: None,
        }
    }

    #[test]
    fn a_question_that_timed_out_keeps_its_place_in_the_order() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut slots = Slots::default();
        for i in 0..3 {
            slots.push(slot(start + second * i, i.into()));
        }
        assert_eq!(slots.expire(start + second).len(), 2);
        assert_eq!(slots.expire(start + second).len(), 0, "nobody is told twice");
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
            slots.push(slot(start + second * i, i.into()));
        }
        assert_eq!((slots.expire(start + second).len(), slots.withdraw()), (2, 20));
        assert_eq!((slots.withdraw(), slots.len()), (0, 1));
        assert_eq!(slots.next_deadline(second), Some(start + second * 3));
        assert!(slots.pop().is_some_and(|slot| slot.token == Token::new(2) && slot.ticket.is_some()));
    }
}
