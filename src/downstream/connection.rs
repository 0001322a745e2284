//! One client's connection: what it says is decoded and sent on its way, what comes back leaves in the order it was
//! asked for.
//!
//! ```text
//!   socket ─▶ buffer ─▶ decoder ─▶ dispatch ─▶ route tree
//!   socket ◀══ end of turn ══ output ◀─ replies ◀─ deliver
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use super::login::Login;
use super::outbox::Outbox;
use super::service::Service;
use crate::config::{Allow, Entrance};
use crate::metrics::{DownstreamCount, ProtocolError, RouteMoves};
use crate::protocol::Dialect;
use crate::route::Client;
use crate::runtime::memory::Holder;
use crate::runtime::stream::{Writer, Written};
use crate::runtime::turn::{Flush, give_way, remember};

/// So many requests of a client may be in flight however short memory is.
const FEW: usize = 16;
/// No more bytes than these are kept of a small request until it is answered, its longest key included.
const MOST_OF_REQUEST: usize = 1024;

/// memcached's words for a value it cannot keep until it is read; a get of several keys misses it.
pub(super) const NO_ROOM: &str = "SERVER_ERROR out of memory writing get response";

/// One client.
pub(super) struct Connection {
    pub(super) service: Rc<Service>,
    pub(super) state: RefCell<Outbox>,
    /// The client as routes know it.
    pub(super) client: Rc<Client>,
    /// The client by what is held for it.
    pub(super) holder: Holder,
    pub(super) writer: Writer,
    /// What the client speaks.
    pub(super) dialect: Cell<Dialect>,
    /// What stands at the listener where it came in, and which that is.
    pub(super) entrance: RefCell<Rc<Entrance>>,
    listener: usize,
    /// Whether that keeps it from anything.
    pub(super) is_confined: Cell<bool>,
    /// Whether it asks who a client is.
    pub(super) has_users: Cell<bool>,
    /// Whether the client may say anything but its name and password.
    pub(super) is_let_in: Cell<bool>,
    /// How far the client has come in saying them in packets.
    pub(super) login: RefCell<Login>,
    /// When the client last said something.
    pub(super) heard: Cell<Instant>,
    /// Whether it is closed if it says nothing just now.
    pub(super) is_parting: Cell<bool>,
    /// When the client was last answered that nobody was asked, until it stands by for that.
    pub(super) refused: Cell<Option<Instant>>,
    task: RefCell<Option<Waker>>,
}

/// How a connection's reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client is done, or leash is: requests that were read are still answered.
    Orderly,
    /// The client says that it is done: it takes the replies to what it asked, and then its connection ends.
    Quit,
    /// The client cannot go on: it is told why and may not have read that yet.
    Fatal,
    /// The client is gone.
    Broken,
}

impl Connection {
    /// One that was just accepted, and asked nothing yet.
    pub(super) fn new(writer: Writer, service: Rc<Service>, listener: usize) -> Rc<Connection> {
        let (holder, now) = (Holder::new(&service.memory), service.turn.now());
        let entrance = service.entrance(listener);
        let client = Client::of(holder.clone());
        client.set_may_store(entrance.allow.lacks(Allow::WRITE).is_none());
        Rc::new(Connection {
            is_confined: Cell::new(entrance.confines()),
            has_users: Cell::new(entrance.users.is_some()),
            is_let_in: Cell::new(entrance.users.is_none()),
            login: RefCell::default(),
            entrance: RefCell::new(entrance),
            listener,
            service,
            state: RefCell::new(Outbox::new(&holder, now)),
            client,
            holder,
            writer,
            dialect: Cell::default(),
            heard: Cell::new(now),
            is_parting: Cell::new(false),
            refused: Cell::default(),
            task: RefCell::default(),
        })
    }

    /// Lets the task look again at what there is to do.
    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.task.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Whether the client must take replies before it may ask for more.
    pub(super) fn is_full(&self) -> bool {
        let (state, limits) = (self.state.borrow(), self.service.limits());
        if state.asking.is_some() {
            // What came of it cannot leave before all of it is asked for.
            return self.has_most(state.replies.awaited()) || state.waits_for_keys();
        }
        state.alone.is_some()
            || state.settling
            || self.has_most(state.replies.in_flight())
            || state.likely_unsent() >= limits.unsent
            || (self.service.memory.is_tight() && self.is_pressed(&state))
    }

    /// Whether no more requests of the client may be in flight than these.
    #[inline]
    fn has_most(&self, in_flight: usize) -> bool {
        in_flight >= self.service.limits().in_flight || (in_flight >= FEW && self.may_be_added(in_flight) == 0)
    }

    /// How many more may be than these. What all clients wait for takes half of the memory at most, as the rest is for what
    /// arrives and for what leaves; but a few may be in flight for each.
    pub(super) fn may_be_added(&self, in_flight: usize) -> usize {
        let room = self.service.memory.left_of_half() / MOST_OF_REQUEST;
        let left = self.service.limits().in_flight.saturating_sub(in_flight);
        left.min(room.max(FEW.saturating_sub(in_flight)))
    }

