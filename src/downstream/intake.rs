//! The reading side of a client's connection: bytes to calls, and when to read more.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::{Connection, End};
use super::gate::{Gate, Knock};
use super::service::Service;
use super::stint::Stint;
use crate::metrics::{DownstreamCount, ProtocolError};
use crate::protocol::{Decoded, Decoder, Dialect, Form, Request};
use crate::runtime::memory::{Share, Shed};
use crate::runtime::net::{LEAST_ROOM, MOST_ROOM};
use crate::runtime::stream::Reader;
use crate::runtime::turn::give_way;

/// A partial request of at most this length is completed in the buffer that all connections share.
const SHORT: usize = 4 * 1024;
/// What is held of a request whose end has come counts no longer from so much on.
const LONG_LINE: usize = 64 * 1024;
/// memcached's words for a line it has no memory for.
const NO_ROOM: &str = "SERVER_ERROR out of memory reading request";

/// What a client said that is not yet a whole request.
pub(super) struct Intake {
    gate: Gate,
    decoder: Decoder,
    buffer: BytesMut,
    /// Whether the buffer is a part of the one that all connections share.
    is_shared: bool,
    /// When more of the request that has begun to arrive must have come.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    /// Whether the client may not make its next request yet.
    is_full: bool,
    /// The part of the buffer that counts in `limits.memory`.
    held: Share,
}

impl Intake {
    pub(super) fn new(connection: &Connection) -> Intake {
        let decoder = Decoder::new(connection.service.limits().request);
        let held = connection.holder.share();
        Intake {
            gate: Gate::default(),
            decoder,
            buffer: BytesMut::new(),
            is_shared: false,
            timer: None,
            ended: false,
            is_full: false,
            held,
        }
    }

