//! The text half of the downstream decoder: lines to [`Call`]s, however they were split into reads.
//!
//! ```text
//!   bytes ─▶ line ─▶ classic / meta ─▶ Call
//!             ▲          │ store         ▲
//!             └──────────┴─▶ value ──────┘
//! ```
//! It keeps only its place in the buffer: a line is searched for its end once, a value is cut out of the buffer without
//! being copied. Of a get whose line is long it keeps the keys, and takes them a piece at a time.

use bytes::{Buf, Bytes, BytesMut};

use super::call::{Call, Refusal, RefusalKind};
use super::form::{Form, Style};
use super::line::{Line, RequestLimits};
use super::long_read::{LongRead, PieceTaken};
use super::replaced::replaced_by;
use super::request::{Command, Request};
use super::{classic, meta, reads};

/// Where in a client's stream the decoder stands.
pub(super) struct TextDecoder {
    state: State,
}

/// What one step of decoding came to.
#[derive(Debug, PartialEq)]
pub enum Decoded {
    /// A whole command.
    Call(Call),
    /// A piece of a long line; there may be more of it.
    Piece,
    /// More bytes are needed.
    Nothing,
}

enum State {
    /// In a line, of which this many bytes are known to hold no line end.
    Line { scanned: usize },
    /// In the line of a read that is long.
    LongRead(LongRead),
    /// Before the value of a store.
    Value { request: Request, form: Form, len: usize },
    /// In the value of a refused request, with this many bytes to go.
    Swallow { left: usize },
}

/// The line of a get that is longer than this is taken in pieces.
const LONG: usize = 16 * 1024;
/// A value ends with CR LF.
const LINE_END: usize = 2;

impl TextDecoder {
    /// A decoder at the start of a connection.
    pub(super) fn new() -> TextDecoder {
        TextDecoder { state: State::Line { scanned: 0 } }
    }

    /// Takes the next whole command off the front of `buffer`, but of a line that is long only a piece.
    pub(super) fn step(&mut self, buffer: &mut BytesMut, limits: &RequestLimits) -> Decoded {
        if let State::Line { scanned: 0 } = self.state
            && let Some(get) = reads::common_get(buffer, limits)
        {
            return Decoded::Call(get);
        }
        if let State::LongRead(read) = &mut self.state {
            match read.take(buffer, limits.keys) {
                PieceTaken::Waits => return Decoded::Nothing,
                PieceTaken::Part => return Decoded::Piece,
                PieceTaken::Whole => {}
            }
            let State::LongRead(read) = self.replace(State::Line { scanned: 0 }) else { return Decoded::Nothing };
            return Decoded::Call(read.finish(limits.keys));
        }
        match self.whole(buffer, limits) {
            Some(call) => Decoded::Call(call),
            None if matches!(self.state, State::LongRead(_)) => Decoded::Piece,
            None => Decoded::Nothing,
        }
    }

    /// Takes a command that is taken in one step.
    fn whole(&mut self, buffer: &mut BytesMut, limits: &RequestLimits) -> Option<Call> {
        loop {
            match &mut self.state {
                State::LongRead(_) => return None,
                State::Swallow { left } => {
                    let n = (*left).min(buffer.len());
                    buffer.advance(n);
                    *left -= n;
                    if *left > 0 {
                        return None;
                    }
                    self.state = State::Line { scanned: 0 };
                }
                State::Value { len, .. } if buffer.len() < *len + LINE_END => return None,
                State::Value { .. } => {
                    let State::Value { request, form, len } = self.replace(State::Line { scanned: 0 }) else {
                        return None;
                    };
                    return Some(with_value(request, form, len, buffer));
                }
                State::Line { .. } => {
                    if let Some(call) = self.line(buffer, limits)? {
                        return Some(call);
                    }
                }
            }
        }
    }

    /// Gives up the value that is being received, for want of memory: all of it is swallowed. With what its store would
    /// have replaced, which must go, and how to answer.
    pub(super) fn give_up_value(&mut self) -> Option<(Option<Request>, Form)> {
        let State::Value { len, .. } = &self.state else { return None };
        let left = *len + LINE_END;
        match self.replace(State::Swallow { left }) {
            State::Value { request, form, .. } => Some((replaced_by(request, &form), form)),
            State::Line { .. } | State::LongRead(_) | State::Swallow { .. } => None,
        }
    }

    /// Gives up the long line that is being received, for want of memory: all of it is swallowed, and then answered. True
    /// if there was something to give up.
    pub(super) fn give_up_line(&mut self) -> bool {
        if let State::LongRead(read) = &mut self.state { read.give_up() } else { false }
    }

    /// Bytes of memory that are kept of a long line.
    pub(super) fn held(&self) -> usize {
        if let State::LongRead(read) = &self.state { read.held() } else { 0 }
    }

    /// Bytes of memory that the next piece of a long line may take.
    pub(super) fn growth(&self) -> usize {
        if let State::LongRead(read) = &self.state { read.growth() } else { 0 }
    }