    /// Whether the client holds what others need, now that memory is short.
    #[cold]
    fn is_pressed(&self, state: &Outbox) -> bool {
        (state.unsent() > 0 && self.service.memory.is_full()) || (!state.is_at_rest() && !self.holder.has_little())
    }

    /// Goes on under another configuration.
    pub(super) fn change(&self, moves: &RouteMoves) {
        let mut state = self.state.borrow_mut();
        state.replies.move_routes(moves);
        state.settling = !state.replies.is_empty();
        // A client that was let in stays; what it may do is what is allowed now.
        let entrance = self.service.entrance(self.listener);
        self.is_confined.set(entrance.confines());
        self.has_users.set(entrance.users.is_some());
        self.client.set_may_store(entrance.allow.lacks(Allow::WRITE).is_none());
        *self.entrance.borrow_mut() = entrance;
    }

    /// Ends a pause, if there was one and the client has taken enough.
    #[inline]
    pub(super) fn resume(self: &Rc<Self>) {
        if self.state.borrow().is_waiting() {
            self.end_wait();
        }
    }

    fn end_wait(self: &Rc<Self>) {
        self.do_alone();
        let is_settled = self.state.borrow().replies.is_empty();
        if is_settled {
            self.state.borrow_mut().settling = false;
        }
        if self.state.borrow().paused && !self.is_full() {
            self.state.borrow_mut().paused = false;
            // The requests that go on now were read long ago, and the event that ended the pause did not set the clock.
            self.service.turn.tick();
        }
    }

    /// Makes the task wait until the client has taken replies; the code that takes note of that wakes it.
    pub(super) fn pause(&self) {
        let mut state = self.state.borrow_mut();
        let unread = state.output.len() >= self.service.limits().unsent;
        if unread && !state.unread {
            self.service.shard().protocol_error(ProtocolError::Unread);
        }
        (state.paused, state.unread) = (true, unread);
    }

    /// Notes who is to be woken, and goes on writing where the kernel could take no more, or with the next piece of a long
    /// reply.
    pub(super) fn poll_output(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        remember(&self.task, cx);
        loop {
            let state = self.state.borrow();
            if state.broken {
                return Poll::Ready(Err(if state.dismissed { End::Fatal } else { End::Broken }));
            }
            if !state.blocked || self.writer.poll_writable(cx).is_pending() {
                break;
            }
            drop(state);
            self.flush();
        }
        self.poll_piece(cx).map(Ok)
    }

    /// Writes the next piece of a long reply, one in each turn: the others would not be heard until all were written.
    fn poll_piece(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let state = &mut *self.state.borrow_mut();
        if !state.replies.is_under_way() {
            return Poll::Ready(());
        }
        state.replies.write(&mut state.output, &**self);
        self.send_later(state);
        if state.replies.is_under_way() && !state.blocked { give_way(cx) } else { Poll::Ready(()) }
    }

    /// Ready once nothing is owed any more.
    pub(super) fn poll_drained(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        if ready!(self.poll_output(cx)).is_err() {
            return Poll::Ready(());
        }
        let mut state = self.state.borrow_mut();
        state.paused = true;
        if state.replies.is_empty() && state.output.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Writes the replies whose turn has come, and asks for them to be sent.
    pub(super) fn write_replies(self: &Rc<Self>, state: &mut Outbox) {
        state.replies.write(&mut state.output, &**self);
        self.arrange_to_send(state);
    }

    /// Sends what was answered on the spot, refusals above all, if no reply is to come that could travel with it: at
    /// the end of the turn all other clients would have been heard first.
    pub(super) fn send_if_whole(&self) {
        let state = self.state.borrow();
        let is_whole = state.flush_asked && !state.blocked && state.replies.is_empty();
        drop(state);
        if is_whole {
            self.flush();
        }
    }

    /// Asks for what was added to the output to be sent, and goes on where the client waited for that.
    pub(super) fn arrange_to_send(self: &Rc<Self>, state: &mut Outbox) {
        self.send_later(state);
        if state.paused || state.replies.is_under_way() {
            self.wake();
        }
    }

    /// Asks for what was added to the output to be sent.
    fn send_later(self: &Rc<Self>, state: &mut Outbox) {
        state.count();
        if !state.output.is_empty() && !state.flush_asked && !state.blocked {
            state.flush_asked = true;
            self.service.turn.flush_later(self.clone());
        }
    }
}

impl Flush for Connection {
    fn flush(&self) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        state.flush_asked = false;
        match self.writer.write(&mut state.output) {
            Ok((written, bytes)) => {
                self.service.shard().downstream(DownstreamCount::BytesWritten, bytes as u64);
                let was_blocked = std::mem::replace(&mut state.blocked, written == Written::Blocked);
                if state.blocked && (bytes > 0 || !was_blocked) {
                    // Nothing may have been read since the clock of the turn was set.
                    state.taken_at = Instant::now();
                }
                if state.blocked && !was_blocked {
                    state.output.detach();
                }
                state.count();
            }
            Err(_) => state.close(),
        }
        // The task of a long reply has asked for its next turn.
        if state.blocked || state.broken || (state.paused && !state.replies.is_under_way()) {
            self.wake();
        }
    }
}
