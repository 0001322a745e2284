//! One pipelined connection to a server, and what one worker's clients ask over it.
//!
//! ```text
//!   ask ──▶ slots (who waits, in order)          ┌─▶ decoder ──▶ ticket.answer
//!     └───▶ output ══ end of turn ══▶ memcached ═┘      slots.pop
//! ```
//! This file is what others may do with a connection; [`super::connection`] is the task that reads it. Which of a
//! server's connections a question takes is decided before, in [`super::server`].

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::common::Common;
use super::connection;
use super::deadline;
use super::link::{Link, Phase};
use super::mark::Mark;
use super::missed::forgotten;
use super::slot::{Slot, held, is_plain_read, repeatable};
use super::ticket::Ticket;
use crate::metrics::Upstream as Count;
use crate::protocol::{Cause, Question, Reply};
use crate::runtime::net::Written;
use crate::runtime::turn::{Flush, MUCH};

/// A connection this long without a reply may have died unseen; what is asked on it next may be asked again.
const IDLE: Duration = Duration::from_secs(1);
/// A spare connection this long without a reply ends.
const REST: Duration = Duration::from_secs(60);

/// One connection to a server.
pub struct Lane {
    pub(super) common: Rc<Common>,
    pub(super) link: RefCell<Link>,
    /// The task that reads the connection, to be woken when there is more for it to do.
    pub(super) reader: RefCell<Option<Waker>>,
    /// Whether a timer runs for the oldest question.
    pub(super) deadline_armed: Cell<bool>,
    /// Whether it ends once it rests, as the server has another one.
    is_spare: bool,
    me: Weak<Lane>,
}

impl Deref for Lane {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

impl Lane {
    /// A lane over which nothing was asked yet; it is connected when something is.
    pub fn new(common: &Rc<Common>, is_spare: bool) -> Rc<Lane> {
        Rc::new_cyclic(|me| Lane {
            common: common.clone(),
            link: RefCell::new(Link::new(&common.memory, common.target.options.request_timeout)),
            reader: RefCell::default(),
            deadline_armed: Cell::new(false),
            is_spare,
            me: me.clone(),
        })
    }

    /// Asks. The reply goes to `ticket` later, unless it is returned now because the server is not asked at all.
    pub fn ask(&self, question: Question<'_>, mark: Mark, ticket: Ticket) -> Option<Reply> {
        if !self.target.health.is_calm()
            && let Some(reply) = self.unasked(question)
        {
            return Some(reply);
        }
        let mut link = self.link.borrow_mut();
        if link.leave_old_address(&self.target.names).is_some() {
            self.wake_reader();
        }
        let stalled = link.is_stalled();
        let no_memory = stalled && !link.output.is_empty() && self.memory.is_full();
        if no_memory || !link.admits(mark.whose, self.target.options.queue) {
            return Some(self.failed(Cause::Overloaded));
        }
        self.count(Count::Requests, 1);
        let asked = self.turn.now();
        if link.slots.is_empty() {
            link.unproven = link.heard.is_some_and(|heard| asked.saturating_duration_since(heard) >= IDLE);
        }
        let again = if link.unproven && !self.memory.is_tight() { repeatable(question) } else { None };
        let forgotten = forgotten(question).cloned().map(Box::new);
        let (ticket, expected, token) = (Some(ticket), question.expected(), link.tokens.draw());
        let held = again.as_ref().map_or(0, |_| held(question));
        let slot = Slot { ticket, asked, expected, token, len: 0, held, said: 0, again, forgotten, mark };
        self.put(&mut link, question, slot);
        if stalled || held > 0 {
            link.count_waiting();
        }
        self.arrange_to_send(&mut link);
        let is_much = !stalled && link.output.len() >= MUCH;
        drop(link);
        if is_much {
            self.send();
        }
        self.watch();
        None
    }

    /// Puts a question behind the others.
    #[inline]
    pub(super) fn put(&self, link: &mut Link, question: Question<'_>, mut slot: Slot) {
        let Link { output, slots, .. } = link;
        let (before, start) = (output.len(), output.text().len());
        question.encode(slot.token, output);
        slot.len = output.len() - before;
        slot.said = if is_plain_read(question) { slot.len } else { 0 };
        slots.push(slot, &output.text()[start..]);
    }

    /// Asks for somebody who was behind something large elsewhere, in the words that were sent there.
    pub(super) fn take_over(&self, slot: Slot, words: &[u8]) {
        let mut link = self.link.borrow_mut();
        link.output.text().extend_from_slice(words);
        link.slots.push(slot, words);
        self.common.is_spread.set(true);
        self.arrange_to_send(&mut link);
        drop(link);
        self.watch();
    }