    /// How many bytes more the value that is being received needs; 0 when a line is awaited. A hint for the next read.
    pub(super) fn wanted(&self, buffer: &BytesMut) -> usize {
        match &self.state {
            State::Value { len, .. } => (*len + LINE_END).saturating_sub(buffer.len()),
            State::Swallow { .. } | State::LongRead(_) | State::Line { .. } => 0,
        }
    }

    /// Whether a request has begun to arrive but is not whole.
    pub(super) fn is_midway(&self, buffer: &BytesMut) -> bool {
        !buffer.is_empty() || !matches!(self.state, State::Line { .. })
    }

    fn replace(&mut self, state: State) -> State {
        std::mem::replace(&mut self.state, state)
    }

    /// Reads one line. `None`: it is not whole yet. `Some(None)`: it was, and the state changed.
    fn line(&mut self, buffer: &mut BytesMut, limits: &RequestLimits) -> Option<Option<Call>> {
        let State::Line { scanned } = &mut self.state else { return Some(None) };
        let Some(end) = memchr::memchr(b'\n', &buffer[*scanned..]).map(|at| at + *scanned) else {
            *scanned = buffer.len();
            return self.long_line(buffer.len(), buffer, limits);
        };
        *scanned = 0;
        if end > limits.line.min(LONG) + 1
            && let Some(long) = self.long_line(end, buffer, limits)
        {
            return Some(long);
        }
        let line = parse(buffer, end, limits);
        Some(self.enter(line, buffer, limits))
    }

    /// What becomes of a line of which `len` bytes are known: `None` if it is not too long, or not yet. A read may be as
    /// long as it is.
    fn long_line(&mut self, len: usize, buffer: &mut BytesMut, limits: &RequestLimits) -> Option<Option<Call>> {
        if len > limits.line.min(LONG) + 1
            && let Some(read) = LongRead::begin(buffer, limits.queues)
        {
            self.state = State::LongRead(read);
            return Some(None);
        }
        (len > limits.line + 1).then(|| Some(Call::Refused(LINE_TOO_LONG)))
    }

    /// Acts on a parsed line: a command is whole at once unless a value follows.
    fn enter(&mut self, line: Line, buffer: &mut BytesMut, limits: &RequestLimits) -> Option<Call> {
        match line {
            Line::Call(call) => Some(call),
            Line::Swallow { refusal, len } => {
                self.state = State::Swallow { left: len + LINE_END };
                Some(Call::Refused(refusal))
            }
            Line::Value { request, form, len } if len > limits.value => {
                self.state = State::Swallow { left: len + LINE_END };
                Some(Call::TooLarge(replaced_by(request, &form), form))
            }
            Line::Value { request, form, len } if buffer.len() >= len + LINE_END => {
                Some(with_value(request, form, len, buffer))
            }
            Line::Value { request, mut form, len } => {
                // Its value may take its time.
                form.detach();
                self.state = State::Value { request: request.detached(), form, len };
                None
            }
        }
    }
}

const LINE_TOO_LONG: Refusal = Refusal::new("CLIENT_ERROR line too long", RefusalKind::LineTooLong);

/// Cuts off the line that ends at `end`, and reads it.
fn parse(buffer: &mut BytesMut, end: usize, limits: &RequestLimits) -> Line {
    let len = if end > 1 && buffer[end - 1] == b'\r' { end - 1 } else { end };
    let mut line = buffer.split_to(len).freeze();
    buffer.advance(end + 1 - len);
    if limits.queues {
        line = in_small_letters(line);
    }
    match meta_letter(&line).and_then(|letter| meta::parse(&line, letter)) {
        Some(parsed) => parsed,
        None => classic::parse(&line, limits),
    }
}

/// The same line with its command in small letters.
fn in_small_letters(line: Bytes) -> Bytes {
    let Some(command) = super::words::each(&line).next().filter(|word| word.iter().any(u8::is_ascii_uppercase)) else {
        return line;
    };
    let (start, len) = (command.as_ptr().addr() - line.as_ptr().addr(), command.len());
    let mut line = BytesMut::from(line);
    line[start..start + len].make_ascii_lowercase();
    line.freeze()
}

/// The second letter of a line that begins with a word of two letters, the first being `m`.
fn meta_letter(line: &[u8]) -> Option<u8> {
    match line {
        [b'm', letter] | [b'm', letter, b' ', ..] if *letter != b' ' => Some(*letter),
        [b' ', ..] => match super::words::each(line).next()? {
            [b'm', letter] => Some(*letter),
            _ => None,
        },
        _ => None,
    }
}

fn with_value(mut request: Request, form: Form, len: usize, buffer: &mut BytesMut) -> Call {
    let value = buffer.split_to(len).freeze();
    let whole = buffer.starts_with(b"\r\n");
    buffer.advance(LINE_END);
    if !whole {
        let quiet = form.quiet && form.style == Style::Store;
        let refusal = Refusal::new("CLIENT_ERROR bad data chunk", RefusalKind::Malformed);
        return Call::Refused(refusal.quiet(quiet));
    }
    if let Command::Store(store) = &mut request.command {
        store.value = value;
    }
    Call::One(request, form)
}