    /// Reads and dispatches until the client must wait or is done.
    pub(super) fn poll(&mut self, connection: &Rc<Connection>, reader: &mut Reader, cx: &mut Context<'_>) -> Poll<End> {
        let mut stint = Stint::default();
        loop {
            if let Err(end) = ready!(connection.poll_output(cx)) {
                return Poll::Ready(end);
            }
            connection.resume();
            if let Some(end) = self.dispatch(connection, &mut stint) {
                return Poll::Ready(end);
            }
            if self.is_full {
                if !connection.is_full() {
                    // It ceased to be full as its buffer gave room back: no event will say so.
                    continue;
                }
                connection.pause();
                // The client waits for itself; what it has begun to say has all the time again once it is heard.
                self.timer = None;
                return Poll::Pending;
            }
            if stint.is_over() {
                return give_way(cx);
            }
            if self.ended {
                return Poll::Ready(End::Orderly);
            }
            if !self.make_room(connection) {
                connection.service.memory.shed(Shed::Request);
                let Some((replaced, form)) = self.decoder.give_up_value() else {
                    connection.say(NO_ROOM);
                    return Poll::Ready(End::Fatal);
                };
                connection.no_memory(replaced, form);
                continue;
            }
            match self.poll_read(&connection.service, reader, cx) {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Err(_)) => return Poll::Ready(End::Broken),
                Poll::Ready(Ok(n)) => {
                    let now = connection.service.turn.tick();
                    connection.hear(now);
                    stint.read(n, now);
                    connection.service.shard().downstream(DownstreamCount::BytesRead, n as u64);
                }
                // Pending may also mean that this task has used up its turn while there is more to read.
                Poll::Pending if connection.should_end() && has_budget_remaining() => {
                    return Poll::Ready(End::Orderly);
                }
                Poll::Pending => {
                    ready!(self.poll_timer(connection, cx));
                    return Poll::Ready(End::Fatal);
                }
            }
        }
    }

    /// Sends whole requests on their way, as far as the client may have more in flight and its stint goes.
    fn dispatch(&mut self, connection: &Rc<Connection>, stint: &mut Stint) -> Option<End> {
        self.is_full = connection.ask_on(stint);
        if self.buffer.is_empty() {
            return None;
        }
        let is_in_packets = self.is_in_packets();
        if !connection.is_let_in.get() && !is_in_packets && !self.knock(connection, stint) {
            return Some(End::Fatal);
        }
        self.decoder.set_limits(connection.service.limits().request);
        self.decoder.set_door(connection.door());
        let is_heard = connection.is_let_in.get() || is_in_packets;
        while is_heard && !self.is_full && !stint.is_over() {
            match self.decoder.step(&mut self.buffer) {
                Decoded::Call(call) => {
                    self.timer = None;
                    if self.held.bytes() > LONG_LINE {
                        // What was kept of it is a part of the call now, which counts it.
                        self.held.set(self.buffer.len());
                    }
                    stint.request();
                    if let Some(end) = connection.dispatch(call) {
                        return Some(end);
                    }
                    if connection.has_users.get() {
                        self.decoder.set_door(connection.door());
                    }
                }
                Decoded::Piece => {
                    stint.request();
                    self.keep_piece(connection);
                }
                Decoded::Nothing => match self.refuse_value(connection) {
                    Some((replaced, form)) => {
                        connection.service.memory.shed(Shed::Request);
                        connection.no_memory(replaced, form);
                    }
                    None => break,
                },
            }
            self.is_full = connection.ask_on(stint);
        }
        connection.end_dispatch(self.decoder.dialect());
        // Requests that are left for the next turn need no room of their own.
        if stint.is_over() {
            self.held.set(self.buffer.len() + self.decoder.held())
        } else {
            self.keep_rest()
        }
        None
    }

    /// Whether the client speaks in packets, in which it also says who it is.
    fn is_in_packets(&self) -> bool {
        self.decoder.dialect() == Dialect::Binary || self.gate.is_passed_by(&self.buffer)
    }

    /// Hears in lines who a client is that is not let in yet. False if it is turned away.
    fn knock(&mut self, connection: &Rc<Connection>, stint: &mut Stint) -> bool {
        let Some(users) = connection.entrance.borrow().users.clone() else {
            // It was let in by a configuration that asks nobody any more.
            connection.is_let_in.set(true);
            return true;
        };
        while !stint.is_over() && !connection.is_full() {
            let Some(knock) = self.gate.next(&mut self.buffer, &users) else { break };
            self.timer = None;
            stint.request();
            match knock {
                Knock::LetIn => {
                    connection.tell_written(b"STORED\r\n".to_vec());
                    connection.is_let_in.set(true);
                    break;
                }
                Knock::Refused(line) => connection.tell_written(format!("{line}\r\n").into_bytes()),
                Knock::TurnedAway => return false,
            }
        }
        true
    }

    /// Gives up the value that is being received if there is no memory for the rest of it.
    fn refuse_value(&mut self, connection: &Connection) -> Option<(Option<Request>, Form)> {
        let spare = self.buffer.capacity() - self.buffer.len();
        let wanted = self.decoder.wanted(&self.buffer).saturating_sub(spare);
        if wanted == 0 || connection.holder.may_take(wanted) { None } else { self.decoder.give_up_value() }
    }

    /// Counts what is kept of a long line, and gives the line up if there is no memory for more of it.
    fn keep_piece(&mut self, connection: &Connection) {
        self.held.set(self.buffer.len() + self.decoder.held());
        if !connection.holder.takes_of_spare(self.decoder.growth()) && self.decoder.give_up_line() {
            connection.service.memory.shed(Shed::Request);
        }
    }

    /// Takes what is left out of the buffer that all connections share, which it would keep.
    fn keep_rest(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        } else if self.is_shared {
            self.buffer = BytesMut::from(&self.buffer[..]);
        }
        self.is_shared = false;
        self.held.set(self.buffer.capacity() + self.decoder.held());
    }

    /// Makes room for more of a request that is too long for the buffer that all connections share: at once for as much
    /// as will come while there is plenty, else for as much as has come. False if there is no memory for it.
    fn make_room(&mut self, connection: &Connection) -> bool {
        let len = self.buffer.len();
        if len <= SHORT {
            return true;
        }
        let of_value = self.decoder.wanted(&self.buffer);
        let wanted = if of_value == 0 { LEAST_ROOM } else { of_value };
        if self.buffer.capacity() - len >= wanted.min(LEAST_ROOM) {
            return true;
        }
        let is_calm = wanted <= connection.service.memory.left_of_half();
        let room = wanted.min(if is_calm { MOST_ROOM } else { len }).max(LEAST_ROOM.min(wanted));
        // Another worker may take what was there a moment ago.
        if !connection.holder.takes((len + room).saturating_sub(self.held.bytes())) {
            return false;
        }
        if of_value == 0 {
            self.buffer.reserve(room);
        } else {
            // Not a byte more, as `reserve` would take: the value keeps what was taken until the server has it.
            let mut larger = BytesMut::with_capacity(len + room);
            larger.extend_from_slice(&self.buffer);
            self.buffer = larger;
        }
        self.held.set(self.buffer.capacity());
        true
    }

    fn poll_read(
        &mut self,
        service: &Service,
        reader: &mut Reader,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        if self.buffer.len() > SHORT {
            return reader.poll_read(cx, &mut self.buffer);
        }
        let mut scratch = service.scratch.borrow_mut();
        service.memory.buffers.make_room(&mut scratch, self.buffer.len() + LEAST_ROOM);
        scratch.extend_from_slice(&self.buffer);
        let read = reader.poll_read_some(cx, &mut scratch, service.memory.most_read());
        if let Poll::Ready(Ok(1..)) = read {
            self.buffer = scratch.split();
            self.is_shared = true;
        } else {
            scratch.clear();
        }
        read
    }

    /// Ready when nothing came for too long of a request that has begun to arrive; never while none has.
    fn poll_timer(&mut self, connection: &Rc<Connection>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.decoder.is_midway(&self.buffer) && !self.gate.is_midway() {
            self.timer = None;
            return Poll::Pending;
        }
        let patience = connection.service.limits().request_time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        loop {
            ready!(timer.as_mut().poll(cx));
            let heard = Instant::from_std(connection.heard.get());
            if heard + patience <= Instant::now() {
                break;
            }
            timer.as_mut().reset(heard + patience);
        }
        connection.service.shard().protocol_error(ProtocolError::Timeout);
        connection.say(&format!("CLIENT_ERROR the request was not complete within {patience:?}"));
        Poll::Ready(())
    }
}
