//! Meta commands: one line to a [`Line`].
//!
//! Checks and error texts follow memcached 1.6's `_meta_flag_preparse` and the functions that call it. Flags that only
//! newer servers know are passed on; an older server refuses them in its own words.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::call::{Call, Local, Refusal, RefusalKind};
use super::exptime::Exptime;
use super::form::{Form, MetaVerb, Style};
use super::key::{Key, MAX_KEY};
use super::line::{Line, value_length};
use super::number;
use super::request::{Arithmetic, Command, Delete, Get, Request, Returns, Store, StoreMode};
use super::words::Words;

/// memcached takes at most this many words a meta command (`MFLAG_MAX_OPT_LENGTH` less the terminal one).
const MAX_WORDS: usize = 19;
/// The longest opaque token, its letter included (`MFLAG_MAX_OPAQUE_LENGTH`).
const MAX_OPAQUE: usize = 32;

/// Parses the meta command `m` + `letter`. `None` if there is no such command.
pub(super) fn parse(line: &Bytes, letter: u8) -> Option<Line> {
    let words = Words::of(line);
    let line = match letter {
        b'g' => keyed(line, &words, MetaVerb::Get),
        b's' => keyed(line, &words, MetaVerb::Store),
        b'd' => keyed(line, &words, MetaVerb::Delete),
        b'a' => keyed(line, &words, MetaVerb::Arithmetic),
        b'e' => debug(line, &words),
        b'n' => Ok(Call::Local(Local::Noop, Form { style: Style::Noop, quiet: false }).into()),
        _ => return None,
    };
    Some(line.unwrap_or_else(Line::from))
}

fn malformed(line: &'static str) -> Refusal {
    Refusal::new(line, RefusalKind::Malformed)
}

fn keyed(line: &Bytes, words: &Words<'_>, verb: MetaVerb) -> Result<Line, Refusal> {
    if words.count() < 2 {
        return Err(Refusal::ERROR);
    }
    let word = words.get(1);
    if word.len() > MAX_KEY {
        return Err(Refusal::BAD_FORMAT);
    }
    let first_flag = if verb == MetaVerb::Store { 3 } else { 2 };
    if words.count() < first_flag {
        return Err(Refusal::BAD_FORMAT);
    }
    if words.count() > MAX_WORDS {
        return Err(match verb {
            MetaVerb::Get => malformed("CLIENT_ERROR options flags are too long"),
            _ => malformed("CLIENT_ERROR options flags too long"),
        });
    }
    let len = if verb == MetaVerb::Store { Some(value_length(words.get(2)).ok_or(Refusal::BAD_FORMAT)?) } else { None };
    let flags = words.from(first_flag);
    let asked = Flags::parse(flags)
        .and_then(|asked| Ok((key(line, word, asked.base64)?, asked)))
        .and_then(|(key, asked)| Ok((key, command(&asked, verb)?, asked.quiet)))
        .map_err(|error| error.spelt_for(verb));
    let raw = match (flags.first(), flags.last()) {
        (Some(first), Some(_)) => line.slice(first.as_ptr() as usize - line.as_ptr() as usize..),
        _ => Bytes::new(),
    };
    Ok(match (asked, len) {
        (Ok((key, command, quiet)), len) => {
            let (request, form) = (Request { key, command }, Form { style: Style::Meta { verb, flags: raw }, quiet });
            match len {
                Some(len) => Line::Value { request, form, len },
                None => Call::One(request, form).into(),
            }
        }
        (Err(refusal), Some(len)) => Line::Swallow { refusal, len },
        (Err(refusal), None) => refusal.into(),
    })
}

fn debug(line: &Bytes, words: &Words<'_>) -> Result<Line, Refusal> {
    if words.count() < 2 || words.get(1).len() > MAX_KEY {
        return Err(Refusal::BAD_FORMAT);
    }
    let base64 = words.get(2) == b"b";
    let key = key(line, words.get(1), base64).map_err(|_| Refusal::BAD_FORMAT)?;
    let key = key.as_text().ok_or(malformed("CLIENT_ERROR me is answered for keys that are plain text only"))?;
    let style = Style::Meta { verb: MetaVerb::Debug, flags: Bytes::new() };
    Ok(Call::One(Request { key, command: Command::Debug }, Form { style, quiet: false }).into())
}

