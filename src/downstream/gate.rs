//! What a client says before it is let in, where the listener has users: read and answered as memcached does with `-Y`.
//! Pure: bytes and users in, an answer out.
//!
//! Only a `set` is understood, whose value is name and password with a space between them; key, flags and exptime say
//! nothing. Nothing of it reaches a decoder or a route.

use bytes::{Buf, BytesMut};

use crate::config::Users;
use crate::protocol::Dialect;

/// A line that is longer without an end is no line.
const LONGEST_LINE: usize = 2048;
/// A name, a space and a password are no longer; what is announced to be is not waited for.
const LONGEST_VALUE: usize = 2048;
/// memcached splits a line into at most so many words; the last one is all the rest.
const MOST_WORDS: usize = 24;

/// Where a client stands that is not let in yet.
#[derive(Default)]
pub(super) struct Gate {
    /// How long the value is that is waited for, without its end.
    value: Option<usize>,
    /// Whether it was ever asked for anything.
    has_heard: bool,
}

/// What a client is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Knock {
    /// It is let in.
    LetIn,
    /// It is not, and may try again.
    Refused(&'static str),
    /// It talks too much: its connection ends.
    TurnedAway,
}

impl Gate {
    /// Whether a value was announced that has not come.
    pub(super) fn is_midway(&self) -> bool {
        self.value.is_some()
    }

    /// Whether the client speaks in packets from its `first` byte on, and knocks elsewhere ([`super::login`]).
    pub(super) fn is_passed_by(&self, first: &[u8]) -> bool {
        !self.has_heard && Dialect::of(first) == Dialect::Binary
    }

    /// Takes the next word of the client off the front of `buffer`; `None` when more bytes are needed.
    pub(super) fn next(&mut self, buffer: &mut BytesMut, users: &Users) -> Option<Knock> {
        self.has_heard = true;
        let length = match self.value {
            Some(length) => length,
            None => match line(buffer)? {
                Ok(length) => length,
                Err(knock) => return Some(knock),
            },
        };
        if length > LONGEST_VALUE {
            return Some(Knock::TurnedAway);
        }
        self.value = Some(length);
        if buffer.len() < length + 2 {
            return None;
        }
        self.value = None;
        let value = buffer.split_to(length + 2);
        Some(judge(&value, users))
    }
}

/// The length of the value that the next line announces.
fn line(buffer: &mut BytesMut) -> Option<Result<usize, Knock>> {
    let Some(end) = memchr::memchr(b'\n', buffer) else {
        return (buffer.len() > LONGEST_LINE).then_some(Err(Knock::TurnedAway));
    };
    let announced = {
        let words: Vec<&[u8]> = words(&buffer[..end]).take(MOST_WORDS).collect();
        match words[..] {
            [b"set", _, _, _, length, ..] => number(length),
            _ => None,
        }
    };
    buffer.advance(end + 1);
    Some(announced.ok_or(Knock::Refused("CLIENT_ERROR unauthenticated")))
}

fn judge(value: &[u8], users: &Users) -> Knock {
    let Some(token) = value.strip_suffix(b"\r\n") else {
        return Knock::Refused("CLIENT_ERROR bad command line termination");
    };
    // memcached takes it for a text of C, which ends with a zero byte.
    let token = token.split(|&b| b == 0).next().unwrap_or_default();
    let mut words = words(token);
    match (words.next(), words.next()) {
        (Some(name), Some(password)) if users.know(name, password) => Knock::LetIn,
        (Some(_), Some(_)) => Knock::Refused("CLIENT_ERROR authentication failure"),
        _ => Knock::Refused("CLIENT_ERROR bad authentication token format"),
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|word| !word.is_empty())
}

/// As `strtoul` reads a number: behind spaces, up to what is no digit, which must be a space or the end of the line.
fn number(word: &[u8]) -> Option<usize> {
    let word = word.strip_suffix(b"\r").unwrap_or(word);
    let digits = word.strip_prefix(b"+").unwrap_or(word);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse::<u32>().ok()?.try_into().ok()
}
