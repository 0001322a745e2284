//! The binary half of the downstream decoder: packets to [`Call`]s, however they were split into reads.
//!
//! ```text
//!   bytes ─▶ header ─▶ extras, key ─▶ Call
//!              ▲           │ store      ▲
//!              └───────────┴─▶ value ───┘
//! ```
//! It says the same as the text commands do, and keeps no more than its place in the buffer. What a header announces is
//! the packet, whatever memcached makes of it: so no byte of a value or a key can become a command.

use bytes::{Buf, BytesMut};

use super::header::{HEADER, NO_PACKET, RequestHeader, UNKNOWN, refusal};
use super::opcode::BinaryVerb;
use super::packet;
use super::sasl;
use super::who::Door;
use crate::protocol::call::{Call, RefusalKind};
use crate::protocol::form::Form;
use crate::protocol::line::{Line, RequestLimits};
use crate::protocol::replaced::replaced_by;
use crate::protocol::request::{Command, Request};

/// Where in a stream of packets the decoder stands.
pub(in crate::protocol) struct BinaryDecoder {
    state: State,
}

enum State {
    /// Before a header, or in a packet whose extras and key are not all there.
    Header,
    /// Before the value of a store.
    Value { request: Request, form: Form, len: usize },
    /// In what is not looked at, with this many bytes to go.
    Swallow { left: usize },
    /// Behind a packet that had more to it than it may: what follows memcached takes for one, and hangs up.
    Lost,
}

impl BinaryDecoder {
    /// A decoder at the start of a connection.
    pub(in crate::protocol) fn new() -> BinaryDecoder {
        BinaryDecoder { state: State::Header }
    }

    /// Takes the next whole packet off the front of `buffer`; `None` when more bytes are needed.
    pub(in crate::protocol) fn next(
        &mut self,
        buffer: &mut BytesMut,
        limits: &RequestLimits,
        door: Door,
    ) -> Option<Call> {
        if let State::Header = self.state
            && let Some(get) = packet::common_get(buffer, door)
        {
            return Some(get);
        }
        loop {
            match &mut self.state {
                State::Header => {
                    if let Some(call) = self.packet(buffer, limits, door)? {
                        return Some(call);
                    }
                }
                State::Swallow { left } => {
                    let n = (*left).min(buffer.len());
                    buffer.advance(n);
                    *left -= n;
                    if *left > 0 {
                        return None;
                    }
                    self.state = State::Header;
                }
                State::Value { len, .. } if buffer.len() < *len => return None,
                State::Value { .. } => {
                    let State::Value { request, form, len } = self.replace(State::Header) else { return None };
                    return Some(with_value(request, form, len, buffer));
                }
                State::Lost => return Some(Call::Refused(NO_PACKET.quiet(true))),
            }
        }
    }

    /// Gives up the value that is being received, for want of memory: all of it is swallowed. With what its store would
    /// have replaced, which must go, and how to answer.
    pub(in crate::protocol) fn give_up_value(&mut self) -> Option<(Option<Request>, Form)> {
        let State::Value { len, .. } = self.state else { return None };
        match self.replace(State::Swallow { left: len }) {
            State::Value { request, form, .. } => Some((replaced_by(request, &form), form)),
            State::Header | State::Swallow { .. } | State::Lost => None,
        }
    }

    /// How many bytes more the value that is being received needs; 0 where none is. A hint for the next read.
    pub(in crate::protocol) fn wanted(&self, buffer: &BytesMut) -> usize {
        match &self.state {
            State::Value { len, .. } => len.saturating_sub(buffer.len()),
            State::Header | State::Swallow { .. } | State::Lost => 0,
        }
    }

    /// Whether a packet has begun to arrive but is not whole.
    pub(in crate::protocol) fn is_midway(&self, buffer: &BytesMut) -> bool {
        !buffer.is_empty() || !matches!(self.state, State::Header)
    }

    fn replace(&mut self, state: State) -> State {
        std::mem::replace(&mut self.state, state)
    }

    /// Reads a header and what it is about. `None`: it is not whole yet. `Some(None)`: it was, and the state changed.
    fn packet(&mut self, buffer: &mut BytesMut, limits: &RequestLimits, door: Door) -> Option<Option<Call>> {
        let header = match RequestHeader::read(buffer.first_chunk::<HEADER>()?, door) {
            Ok(header) => header,
            Err(refusal) => return Some(Some(Call::Refused(refusal))),
        };
        match header.packet.verb {
            BinaryVerb::SaslMechanisms | BinaryVerb::SaslStart | BinaryVerb::SaslStep if door != Door::Open => {
                let (call, left) = sasl::read(&header, buffer)?;
                self.state = State::Swallow { left };
                return Some(Some(call));
            }
            BinaryVerb::Unknown | BinaryVerb::SaslMechanisms | BinaryVerb::SaslStart | BinaryVerb::SaslStep => {
                buffer.advance(HEADER);
                self.state = State::Swallow { left: header.extras + header.key + header.value };
                return Some(Some(Call::Refused(refusal(UNKNOWN, RefusalKind::Unknown, header.packet))));
            }
            _ => {}
        }
        let whole = HEADER + header.extras + header.key;
        if buffer.len() < whole {
            return None;
        }
        let bytes = buffer.split_to(whole).freeze().slice(HEADER..);
        Some(match packet::read(&header, &bytes) {
            Line::Call(call) => {
                if header.value > 0 {
                    self.state = State::Lost;
                }
                Some(call)
            }
            Line::Swallow { refusal, len } => {
                self.state = State::Swallow { left: len };
                Some(Call::Refused(refusal))
            }
            Line::Value { request, form, len } => self.value(request, form, len, buffer, limits),
        })
    }

    /// Begins the value of a store: it is whole at once, or waited for, or longer than leash takes.
    fn value(
        &mut self,
        request: Request,
        form: Form,
        len: usize,
        buffer: &mut BytesMut,
        limits: &RequestLimits,
    ) -> Option<Call> {
        if len > limits.value {
            self.state = State::Swallow { left: len };
            return Some(Call::TooLarge(replaced_by(request, &form), form));
        }
        if buffer.len() >= len {
            return Some(with_value(request, form, len, buffer));
        }
        // It may take its time.
        self.state = State::Value { request: request.detached(), form, len };
        None
    }
}

fn with_value(mut request: Request, form: Form, len: usize, buffer: &mut BytesMut) -> Call {
    if let Command::Store(store) = &mut request.command {
        store.value = buffer.split_to(len).freeze();
    }
    Call::One(request, form)
}
