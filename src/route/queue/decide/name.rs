//! A key of a queue: the name, and what a client wishes behind it.
//!
//! ```text
//!   mail                       mail/t=500/close/open          mail/len    mail/list:5    mail/position:<message>
//!   └ the name                      └ in any order
//! ```
//! * With Kestrel's mode a name ends at its first slash, and what is not known behind it is refused: `/opne` must not take
//!   a message for good.
//! * With RedQueue's mode a slash may stand in a name, which ends in front of the words that are known.
//!
//! Slashes of the route's own prefix say nothing.

use std::time::Duration;

use crate::config::QueueMode;
use crate::protocol::number;

/// A consumer that wants to wait for longer waits so long.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
const POSITION: &[u8] = b"/position:";
const LIST: &[u8] = b"list:";
const UNKNOWN: &str =
    "CLIENT_ERROR unknown suffix, use /t=<ms> /open /close /abort /peek /len /list:<n> /position:<message>";

/// A key of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueKey<'k> {
    /// The name of the queue.
    pub name: &'k [u8],
    /// What stands behind it.
    pub suffix: QueueSuffix<'k>,
}

/// What stands behind the name of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueSuffix<'k> {
    /// What is wanted of its messages; all `false` where nothing stands there.
    Words(SuffixWords),
    /// `len`: how many wait?
    Count,
    /// `list:<n>`: the next so many.
    List(usize),
    /// `position:<message>`: where does this one stand?
    Find(&'k [u8]),
}

/// Kestrel's words behind the name of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuffixWords {
    /// `open`: the message is reserved.
    pub open: bool,
    /// `close`: the one that is open is done with.
    pub close: bool,
    /// `abort`: the one that is open is given back.
    pub abort: bool,
    /// `peek`: the next one is shown, and stays.
    pub peek: bool,
    /// `t=<ms>`: for so long the client waits for one.
    pub wait: Duration,
}

impl<'k> QueueKey<'k> {
    /// Reads `key`, in whose first `plain` bytes slashes say nothing.
    ///
    /// # Errors
    /// What is wrong with it, for the client.
    pub fn read(key: &'k [u8], plain: usize, mode: QueueMode) -> Result<QueueKey<'k>, &'static str> {
        let behind = key.get(plain..).unwrap_or_default();
        let (end, suffix) = match memchr::memmem::find(behind, POSITION) {
            Some(at) if mode == QueueMode::Kestrel && behind[..at].contains(&b'/') => return Err(UNKNOWN),
            Some(at) => (at, QueueSuffix::Find(&behind[at + POSITION.len()..])),
            None => parts(behind, mode)?,
        };
        match &key[..key.len() - behind.len() + end] {
            [] => Err("CLIENT_ERROR the name of the queue is missing"),
            name => Ok(QueueKey { name, suffix }),
        }
    }
}

/// Where the name ends, and what the parts behind it say.
fn parts(behind: &[u8], mode: QueueMode) -> Result<(usize, QueueSuffix<'_>), &'static str> {
    let end = match mode {
        QueueMode::Kestrel => memchr::memchr(b'/', behind).unwrap_or(behind.len()),
        QueueMode::Reserve => end_before_known(behind),
    };
    let (mut words, mut look) = (SuffixWords::default(), None);
    let mut all = behind[end..].split(|byte| *byte == b'/').filter(|part| !part.is_empty()).peekable();
    let is_bare = all.peek().is_none();
    for part in all {
        match part_of(part) {
            Some(Part::Word(set)) => set(&mut words),
            Some(Part::Wait(wait)) => words.wait = wait,
            Some(Part::Look(suffix)) if look.is_none() => look = Some(suffix),
            Some(Part::Look(_)) => return Err("CLIENT_ERROR only one of /len, /list:<n> and /position:<message>"),
            None => return Err(UNKNOWN),
        }
    }
    match look {
        Some(look) if words == SuffixWords::default() => Ok((end, look)),
        Some(_) => Err("CLIENT_ERROR /len and /list:<n> stand alone behind the name of a queue"),
        None if is_bare || words.is_consistent() => Ok((end, QueueSuffix::Words(words))),
        None => Err("CLIENT_ERROR /abort and /peek stand alone behind the name of a queue"),
    }
}

/// Where the parts begin that are all known.
fn end_before_known(behind: &[u8]) -> usize {
    let mut end = behind.len();
    while let Some(slash) = memchr::memrchr(b'/', &behind[..end]).filter(|at| part_of(&behind[at + 1..end]).is_some()) {
        end = slash;
    }
    end
}

enum Part<'k> {
    Word(fn(&mut SuffixWords)),
    Wait(Duration),
    Look(QueueSuffix<'k>),
}

fn part_of(part: &[u8]) -> Option<Part<'_>> {
    Some(match part {
        b"open" => Part::Word(|words| words.open = true),
        b"close" => Part::Word(|words| words.close = true),
        b"abort" => Part::Word(|words| words.abort = true),
        b"peek" => Part::Word(|words| words.peek = true),
        b"len" => Part::Look(QueueSuffix::Count),
        _ => match (part.strip_prefix(b"t="), part.strip_prefix(LIST)) {
            (Some(wait), _) => Part::Wait(Duration::from_millis(number::plain(wait)?).min(LONGEST_WAIT)),
            (_, Some(most)) => Part::Look(QueueSuffix::List(usize::try_from(number::plain(most)?).ok()?)),
            _ => return None,
        },
    })
}

