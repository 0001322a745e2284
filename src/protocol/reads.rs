//! Classic reads: get, gets, gat and gats, as one whole line. A line that is long is taken in pieces by
//! [`LongRead`](super::long_read::LongRead), and means the same.

use bytes::{Bytes, BytesMut};

use super::call::{Call, Refusal, RefusalKind};
use super::exptime::Exptime;
use super::form::{Form, Style};
use super::key::{Key, MAX_KEY};
use super::line::RequestLimits;
use super::request::{Command, Get, Request, Returns};
use super::words::{behind_words, each};

/// Which of the classic reads it is.
#[derive(Clone, Copy)]
pub(super) struct ReadVerb {
    /// Whether it tells CAS uniques.
    cas: bool,
    /// Whether an expiry time stands before the keys.
    pub touches: bool,
}

impl ReadVerb {
    /// The read with this name.
    pub(super) fn of(word: &[u8]) -> Option<ReadVerb> {
        let (cas, touches) = match word {
            b"get" | b"bget" => (false, false),
            b"gets" => (true, false),
            b"gat" => (false, true),
            b"gats" => (true, true),
            _ => return None,
        };
        Some(ReadVerb { cas, touches })
    }

    /// How it is answered.
    pub(super) fn form(self) -> Form {
        Form { style: Style::Get { cas: self.cas }, quiet: false }
    }

    /// What it asks of each key.
    pub(super) fn get(self, touch: Option<Exptime>) -> Get {
        const VALUE: Returns = Returns::VALUE.and(Returns::FLAGS);
        let returns = if self.cas { VALUE.and(Returns::CAS) } else { VALUE };
        Get { returns, touch, ..Get::default() }
    }

    /// The same without any key.
    pub(super) fn without_keys(self) -> Call {
        if self.touches { Call::Many(Vec::new(), Get::default(), self.form()) } else { Call::Refused(Refusal::ERROR) }
    }

    /// The same of keys that something follows which is no key.
    pub(super) fn spoilt(self, keys: Vec<Key>, get: Get, most: usize) -> Call {
        match keys.len() {
            0 => Call::Refused(Refusal::BAD_FORMAT),
            len if len > most => Call::Refused(too_many_keys(most)),
            _ => Call::Spoilt(keys, get, self.form()),
        }
    }
}

/// Takes `get <key>` off the front of `buffer`, the line of most requests, in one pass. Everything else, a line that is not
/// whole above all, is for [`parse`] to judge. With the copies of a [`Call`] that it spares, it saves a twelfth of the
/// instructions of W2.
pub(super) fn common_get(buffer: &mut BytesMut, limits: &RequestLimits) -> Option<Call> {
    const VERB: &[u8] = b"get ";
    if limits.line < VERB.len() + MAX_KEY {
        return None;
    }
    let key = Key::behind(VERB, buffer)?;
    let get = ReadVerb { cas: false, touches: false };
    Some(Call::One(Request { key, command: Command::Get(get.get(None)) }, get.form()))
}

/// Parses a line whose first word is `verb`.
pub(super) fn parse(line: &Bytes, verb: ReadVerb, limits: &RequestLimits) -> Call {
    if !verb.touches {
        return read(line, behind_words(line, 1), verb, verb.get(None), limits.keys);
    }
    let Some(exptime) = each(line).nth(1) else { return Call::Refused(Refusal::ERROR) };
    match Exptime::read(exptime) {
        Some(exptime) => read(line, behind_words(line, 2), verb, verb.get(Some(exptime)), limits.keys),
        None => Call::Refused(Refusal::BAD_EXPTIME),
    }
}

/// A read of the keys in `line` from byte `at` on.
fn read(line: &Bytes, at: usize, verb: ReadVerb, get: Get, most: usize) -> Call {
    let Some(first) = Key::next_word(line, at) else { return verb.without_keys() };
    let Ok((first, behind)) = first else { return Call::Refused(Refusal::BAD_FORMAT) };
    let mut next = Key::next_word(line, behind);
    if next.is_none() {
        return Call::One(Request { key: first, command: Command::Get(get) }, verb.form());
    }
    let mut keys = Vec::with_capacity(likely_keys(line.len() - at, behind - at));
    keys.push(first);
    while let Some(word) = next {
        let Ok((key, behind)) = word else { return verb.spoilt(keys, get, most) };
        keys.push(key);
        next = Key::next_word(line, behind);
    }
    if keys.len() > most { Call::Refused(too_many_keys(most)) } else { Call::Many(keys, get, verb.form()) }
}

/// How many keys `len` bytes have if all are as long as the first one, which has `first` bytes with the space before it. A
/// list that grows by doubling is copied, which costs a get of 50 keys 45 instructions a key.
fn likely_keys(len: usize, first: usize) -> usize {
    const MOST: usize = 128;
    (len / first.max(2)).clamp(2, MOST)
}

/// The answer to a read of more keys than that.
pub(super) fn too_many_keys(most: usize) -> Refusal {
    let line = format!("CLIENT_ERROR too many keys in one get, at most {most}");
    Refusal::with(line, RefusalKind::TooManyKeys)
}
