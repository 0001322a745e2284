//! What a memcached answers to `lru_crawler metadump`, one line an item. Pure: bytes in, lines out.
//!
//! ```text
//!   key=page%3A1 exp=1795278882 la=1795277882 cas=3 fetch=no cls=1 size=67\n
//!   END\r\n                     or one line that says why there is no list
//! ```
//! A line that is not exactly of this form makes the whole list doubtful: a reader that was away for long may find a
//! stream that was torn. Only key and size are kept; words that newer servers add are passed over.

use bytes::{Buf, Bytes, BytesMut};

/// No line is longer: a key of 250 bytes, three characters each, and the facts.
const LONGEST: usize = 4096;

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DumpLine {
    /// An item.
    Item(Listed),
    /// All items were listed, or there are none.
    End,
    /// Another crawl is under way.
    Busy,
    /// There is no list, for this reason.
    Refused(String),
}

/// An item of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its key as it is filed, any bytes.
    pub key: Bytes,
    /// The bytes it takes in the server's memory.
    pub size: u32,
}

/// Not an answer to a metadump. What was said is not told, as it may hold keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its list of keys is garbled")]
pub(super) struct Garbled;

/// Takes the next whole line off the front of `buffer`; `None` when more bytes are needed.
pub(super) fn next(buffer: &mut BytesMut) -> Result<Option<DumpLine>, Garbled> {
    let Some(end) = memchr::memchr(b'\n', buffer) else {
        return if buffer.len() > LONGEST { Err(Garbled) } else { Ok(None) };
    };
    let line = read(&buffer[..end]);
    buffer.advance(end + 1);
    line.map(Some)
}

fn read(line: &[u8]) -> Result<DumpLine, Garbled> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(facts) = line.strip_prefix(b"key=") {
        return item(facts).map(DumpLine::Item).ok_or(Garbled);
    }
    match line {
        b"END" => Ok(DumpLine::End),
        _ if line.starts_with(b"NOTSTARTED") => Ok(DumpLine::End),
        _ if line.starts_with(b"BUSY") => Ok(DumpLine::Busy),
        _ if is_an_error(line) => Ok(DumpLine::Refused(String::from_utf8_lossy(line).into_owned())),
        _ => Err(Garbled),
    }
}

fn is_an_error(line: &[u8]) -> bool {
    ["ERROR", "CLIENT_ERROR", "SERVER_ERROR", "BADCLASS"].iter().any(|word| line.starts_with(word.as_bytes()))
}

fn item(facts: &[u8]) -> Option<Listed> {
    let mut words = facts.split(|&b| b == b' ');
    let key = unescaped(words.next()?)?;
    let (mut has_end, mut size) = (false, None);
    for word in words {
        let (name, value) = fact(word)?;
        match name {
            b"exp" => has_end = true,
            b"size" => size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
            _ => {}
        }
    }
    Some(Listed { key, size: size.filter(|_| has_end)? })
}

/// `name=value`, and nothing that looks as if two lines had become one.
fn fact(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', word)?;
    let (name, value) = (&word[..at], &word[at + 1..]);
    let is_name = !name.is_empty() && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    let is_value = !value.is_empty() && value.iter().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(b));
    (is_name && is_value).then_some((name, value))
}

/// Undoes memcached's `uriencode`.
fn unescaped(text: &[u8]) -> Option<Bytes> {
    let mut key = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        rest = match first {
            b'%' => {
                let digit = |place: usize| char::from(*more.get(place)?).to_digit(16);
                key.push((digit(0)? * 16 + digit(1)?) as u8);
                &more[2..]
            }
            b if b.is_ascii_alphanumeric() || b"-._~".contains(b) => {
                key.push(*b);
                more
            }
            _ => return None,
        };
    }
    (1..=250).contains(&key.len()).then(|| key.into())
}

#[cfg(test)]
mod tests;
