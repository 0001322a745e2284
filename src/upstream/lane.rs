//! One pipelined connection to a server, with what one worker's clients are owed over it.
//!
//! ```text
//!   ask ──▶ slots (who waits, in order)          ┌─▶ decoder ──▶ deliveries
//!     └───▶ output ══ end of turn ══▶ memcached ═┘      slots.pop
//! ```
//! This file acts on a connection as it stands. [`super::ask`] puts questions on it, and begins the two tasks
//! that serve it: [`super::connection`] reads it, [`super::deadline`] is its timer. Which of a server's connections a
//! question takes is decided before, in [`super::server`].

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::common::Common;
use super::link::{Link, LinkPhase};
use super::mark::Party;
use super::probe;
use super::slot::Slot;
use super::ticket::Ticket;
use crate::config::CONNECTIONS_OF_A_WORKER;
use crate::metrics::UpstreamCount;
use crate::protocol::{Cause, Question};
use crate::runtime::stream::Written;
use crate::runtime::turn::Flush;

/// The lane of everything not known to be large; the only one that always exists.
pub(super) const FIRST: usize = 0;
/// The lane of clients that lately read small values, while a value on the first lane turns out to be large.
pub(super) const ASIDE: usize = 1;
/// The same for clients that leash knows nothing about.
pub(super) const STRANGERS: usize = 2;
/// The lane of large values, and of those who ask very much at once.
pub(super) const BULK: usize = 3;
/// How many there are.
pub(super) const LANES: usize = CONNECTIONS_OF_A_WORKER;

/// The most that is owed to one asker on the first lane: what others ask there waits until that is answered.
pub(super) const MOST_OF_ONE: usize = 128;

/// One connection to a server.
pub(super) struct Lane {
    pub(super) common: Rc<Common>,
    pub(super) link: RefCell<Link>,
    /// The task that reads the connection, to be woken when there is more for it to do.
    pub(super) reader: RefCell<Option<Waker>>,
    /// Whether a timer runs for the oldest question.
    pub(super) deadline_armed: Cell<bool>,
    /// How many questions were put on it that are not counted yet.
    pub(super) asked: Cell<u64>,
    /// How long it may rest before it ends; `None`: for ever.
    pub(super) longest_rest: Option<Duration>,
    /// All lanes of the server.
    pub(super) all: OnceCell<[Weak<Lane>; LANES]>,
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
    pub(super) fn new(common: &Rc<Common>, is_spare: bool) -> Rc<Lane> {
        Rc::new_cyclic(|me| Lane {
            common: common.clone(),
            link: RefCell::new(Link::new(&common.memory, common.target.options.request_timeout)),
            reader: RefCell::default(),
            deadline_armed: Cell::new(false),
            asked: Cell::new(0),
            longest_rest: common.target.options.longest_rest(is_spare),
            all: OnceCell::new(),
            me: me.clone(),
        })
    }

    /// Puts a question behind the others.
    #[inline(always)]
    pub(super) fn put(&self, link: &mut Link, question: Question<'_>, mut slot: Slot) {
        let Link { output, slots, .. } = link;
        let (before, start) = (output.len(), output.text().len());
        question.encode(slot.token, output);
        slot.len = output.len() - before;
        slots.push(slot, output.text(), start);
    }

    /// Marks the connection as unusable; its task ends it.
    pub(super) fn doom(&self, cause: Cause) {
        let mut link = self.link.borrow_mut();
        if matches!(link.phase, LinkPhase::Open(_)) {
            link.phase = LinkPhase::Doomed(cause);
        }
        drop(link);
        self.wake_reader();
    }

