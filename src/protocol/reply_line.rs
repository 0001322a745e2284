//! One line of a server, held against the question it must answer, and what proves that it does:
//!
//! | line | proof |
//! |---|---|
//! | `VA HD NF NS EX` | it repeats the token |
//! | `EN` to a read | it repeats the token, with the two exceptions of [`miss`] |
//! | `ME` | it repeats the key, which is plain text, and has no more than facts behind it |
//! | `EN` to `me`, `MN`, `OK`, `VERSION` | its form alone; leash asks for these one at a time, or for people only |
//! | errors | their form, and that they leave no doubt about where the next line begins |
//!
//! Nothing a client wrote can be in any of them: a server is never asked to repeat a key that is not plain text.

use super::expected::Expected;
use super::key::Key;
use super::number;
use super::reply::{Internals, Item, Reply};
use super::token::Token;

/// The largest value memcached can be made to take (`-I 1g`).
pub(super) const LARGEST_VALUE: u64 = 1 << 30;

/// Parses a line without its end; with the length of the value that follows it. `None`: it does not fit.
pub(super) fn parse(
    line: &[u8],
    expected: &Expected,
    token: Token,
    misses_repeat: bool,
) -> Option<(Reply, Option<usize>)> {
    use Expected::{Arithmetic, Debug, Delete, Facts, Noop, Ok, Store, Value};
    if is_error(line) {
        return is_framed(line, expected).then(|| (Reply::Error(line.to_vec().into()), None));
    }
    if *expected == Expected::Version {
        let version = line.strip_prefix(b"VERSION ").filter(|version| is_text(version))?;
        return Some((Reply::Version(version.to_vec().into()), None));
    }
    let (code, rest) = line.split_at_checked(2)?;
    let reply = match (code, expected) {
        (b"VA", Value | Arithmetic) => return value_line(rest, token),
        (b"HD", Facts | Store | Delete | Arithmetic) => Reply::Hit(item(rest, token)?),
        (b"EN", Value) => miss(rest, token, true)?,
        (b"EN", Facts) => miss(rest, token, !misses_repeat)?,
        (b"EN", Debug(_)) if rest.is_empty() => Reply::Miss,
        (b"NF", Store | Delete | Arithmetic) => item(rest, token).map(|_| Reply::NotFound)?,
        (b"NS", Store | Arithmetic) => item(rest, token).map(|_| Reply::NotStored)?,
        (b"EX", Store | Delete | Arithmetic) => item(rest, token).map(|_| Reply::Exists)?,
        (b"ME", Debug(key)) => Reply::Debug(internals(rest, key)?),
        (b"MN", Noop) | (b"OK", Ok) if rest.is_empty() => Reply::Done,
        _ => return None,
    };
    Some((reply, None))
}

fn is_error(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'E' | b'C' | b'S'))
        && (line == b"ERROR"
            || line.starts_with(b"ERROR ")
            || line.starts_with(b"CLIENT_ERROR ")
            || line.starts_with(b"SERVER_ERROR "))
}

/// Whether an error line is the whole answer to its question.
///
/// memcached, from 1.6.10 on, answers these to a store without having read the value, which it then takes for commands.
/// Every store leash sends is one that it reads; should it ever say so, nothing behind the line can be believed.
fn is_framed(line: &[u8], expected: &Expected) -> bool {
    const UNREAD: [&[u8]; 3] = [
        b"CLIENT_ERROR bad command line format",
        b"CLIENT_ERROR options flags too long",
        b"CLIENT_ERROR line too long",
    ];
    let is_unread = *expected == Expected::Store && (line.starts_with(b"ERROR") || UNREAD.contains(&line));
    is_text(line) && !is_unread && line != b"CLIENT_ERROR bad data chunk"
}

/// Whether people may be shown it as it is.
fn is_text(line: &[u8]) -> bool {
    line.iter().all(|&b| b >= b' ' && b != 0x7f)
}