    /// Has a timer run for the oldest question.
    fn watch(&self) {
        if !self.deadline_armed.replace(true) {
            tokio::task::spawn_local(deadline::watch(self.rc()));
        }
    }

    fn arrange_to_send(&self, link: &mut Link) {
        match link.phase {
            Phase::Open(_) if !link.flush_asked && !link.blocked => {
                link.flush_asked = true;
                self.turn.flush_later(self.rc());
            }
            Phase::Closed => {
                link.phase = Phase::Opening;
                tokio::task::spawn_local(connection::run(self.rc()));
            }
            Phase::Open(_) | Phase::Opening | Phase::Doomed(_) => {}
        }
    }

    /// Marks the connection as unusable; its task ends it.
    pub(super) fn doom(&self, cause: Cause) {
        let mut link = self.link.borrow_mut();
        if matches!(link.phase, Phase::Open(_)) {
            link.phase = Phase::Doomed(cause);
        }
        drop(link);
        self.wake_reader();
    }

    pub(super) fn wake_reader(&self) {
        if let Some(waker) = &*self.reader.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Answers everybody in `slots` that there will be no reply.
    pub(super) fn fail(&self, slots: impl IntoIterator<Item = Slot>, cause: Cause) {
        for mut slot in slots {
            if let Some(key) = slot.forgotten.take() {
                self.catch_up_on(&key);
            }
            if let Some(ticket) = slot.ticket {
                self.answer_failed(ticket, cause);
            }
        }
    }

    pub(super) fn answer_failed(&self, ticket: Ticket, cause: Cause) {
        self.count(Count::Finished, 1);
        ticket.answer(self.failed(cause));
    }

    /// Notes a failure of the server itself in what was asked at `asked`, and probes it should that have made it down.
    pub(super) fn note_failure(&self, cause: Cause, asked: Instant) {
        if self.target.health.failed(cause, asked, Instant::now()) {
            tokio::task::spawn_local(super::probe::run(self.target.me.clone(), None));
            self.doom(Cause::Down);
        }
    }

    /// What is owed is sent; what the kernel does not take waits for the reader's task.
    pub(super) fn send(&self) {
        let mut link = self.link.borrow_mut();
        let link = &mut *link;
        link.flush_asked = false;
        let Phase::Open(writer) = &link.phase else { return };
        let was_blocked = link.blocked;
        match writer.write(&mut link.output) {
            Ok((written, bytes)) => {
                self.count(Count::BytesWritten, bytes as u64);
                link.blocked = written == Written::Blocked;
                if was_blocked && link.slots.are_large() {
                    // A large value on its way to the server is as good as one from it.
                    link.goes_on(bytes, Instant::now(), self.target.options.request_timeout);
                }
                link.count_waiting();
                if !link.blocked {
                    return;
                }
            }
            Err(_) => link.phase = Phase::Doomed(Cause::Disconnected),
        }
        self.wake_reader();
    }

    /// Whether the connection can go: no configuration names the server, and nobody waits for it. A request that began
    /// before may still come, and then connects anew.
    pub(super) fn is_done(&self) -> bool {
        // A tombstone has no deadline, and nobody waits for it.
        self.retired.get() && self.link.borrow().slots.next_deadline(Duration::ZERO).is_none()
    }

    /// Whether a reply is owed on it.
    pub(super) fn owes_any(&self) -> bool {
        !self.link.borrow().slots.is_empty()
    }

    /// Whether a large value is on its way over it, as far as is known.
    pub(super) fn is_held_up(&self) -> bool {
        self.link.borrow().slots.are_large()
    }

    /// Whether it is to be looked at again though nothing is owed: a spare connection ends once it has rested.
    pub(super) fn is_to_end(&self) -> bool {
        let mut link = self.link.borrow_mut();
        if !self.is_spare || !matches!(link.phase, Phase::Open(_)) {
            return false;
        }
        let rested = link.heard.map_or(Duration::ZERO, |heard| heard.elapsed());
        if rested < REST {
            return true;
        }
        link.give_up();
        drop(link);
        self.wake_reader();
        false
    }

    /// Lets the connection's task close it if it can go; what is asked before the task's turn comes is still answered.
    pub(super) fn end_if_done(&self) {
        if self.is_done() {
            self.wake_reader();
        }
    }

    fn rc(&self) -> Rc<Lane> {
        // Whoever calls a method of a lane holds it.
        self.me.upgrade().unwrap_or_else(|| unreachable!("a lane is only used through its Rc"))
    }
}

impl Flush for Lane {
    fn flush(&self) {
        self.send();
    }
}
