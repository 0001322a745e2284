//! What one request line, or the head of one packet, can turn out to be, and how much it may ask for.

use super::call::{Call, Refusal};
use super::form::Form;
use super::number;
use super::request::Request;

/// How much a client may ask for at once.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// The longest request line, in bytes.
    pub line: usize,
    /// The largest value, in bytes.
    pub value: usize,
    /// The most keys in one get.
    pub keys: usize,
    /// Whether clients of queue servers are understood, who write commands in any case, and know `flush`.
    pub queues: bool,
}

/// What one line, or the head of one packet, turned out to be.
pub(super) enum Line {
    /// A whole command.
    Call(Call),
    /// A store; its value of `len` bytes follows.
    Value {
        /// The store, its value still empty.
        request: Request,
        /// How to answer it.
        form: Form,
        /// The announced length of the value.
        len: usize,
    },
    /// A store that is refused; its value of `len` bytes follows and is not a command.
    Swallow {
        /// What to answer.
        refusal: Refusal,
        /// The announced length of the value.
        len: usize,
    },
}

impl From<Call> for Line {
    fn from(call: Call) -> Line {
        Line::Call(call)
    }
}

impl From<Refusal> for Line {
    fn from(refusal: Refusal) -> Line {
        Line::Call(Call::Refused(refusal))
    }
}

/// The length of the value that a store announces; `None` if it is no number, or more than any memcached looks at
/// (`INT_MAX - 2`), regardless of its item size limit.
pub(super) fn value_length(word: &[u8]) -> Option<usize> {
    const MOST: usize = i32::MAX as usize - 2;
    number::i32(word).and_then(|len| usize::try_from(len).ok()).filter(|&len| len <= MOST)
}