/// A read that found nothing. memcached repeats the token since 1.6.18. It still does not where the value is gone from
/// flash (extstore), which can happen to any read of a value. A line without a token can do no worse than cause one
/// miss more, and the next line ends the connection.
fn miss(rest: &[u8], token: Token, may_be_bare: bool) -> Option<Reply> {
    if !(rest.is_empty() && may_be_bare) {
        item(rest, token)?;
    }
    Some(Reply::Miss)
}

#[inline]
fn value_line(rest: &[u8], token: Token) -> Option<(Reply, Option<usize>)> {
    let (len, rest) = leading_number(rest.strip_prefix(b" ")?).filter(|(len, _)| *len <= LARGEST_VALUE)?;
    Some((Reply::Hit(item(rest, token)?), Some(len as usize)))
}

/// What stands behind `token`, which is a word of its own.
#[inline(always)]
pub(super) fn after_token(text: &[u8], token: Token) -> Option<&[u8]> {
    let (repeated, rest) = text.split_first_chunk::<{ Token::LEN }>()?;
    (repeated == token.as_bytes() && matches!(rest.first(), None | Some(b' ' | b'\r'))).then_some(rest)
}

/// The number `text` begins with, and what stands behind it.
#[inline(always)]
pub(super) fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    match text.first_chunk().and_then(number::short) {
        Some((number, len)) => Some((number, &text[len..])),
        None => any_number(text),
    }
}

/// The same for a number that may be long, or end the text.
fn any_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let len = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    number::plain(&text[..len]).map(|number| (number, &text[len..]))
}

/// The flags of a reply. The token must be there, and be right.
#[inline]
fn item(mut rest: &[u8], token: Token) -> Option<Item> {
    let (mut item, mut marks, mut repeated) = (Item::default(), 0, false);
    while let [b' ', letter, tail @ ..] = rest {
        let mut number = || {
            let (number, behind) = leading_number(tail)?;
            rest = behind;
            Some(number)
        };
        match letter {
            b'f' => item.client_flags = number()? as u32,
            b'O' => (rest, repeated) = (after_token(tail, token)?, true),
            b' ' => return None,
            b'c' => item.cas = number()?,
            b's' => item.size = number()? as u32,
            b'h' => item.fetched = number()? == 1,
            b'l' => item.last_access = number()? as u32,
            b't' if !tail.starts_with(b"-1") => item.ttl = number()?.try_into().ok()?,
            _ => {
                let end = tail.iter().position(|&b| b == b' ').unwrap_or(tail.len());
                rest = &tail[end..];
                match letter {
                    b't' if end > b"-1".len() => return None,
                    b't' => item.ttl = -1,
                    b'W' | b'X' | b'Z' if marks < item.marks.len() => {
                        item.marks[marks] = *letter;
                        marks += 1;
                    }
                    _ => {}
                }
            }
        }
    }
    (rest.is_empty() && repeated).then_some(item)
}

/// What `me` tells: the key, which must be the one that was asked for, and facts.
fn internals(rest: &[u8], key: &Key) -> Option<Internals> {
    let line = rest.strip_prefix(b" ")?;
    let (spelt, facts) = line.split_at(memchr::memchr(b' ', line)?);
    let facts = &facts[1..];
    let is_spelt = |binary| {
        let mut spelling = Vec::new();
        key.spell(binary, &mut spelling);
        spelling == spelt
    };
    let binary_key = !is_spelt(false);
    let fits = (!binary_key || is_spelt(true)) && facts.split(|&b| b == b' ').all(is_fact);
    fits.then(|| Internals { binary_key, facts: facts.to_vec().into() })
}

/// Whether it is a `name=value`.
fn is_fact(word: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'=', word) else { return false };
    let (name, value) = (&word[..at], &word[at + 1..]);
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    !name.is_empty() && name.iter().all(is_name) && !value.is_empty() && value.iter().all(u8::is_ascii_graphic)
}