    pub(super) fn wake_reader(&self) {
        if let Some(waker) = &*self.reader.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Tells the callers of `slots` that there will be no reply.
    pub(super) fn fail(&self, slots: impl IntoIterator<Item = Slot>, cause: Cause) {
        for mut slot in slots {
            if let Some(key) = slot.take_forgotten() {
                self.catch_up_on(&key);
            }
            if let Some(ticket) = slot.ticket {
                self.answer_failed(ticket, cause);
            }
        }
    }

    pub(super) fn answer_failed(&self, ticket: Ticket, cause: Cause) {
        self.count_asked();
        self.count(UpstreamCount::Finished, 1);
        // What no caller waits for is closed for that very reason, which is no failure.
        let fails = cause != Cause::Unwanted || ticket.is_wanted();
        ticket.answer(if fails { self.failed(cause) } else { self.failure(cause) });
    }

    /// Notes that the server itself failed a request sent at `asked`, and starts the prober if that made the server
    /// down.
    pub(super) fn note_failure(&self, cause: Cause, asked: Instant) {
        if self.target.health.failed(cause, asked, Instant::now()) {
            tokio::task::spawn_local(probe::run(self.target.me.clone(), None));
            self.doom(Cause::Down);
        }
    }

    /// Counts what was asked since this was last done: once a turn, which saves each question 20 instructions.
    pub(super) fn count_asked(&self) {
        self.count(UpstreamCount::Requests, self.asked.take());
    }

    /// Sends the output; the reader's task sends later what the kernel does not take now.
    pub(super) fn send(&self) {
        self.count_asked();
        let mut link = self.link.borrow_mut();
        let link = &mut *link;
        link.flush_asked = false;
        let LinkPhase::Open(writer) = &link.phase else { return };
        let was_blocked = link.blocked;
        link.slots.keep_words(link.output.text());
        match writer.write_questions(&mut link.output, || link.slots.youngest_len()) {
            Ok((written, bytes)) => {
                self.count(UpstreamCount::BytesWritten, bytes as u64);
                link.blocked = written == Written::Blocked;
                link.left_last = bytes;
                if link.slots.are_large() && (was_blocked || link.blocked) {
                    let now = Instant::now();
                    let took = link.moves(now);
                    // A large value on its way to the server is as good as one from it. What leaves at once buys no time.
                    if was_blocked {
                        link.goes_on(bytes, took, now, self.target.options.request_timeout);
                    }
                }
                link.count_waiting();
                if !link.blocked {
                    return;
                }
            }
            Err(_) => link.phase = LinkPhase::Doomed(Cause::Disconnected),
        }
        self.wake_reader();
    }

    /// Whether the connection can close: no configuration names the server, no caller waits on it, and the server keeps
    /// nothing for it. A request that began before may still come, and then connects anew.
    pub(super) fn is_done(&self) -> bool {
        // A tombstone has no deadline, as no caller waits for it.
        self.retired.get() && self.link.borrow().slots.next_deadline(Duration::ZERO).is_none() && self.has_rested()
    }

    /// Whether it is connected, and owes nothing to others than `whose`.
    pub(super) fn is_open_for(&self, whose: Party) -> bool {
        let link = self.link.borrow();
        matches!(link.phase, LinkPhase::Open(_)) && link.slots.part_of(whose) == link.slots.len()
    }

    /// Whether a reply is owed on it.
    pub(super) fn owes_any(&self) -> bool {
        !self.link.borrow().slots.is_empty()
    }

    /// Whether the server does not keep up with what is asked over it.
    pub(super) fn lags(&self) -> bool {
        self.link.borrow().admission.lags()
    }

    /// Whether a large value is on its way over it, as far as is known.
    pub(super) fn is_held_up(&self) -> bool {
        self.link.borrow().slots.are_large()
    }

    /// Whether nothing on it makes others wait long: no large value, as far as is known, nor what is owed to `whose`.
    #[inline]
    pub(super) fn is_clear_for(&self, whose: Party) -> bool {
        let link = self.link.borrow();
        !link.slots.are_large() && !link.owes(whose, MOST_OF_ONE)
    }

    /// Whether so many replies are owed to `whose`.
    pub(super) fn owes(&self, whose: Party, many: usize) -> bool {
        self.link.borrow().owes(whose, many)
    }

    /// Lets the connection's task close it if it can go; what is asked before the task's turn comes is still answered.
    pub(super) fn end_if_done(&self) {
        if self.is_done() {
            self.wake_reader();
        }
    }

    /// The lane for those who are in the way of a large value by chance, if nothing large is on its way there.
    pub(super) fn aside(&self) -> Option<Rc<Lane>> {
        self.all.get()?[ASIDE].upgrade().filter(|lane| !lane.is_held_up())
    }

    pub(super) fn rc(&self) -> Rc<Lane> {
        // The caller of a lane's method holds its Rc.
        self.me.upgrade().unwrap_or_else(|| unreachable!("a lane is only used through its Rc"))
    }
}

impl Flush for Lane {
    fn flush(&self) {
        self.link.borrow_mut().slots.let_go(self.turn.now());
        self.send();
    }
}
