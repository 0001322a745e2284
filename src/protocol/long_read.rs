//! A classic read whose line is long: its keys are taken as they arrive, a piece at a time, so that neither its length nor
//! the way it is split costs more than its bytes. It has no effect before its line ends: half a line is no command.

use bytes::{Buf, Bytes, BytesMut};

use super::call::{Call, Refusal, RefusalKind};
use super::exptime::Exptime;
use super::key::Key;
use super::reads::{ReadVerb, too_many_keys};
use super::request::{Command, Request};
use super::words::each;

/// So much of a line is looked at in one step.
const PIECE: usize = 4 * 1024;
/// So many keys are in it at most, each behind a space.
const MOST_IN_PIECE: usize = PIECE / 2;
/// A key and what is left behind of one as their list moves to where it can grow, which comes back only later.
const EACH_KEY: usize = 2 * size_of::<Key>();
/// Where the first word of a line must be: memcached looks no further, either.
const FRONT: usize = 112;
/// What a client is told whose keys there is no memory for.
const NO_ROOM: Refusal = Refusal::new("SERVER_ERROR out of memory reading request", RefusalKind::NoMemory);

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceTaken {
    /// A part of the line was taken.
    Part,
    /// More of it must arrive first.
    Waits,
    /// All of it was taken.
    Whole,
}

/// A read of which a part was taken.
pub(super) struct LongRead {
    verb: ReadVerb,
    touch: Option<Exptime>,
    keys: Vec<Key>,
    /// Bytes of the keys, each with the space before it.
    bytes: usize,
    fate: Fate,
}

/// What is to become of it, as far as is known.
enum Fate {
    /// It is carried out.
    Good,
    /// It has something that is no key: the keys before that are read, and the client is told that it is wrong.
    Spoilt,
    /// Nothing is done but to answer this.
    Refused(Refusal),
}

impl LongRead {
    /// Begins one, if that is what stands at the front of `buffer`, in any case if so.
    pub(super) fn begin(buffer: &mut BytesMut, in_any_case: bool) -> Option<LongRead> {
        let front = &buffer[..buffer.len().min(FRONT)];
        let start = front.iter().position(|&b| b != b' ')?;
        let end = start + front[start..].iter().position(|&b| b == b' ')?;
        let word = &front[start..end];
        let verb = if in_any_case { ReadVerb::of(&word.to_ascii_lowercase()) } else { ReadVerb::of(word) }?;
        buffer.advance(end);
        Some(LongRead { verb, touch: None, keys: Vec::new(), bytes: 0, fate: Fate::Good })
    }

    /// Takes the next piece of the line off the front of `buffer`, for a read of at most so many keys.
    pub(super) fn take(&mut self, buffer: &mut BytesMut, most: usize) -> PieceTaken {
        let piece = &buffer[..buffer.len().min(PIECE)];
        let (len, behind, progress) = match memchr::memchr(b'\n', piece) {
            Some(end) => (end - usize::from(piece[..end].ends_with(b"\r")), end + 1, PieceTaken::Whole),
            // Smaller pieces would take more memory for what they are in than for their bytes.
            None if piece.len() < PIECE => return PieceTaken::Waits,
            None => {
                let end = memchr::memrchr(b' ', piece).unwrap_or(piece.len());
                (end, (end + 1).min(piece.len()), PieceTaken::Part)
            }
        };
        if let Fate::Good = self.fate {
            // A copy: the keys are kept until the line is whole, and must keep nothing else of what was read.
            let words = Bytes::copy_from_slice(&buffer[..len]);
            self.bytes += len;
            self.add(&words, most);
        }
        buffer.advance(behind);
        progress
    }

    /// Adds the words of one piece. A word that is no key ends the reading.
    fn add(&mut self, words: &Bytes, most: usize) {
        let mut at = 0;
        self.keys.reserve(MOST_IN_PIECE);
        if self.verb.touches && self.touch.is_none() {
            let Some(word) = each(words).next() else { return };
            let Some(exptime) = Exptime::read(word) else { return self.refuse(Refusal::BAD_EXPTIME) };
            self.touch = Some(exptime);
            at = word.as_ptr().addr() - words.as_ptr().addr() + word.len();
        }
        while let Some(next) = Key::next_word(words, at) {
            match next {
                Ok(_) if self.keys.len() >= most => return self.refuse(too_many_keys(most)),
                Ok((key, behind)) => {
                    self.keys.push(key);
                    at = behind;
                }
                Err(_) => {
                    self.fate = Fate::Spoilt;
                    return;
                }
            }
        }
    }

    /// Lets go of what was taken; the rest of the line is swallowed.
    fn refuse(&mut self, refusal: Refusal) {
        (self.keys, self.bytes, self.fate) = (Vec::new(), 0, Fate::Refused(refusal));
    }

    /// Bytes of memory that the next piece may take.
    pub(super) fn growth(&self) -> usize {
        let has_places = self.keys.capacity() - self.keys.len() >= MOST_IN_PIECE;
        PIECE + if has_places { 0 } else { self.keys.len().max(MOST_IN_PIECE) * EACH_KEY }
    }

    /// Gives it up for want of memory, unless nothing is kept of it anyway.
    pub(super) fn give_up(&mut self) -> bool {
        let is_kept = !matches!(self.fate, Fate::Refused(_));
        if is_kept {
            self.refuse(NO_ROOM);
        }
        is_kept
    }

    /// Bytes of memory that it takes.
    pub(super) fn held(&self) -> usize {
        self.bytes + self.keys.capacity() * EACH_KEY
    }

    /// What it is, once all of it was taken.
    pub(super) fn finish(mut self, most: usize) -> Call {
        let (verb, get) = (self.verb, self.verb.get(self.touch));
        match self.fate {
            Fate::Refused(refusal) => Call::Refused(refusal),
            Fate::Spoilt => verb.spoilt(self.keys, get, most),
            Fate::Good if verb.touches && self.touch.is_none() => Call::Refused(Refusal::ERROR),
            Fate::Good => match self.keys.len() {
                0 => verb.without_keys(),
                1 => Call::One(Request { key: self.keys.remove(0), command: Command::Get(get) }, verb.form()),
                _ => Call::Many(self.keys, get, verb.form()),
            },
        }
    }
}
