//! The downstream decoder: which protocol a client speaks, and its bytes as [`Call`]s.
//!
//! As in memcached, the first byte of a connection tells, for as long as it lasts.

use bytes::BytesMut;

use super::binary::who::Door;
use super::binary::{BinaryDecoder, MAGIC, opcode::Packet};
use super::call::Call;
use super::decoder::{Decoded, TextDecoder};
use super::encode::encode_general;
use super::form::{Form, Style};
use super::line::RequestLimits;
use super::output::Output;
use super::reply::Reply;
use super::request::Request;

/// What a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Lines: classic and meta commands.
    #[default]
    Text,
    /// Packets.
    Binary,
}

impl Dialect {
    /// That of a client whose first bytes these are.
    pub(crate) fn of(bytes: &[u8]) -> Dialect {
        if bytes.first() == Some(&MAGIC) { Dialect::Binary } else { Dialect::Text }
    }

    /// How to say what answers no request.
    pub(crate) fn unasked(self) -> Form {
        match self {
            Dialect::Text => Form::LINE,
            Dialect::Binary => Form { style: Style::Binary(Packet::UNASKED), quiet: false },
        }
    }

    /// An error that answers no request.
    pub(crate) fn complaint(self, line: &str) -> Vec<u8> {
        let mut out = Output::default();
        encode_general(&self.unasked(), &Reply::Error(line.to_owned().into()), &mut out);
        std::mem::take(out.text())
    }
}

/// Where in a client's stream leash stands.
pub struct Decoder {
    limits: RequestLimits,
    door: Door,
    half: Half,
}

/// The half of the decoder that is in use.
enum Half {
    /// Nothing was said so far.
    Undecided,
    Text(TextDecoder),
    Binary(BinaryDecoder),
}

impl Decoder {
    /// A decoder at the start of a connection.
    pub fn new(limits: RequestLimits) -> Decoder {
        Decoder { limits, door: Door::Open, half: Half::Undecided }
    }

    /// Goes on under other limits; what has begun to arrive was measured by the old ones.
    pub fn set_limits(&mut self, limits: RequestLimits) {
        self.limits = limits;
    }

    /// Goes on with packets as of one who must say who it is, or need not. Lines are for those who are let in.
    pub(crate) fn set_door(&mut self, door: Door) {
        self.door = door;
    }

    /// What the client speaks, as far as is known.
    pub(crate) fn dialect(&self) -> Dialect {
        match self.half {
            Half::Undecided | Half::Text(_) => Dialect::Text,
            Half::Binary(_) => Dialect::Binary,
        }
    }

    /// Takes the next whole command off the front of `buffer`; `None` when more bytes are needed.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<Call> {
        loop {
            match self.step(buffer) {
                Decoded::Call(call) => return Some(call),
                Decoded::Piece => {}
                Decoded::Nothing => return None,
            }
        }
    }

    /// The same, but of a line that is long only a piece, so that no step takes long.
    pub fn step(&mut self, buffer: &mut BytesMut) -> Decoded {
        match &mut self.half {
            Half::Text(text) => text.step(buffer, &self.limits),
            Half::Binary(binary) => {
                binary.next(buffer, &self.limits, self.door).map_or(Decoded::Nothing, Decoded::Call)
            }
            Half::Undecided if buffer.is_empty() => Decoded::Nothing,
            Half::Undecided => {
                self.half = match Dialect::of(buffer) {
                    Dialect::Text => Half::Text(TextDecoder::new()),
                    Dialect::Binary => Half::Binary(BinaryDecoder::new()),
                };
                self.step(buffer)
            }
        }
    }

    /// Gives up the long line that is being received, for want of memory: all of it is swallowed, and then answered. True
    /// if there was something to give up.
    pub fn give_up_line(&mut self) -> bool {
        if let Half::Text(text) = &mut self.half { text.give_up_line() } else { false }
    }

    /// Bytes of memory that are kept of a long line.
    pub fn held(&self) -> usize {
        if let Half::Text(text) = &self.half { text.held() } else { 0 }
    }

    /// Bytes of memory that the next piece of a long line may take.
    pub(crate) fn growth(&self) -> usize {
        if let Half::Text(text) = &self.half { text.growth() } else { 0 }
    }

    /// Gives up the value that is being received, for want of memory: all of it is swallowed. With what its store would
    /// have replaced, which must go, and how to answer.
    pub fn give_up_value(&mut self) -> Option<(Option<Request>, Form)> {
        match &mut self.half {
            Half::Undecided => None,
            Half::Text(text) => text.give_up_value(),
            Half::Binary(binary) => binary.give_up_value(),
        }
    }

    /// How many bytes more the value that is being received needs; 0 where none is. A hint for the next read.
    pub fn wanted(&self, buffer: &BytesMut) -> usize {
        match &self.half {
            Half::Undecided => 0,
            Half::Text(text) => text.wanted(buffer),
            Half::Binary(binary) => binary.wanted(buffer),
        }
    }

    /// Whether a request has begun to arrive but is not whole.
    pub fn is_midway(&self, buffer: &BytesMut) -> bool {
        match &self.half {
            Half::Undecided => !buffer.is_empty(),
            Half::Text(text) => text.is_midway(buffer),
            Half::Binary(binary) => binary.is_midway(buffer),
        }
    }
}
