//! One server as one worker sees it: a single pipelined connection that all of the worker's clients share.
//!
//! ```text
//!   ask ──▶ slots (who waits, in order)          ┌─▶ decoder ──▶ ticket.answer
//!     └───▶ output ══ end of turn ══▶ memcached ═┘      slots.pop
//! ```
//! This file is what others may do with a server; [`super::connection`] is the task that reads it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::connection;
use super::deadline;
use super::link::{Link, Phase};
use super::missed::forgotten;
use super::slots::{Slot, repeatable};
use super::target::Target;
use super::ticket::Ticket;
use crate::logging::Repeated;
use crate::memory::Memory;
use crate::metrics::{ServerId, Shard, Upstream as Count};
use crate::net::Written;
use crate::protocol::{Cause, Failure, Question, Reply};
use crate::turn::{Flush, MUCH, Turn};

/// A connection this long without a reply may have died unseen; what is asked on it next may be asked again.
const IDLE: Duration = Duration::from_secs(1);
/// The same complaint about a server is logged this often at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// One worker's view of a server.
pub struct Server {
    pub(super) target: Arc<Target>,
    pub(super) turn: Rc<Turn>,
    pub(super) link: RefCell<Link>,
    /// The task that reads the connection, to be woken when there is more for it to do.
    pub(super) reader: RefCell<Option<Waker>>,
    /// Whether a timer runs for the oldest question.
    pub(super) deadline_armed: Cell<bool>,
    pub(super) cannot_connect: Repeated,
    pub(super) out_of_step: Repeated,
    /// Its counters, and what they know it as.
    pub(super) counters: RefCell<(Arc<Shard>, ServerId)>,
    /// Whether no configuration names it any more.
    pub(super) retired: Cell<bool>,
    memory: Rc<Memory>,
    me: std::rc::Weak<Server>,
}

impl Server {
    /// A server that nothing was asked yet; it is connected to when something is.
    pub fn new(
        target: Arc<Target>,
        turn: Rc<Turn>,
        memory: &Rc<Memory>,
        shard: Arc<Shard>,
        id: ServerId,
    ) -> Rc<Server> {
        Rc::new_cyclic(|me| Server {
            target,
            turn,
            link: RefCell::new(Link::new(memory)),
            reader: RefCell::default(),
            deadline_armed: Cell::new(false),
            cannot_connect: Repeated::new(COMPLAINT),
            out_of_step: Repeated::new(COMPLAINT),
            counters: RefCell::new((shard, id)),
            retired: Cell::new(false),
            memory: memory.clone(),
            me: me.clone(),
        })
    }

    /// Asks. The reply goes to `ticket` later, unless it is returned now because the server is not asked at all.
    pub fn ask(&self, question: Question<'_>, ticket: Ticket) -> Option<Reply> {
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
        if no_memory || link.slots.len() >= self.target.options.queue {
            return Some(self.failed(Cause::Overloaded));
        }
        self.count(Count::Requests, 1);
        let asked = self.turn.now();
        if link.slots.is_empty() {
            link.unproven = link.heard.is_some_and(|heard| asked.saturating_duration_since(heard) >= IDLE);
        }
        let again = if link.unproven { repeatable(question) } else { None };
        let forgotten = forgotten(question).cloned().map(Box::new);
        let (ticket, expected, token) = (Some(ticket), question.expected(), link.tokens.draw());
        self.put(&mut link, question, Slot { ticket, asked, expected, token, len: 0, again, forgotten });
        if stalled {
            link.count_waiting();
        }
        self.arrange_to_send(&mut link);
        let is_much = !stalled && link.output.len() >= MUCH;
        drop(link);
        if is_much {
            self.send();
        }
        if !self.deadline_armed.replace(true) {
            tokio::task::spawn_local(deadline::watch(self.rc()));
        }
        None
    }

    /// Its name and address for people.
    pub fn label(&self) -> &Arc<str> {
        &self.target.label
    }

    /// Puts a question behind the others.
    pub(super) fn put(&self, link: &mut Link, question: Question<'_>, slot: Slot) {
        let before = link.output.len();
        question.encode(slot.token, &mut link.output);
        link.slots.push(Slot { len: link.output.len() - before, ..slot });
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

    pub(super) fn count(&self, what: Count, n: u64) {
        let (shard, id) = &*self.counters.borrow();
        shard.upstream(*id, what, n);
    }

    /// Counts replies that together came `waited` after they were asked for.
    pub(super) fn count_replies(&self, replies: u64, waited: Duration) {
        self.count(Count::Finished, replies);
        let (shard, id) = &*self.counters.borrow();
        shard.observe_upstream(*id, replies, waited);
    }

    pub(super) fn failed(&self, cause: Cause) -> Reply {
        let (shard, id) = &*self.counters.borrow();
        shard.failure(*id, cause);
        Reply::Failed(Failure { cause, server: self.target.label.clone() })
    }

    fn rc(&self) -> Rc<Server> {
        // Whoever calls a method of a server holds it.
        self.me.upgrade().unwrap_or_else(|| unreachable!("a server is only used through its Rc"))
    }

    /// What is owed is sent; what the kernel does not take waits for the reader's task.
    pub(super) fn send(&self) {
        let mut link = self.link.borrow_mut();
        let link = &mut *link;
        link.flush_asked = false;
        let Phase::Open(writer) = &link.phase else { return };
        match writer.write(&mut link.output) {
            Ok((written, bytes)) => {
                self.count(Count::BytesWritten, bytes as u64);
                link.blocked = written == Written::Blocked;
                link.count_waiting();
                if !link.blocked {
                    return;
                }
            }
            Err(_) => link.phase = Phase::Doomed(Cause::Disconnected),
        }
        self.wake_reader();
    }
}

impl Flush for Server {
    fn flush(&self) {
        self.send();
    }
}