/// What is wrong with the flags; `md` and `ma` say it in fewer words.
struct FlagError(&'static str, bool);

impl FlagError {
    fn spelt_for(self, verb: MetaVerb) -> Refusal {
        match verb {
            MetaVerb::Delete | MetaVerb::Arithmetic if self.1 => malformed("CLIENT_ERROR invalid or duplicate flag"),
            _ => malformed(self.0),
        }
    }
}

fn key(line: &Bytes, word: &[u8], base64: bool) -> Result<Key, FlagError> {
    let key = if base64 {
        let bytes = decode_base64(word).ok_or(FlagError("CLIENT_ERROR error decoding key", true))?;
        Key::binary(bytes.into())
    } else {
        Key::text(line.slice_ref(word))
    };
    key.map_err(|_| FlagError("CLIENT_ERROR bad command line format", false))
}

/// As lenient as memcached: padding may be missing bits, characters outside the alphabet are skipped.
fn decode_base64(word: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let known = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let word: Vec<u8> = word.iter().copied().filter(known).collect();
    LENIENT.decode(word).ok().filter(|bytes| !bytes.is_empty())
}

/// Everything the flags of one command say.
#[derive(Default)]
struct Flags {
    base64: bool,
    quiet: bool,
    no_bump: bool,
    touch_last: bool,
    invalidate: bool,
    drop_value: bool,
    returns: Returns,
    ttl: Option<Exptime>,
    vivify: Option<Exptime>,
    recache: Option<Exptime>,
    compare_cas: Option<u64>,
    new_cas: Option<u64>,
    client_flags: u32,
    mode: Option<u8>,
    initial: u64,
    delta: Option<u64>,
}

const OPAQUE_TOO_LONG: &str = "CLIENT_ERROR opaque token too long";
const BAD_TOKEN: &str = "CLIENT_ERROR bad token in command line format";

impl Flags {
    /// Reads all flags. memcached goes on after a bad argument and reports the last one; so does this.
    fn parse(words: &[&[u8]]) -> Result<Flags, FlagError> {
        let (mut flags, mut seen, mut error) = (Flags::default(), 0u128, None);
        for word in words {
            let (letter, argument) = (word[0], &word[1..]);
            if letter >= 127 || seen >> letter & 1 == 1 {
                return Err(FlagError("CLIENT_ERROR duplicate flag", true));
            }
            seen |= 1 << letter;
            match flags.set(letter, argument) {
                Ok(()) => {}
                Err(Some(text)) => error = Some(text),
                Err(None) => return Err(FlagError("CLIENT_ERROR invalid flag", true)),
            }
        }
        match error {
            // memcached finds a long opaque only when it writes the reply.
            Some(text) => Err(FlagError(text, text != OPAQUE_TOO_LONG)),
            None => Ok(flags),
        }
    }

    /// Notes one flag; `Err(None)` if there is no such flag.
    fn set(&mut self, letter: u8, argument: &[u8]) -> Result<(), Option<&'static str>> {
        let seconds = || Exptime::read(argument).ok_or(Some(BAD_TOKEN));
        let unique = || number::u64(argument).ok_or(Some(BAD_TOKEN));
        match letter {
            b'b' => self.base64 = true,
            b'N' => self.vivify = Some(seconds()?),
            b'T' => {
                self.ttl = Some(seconds()?);
                self.touch_last = self.recache.is_some();
                // If both flags give an expiry time for an item that is created, the later flag counts.
                self.vivify = self.vivify.and(self.ttl);
            }
            b'R' => self.recache = Some(seconds()?),
            b'C' => self.compare_cas = Some(unique()?),
            b'E' => self.new_cas = Some(unique()?),
            b'F' => self.client_flags = number::u32(argument).ok_or(Some("CLIENT_ERROR bad command line format"))?,
            b'J' => self.initial = number::u64(argument).ok_or(Some("CLIENT_ERROR invalid numeric initial value"))?,
            b'D' => self.delta = Some(number::u64(argument).ok_or(Some("CLIENT_ERROR invalid numeric delta value"))?),
            b'M' if argument.len() == 1 => self.mode = Some(argument[0]),
            b'M' => return Err(Some("CLIENT_ERROR incorrect length for M token")),
            b'O' if argument.len() >= MAX_OPAQUE => return Err(Some(OPAQUE_TOO_LONG)),
            b'I' => self.invalidate = true,
            b'x' => self.drop_value = true,
            b'q' => self.quiet = true,
            b'u' => self.no_bump = true,
            // leash knows the key itself.
            b'O' | b'P' | b'L' | b'k' => {}
            b't' if self.ttl.is_none() && self.vivify.is_none() => self.returns = self.returns.and(Returns::TTL_BEFORE),
            _ => self.returns = self.returns.and(returned(letter).ok_or(None)?),
        }
        Ok(())
    }
}

