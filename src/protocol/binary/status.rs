//! What a response says became of its request: memcached's status codes with memcached's words, and which of them
//! stands for what in the one inner language.

use std::borrow::Cow;

use super::opcode::BinaryVerb;
use crate::protocol::reply::{Cause, Failure, Reply};

/// The status codes that leash answers with (memcached, `doc/protocol-binary.xml`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryStatus {
    Success = 0x00,
    NotFound = 0x01,
    Exists = 0x02,
    TooLarge = 0x03,
    Invalid = 0x04,
    NotStored = 0x05,
    NotNumeric = 0x06,
    /// What memcached answers to a `flush` that is not allowed, and to one who is not let in.
    Denied = 0x20,
    /// The client is to go on saying who it is.
    GoOn = 0x21,
    Unknown = 0x81,
    OutOfMemory = 0x82,
    /// A server has more to do than it can answer in time. memcached has no such answer.
    Busy = 0x85,
    /// There is no answer, for now. memcached has no such answer.
    Failed = 0x86,
}

/// A status, and the words that are the body of a response with it.
pub(super) type Told<'r> = (BinaryStatus, Cow<'r, [u8]>);

impl BinaryStatus {
    /// memcached's words for it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            BinaryStatus::Success | BinaryStatus::GoOn => "",
            BinaryStatus::NotFound => "Not found",
            BinaryStatus::Exists => "Data exists for key.",
            BinaryStatus::TooLarge => "Too large.",
            BinaryStatus::Invalid => "Invalid arguments",
            BinaryStatus::NotStored => "Not stored.",
            BinaryStatus::NotNumeric => "Non-numeric server-side value for incr or decr",
            BinaryStatus::Denied => "Auth failure.",
            BinaryStatus::Unknown => "Unknown command",
            BinaryStatus::OutOfMemory => "Out of memory",
            BinaryStatus::Busy => "Busy",
            BinaryStatus::Failed => "Temporary failure",
        }
    }

    fn plain(self) -> Told<'static> {
        (self, Cow::Borrowed(self.words().as_bytes()))
    }

    /// What a reply is told as that is no success.
    pub(super) fn of(verb: BinaryVerb, reply: &Reply) -> Told<'_> {
        match reply {
            Reply::Miss | Reply::NotFound => BinaryStatus::NotFound.plain(),
            Reply::Exists => BinaryStatus::Exists.plain(),
            Reply::NotStored => BinaryStatus::of_not_stored(verb).plain(),
            Reply::Failed(failure) => (BinaryStatus::of_failure(failure), failure.to_string().into_bytes().into()),
            Reply::Error(line) => BinaryStatus::of_line(line),
            Reply::Hit(_) | Reply::Debug(_) | Reply::Done | Reply::Version(_) => {
                (BinaryStatus::Failed, Cow::Borrowed(b"unexpected reply"))
            }
        }
    }

    const fn of_not_stored(verb: BinaryVerb) -> BinaryStatus {
        match verb {
            BinaryVerb::Add => BinaryStatus::Exists,
            BinaryVerb::Replace => BinaryStatus::NotFound,
            _ => BinaryStatus::NotStored,
        }
    }

    fn of_failure(failure: &Failure) -> BinaryStatus {
        match failure.cause {
            Cause::Overloaded => BinaryStatus::Busy,
            _ => BinaryStatus::Failed,
        }
    }

    /// What stands for an error line. Its words are told without the one that says which side is at fault, as memcached
    /// does; where memcached has words of its own for a status, these.
    fn of_line(line: &[u8]) -> Told<'_> {
        let (side, words) = line.split_at(line.iter().position(|&b| b == b' ').unwrap_or(line.len()));
        let words = words.trim_ascii_start();
        let status = match side {
            b"SERVER_ERROR" if words.starts_with(b"object too large") => return BinaryStatus::TooLarge.plain(),
            b"SERVER_ERROR" if words.starts_with(b"out of memory") => BinaryStatus::OutOfMemory,
            b"SERVER_ERROR" => BinaryStatus::Failed,
            b"CLIENT_ERROR" if words.starts_with(b"cannot increment") => return BinaryStatus::NotNumeric.plain(),
            b"CLIENT_ERROR" if words.starts_with(b"unauthenticated") => return BinaryStatus::Denied.plain(),
            b"CLIENT_ERROR" if words.starts_with(b"flush_all") => BinaryStatus::Denied,
            b"CLIENT_ERROR" => BinaryStatus::Invalid,
            _ => BinaryStatus::Unknown,
        };
        if words.is_empty() { status.plain() } else { (status, Cow::Borrowed(words)) }
    }
}