impl SuffixWords {
    /// Whether nothing contradicts: who gives back or looks takes nothing.
    fn is_consistent(self) -> bool {
        let (takes, gives, looks) = (self.open || self.close, self.abort, self.peek);
        [takes, gives, looks].iter().filter(|said| **said).count() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(set: impl FnOnce(&mut SuffixWords)) -> QueueSuffix<'static> {
        let mut words = SuffixWords::default();
        set(&mut words);
        QueueSuffix::Words(words)
    }

    fn read(key: &str, mode: QueueMode) -> Result<(&str, QueueSuffix<'_>), &'static str> {
        QueueKey::read(key.as_bytes(), 0, mode).map(|key| (std::str::from_utf8(key.name).unwrap(), key.suffix))
    }

    #[test]
    fn words_stand_behind_the_name_in_any_order() {
        let ms = Duration::from_millis;
        let table = [
            ("q", "q", words(|_| {})),
            ("q/open", "q", words(|words| words.open = true)),
            ("q/t=10/open", "q", words(|words| (words.open, words.wait) = (true, ms(10)))),
            ("q/open/t=10", "q", words(|words| (words.open, words.wait) = (true, ms(10)))),
            ("q/close/t=0/open", "q", words(|words| (words.open, words.close) = (true, true))),
            ("q/open/close", "q", words(|words| (words.open, words.close) = (true, true))),
            ("q/abort", "q", words(|words| words.abort = true)),
            ("q/peek", "q", words(|words| words.peek = true)),
            ("q/t=18446744073709551615", "q", words(|words| words.wait = LONGEST_WAIT)),
            ("q/len", "q", QueueSuffix::Count),
            ("q/list:7", "q", QueueSuffix::List(7)),
            ("q/position:a/b/open", "q", QueueSuffix::Find(b"a/b/open")),
            ("q/position:", "q", QueueSuffix::Find(b"")),
        ];
        for (key, name, suffix) in table {
            for mode in [QueueMode::Reserve, QueueMode::Kestrel] {
                assert_eq!(read(key, mode), Ok((name, suffix)), "{key} {mode:?}");
            }
        }
    }

    #[test]
    fn what_contradicts_is_refused() {
        for mode in [QueueMode::Reserve, QueueMode::Kestrel] {
            for key in
                ["q/open/abort", "q/close/peek", "q/abort/peek", "q/len/open", "q/len/list:1", "/open", "/position:x"]
            {
                assert!(read(key, mode).is_err_and(|why| why.starts_with("CLIENT_ERROR ")), "{key} {mode:?}");
            }
        }
    }

    #[test]
    fn a_slash_is_a_part_of_names_with_redqueue_and_never_with_kestrel() {
        for key in ["abc/def", "abc/opne", "q/t=x", "q/list:", "q/", "a//b"] {
            assert_eq!(read(key, QueueMode::Reserve), Ok((key, words(|_| {}))));
        }
        assert_eq!(read("abc/def/open", QueueMode::Reserve), Ok(("abc/def", words(|words| words.open = true))));
        for key in ["abc/def", "abc/opne", "q/t=x", "q/t=-1", "q/list:", "q/open/OPEN", "a/b/position:x"] {
            assert!(read(key, QueueMode::Kestrel).is_err(), "{key}");
        }
        assert_eq!(read("q/", QueueMode::Kestrel), Ok(("q", words(|_| {}))));
        assert_eq!(read("q//open/", QueueMode::Kestrel), Ok(("q", words(|words| words.open = true))));
    }

    #[test]
    fn slashes_of_the_prefix_say_nothing() {
        for mode in [QueueMode::Reserve, QueueMode::Kestrel] {
            let read = |key| QueueKey::read(key, 7, mode).map(|key: QueueKey<'_>| (key.name, key.suffix));
            assert_eq!(read(b"queues/mail/len"), Ok((&b"queues/mail"[..], QueueSuffix::Count)));
            assert_eq!(read(b"queues/"), Ok((&b"queues/"[..], words(|_| {}))));
            assert_eq!(read(b"q"), Ok((&b"q"[..], words(|_| {}))), "shorter than its prefix");
        }
    }
}