/// The fact a flag asks for.
fn returned(letter: u8) -> Option<Returns> {
    Some(match letter {
        b'v' => Returns::VALUE,
        b'f' => Returns::FLAGS,
        b'c' => Returns::CAS,
        b't' => Returns::TTL,
        b's' => Returns::SIZE,
        b'h' => Returns::HIT,
        b'l' => Returns::LAST_ACCESS,
        _ => return None,
    })
}

fn command(flags: &Flags, verb: MetaVerb) -> Result<Command, FlagError> {
    Ok(match verb {
        MetaVerb::Get => Command::Get(Get {
            returns: flags.returns,
            touch: flags.ttl,
            vivify: flags.vivify,
            recache: flags.recache,
            new_cas: flags.new_cas,
            touch_last: flags.touch_last,
            no_bump: flags.no_bump,
            knows_marks: true,
        }),
        MetaVerb::Store => Command::Store(Store {
            mode: store_mode(flags.mode)?,
            value: Bytes::new(),
            client_flags: flags.client_flags,
            ttl: flags.ttl,
            compare_cas: flags.compare_cas,
            new_cas: flags.new_cas,
            invalidate: flags.invalidate,
            vivify: flags.vivify,
            returns: flags.returns.only(Returns::CAS),
        }),
        MetaVerb::Delete => Command::Delete(Delete {
            compare_cas: flags.compare_cas,
            new_cas: flags.new_cas,
            invalidate: flags.invalidate,
            ttl: flags.ttl,
            drop_value: flags.drop_value,
        }),
        MetaVerb::Arithmetic => Command::Arithmetic(Arithmetic {
            decrement: decrements(flags.mode)?,
            delta: flags.delta.unwrap_or(1),
            initial: flags.initial,
            vivify: flags.vivify,
            ttl: flags.ttl,
            compare_cas: flags.compare_cas,
            new_cas: flags.new_cas,
            returns: flags.returns.only(COUNTED),
        }),
        MetaVerb::Debug => Command::Debug,
    })
}

/// What `ma` tells; it knows the other flags but has no answer to them.
const COUNTED: Returns = Returns::VALUE.and(Returns::CAS).and(Returns::TTL).and(Returns::TTL_BEFORE);

fn store_mode(mode: Option<u8>) -> Result<StoreMode, FlagError> {
    Ok(match mode {
        None | Some(b'S') => StoreMode::Set,
        Some(b'E') => StoreMode::Add,
        Some(b'A') => StoreMode::Append,
        Some(b'P') => StoreMode::Prepend,
        Some(b'R') => StoreMode::Replace,
        Some(_) => return Err(FlagError("CLIENT_ERROR invalid mode for ms M token", false)),
    })
}

fn decrements(mode: Option<u8>) -> Result<bool, FlagError> {
    match mode {
        None | Some(b'I' | b'+') => Ok(false),
        Some(b'D' | b'-') => Ok(true),
        Some(_) => Err(FlagError("CLIENT_ERROR invalid mode for ma M token", false)),
    }
}
