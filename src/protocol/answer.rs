//! The upstream decoder: a server's bytes to [`Reply`]s, each held against the question it must answer.
//!
//! A server is not trusted. Whatever does not fit the question asked is a [`Desync`], after which nothing on that
//! connection can be believed.

use bytes::{Buf, BytesMut};

use super::number;
use super::reply::{Item, Reply};
use super::token::Token;

/// What may be answered to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `VA HD EN`
    Get,
    /// `HD NS EX NF`
    Store,
    /// `HD NF EX`
    Delete,
    /// `VA HD NF NS EX`
    Arithmetic,
    /// `ME EN`
    Debug,
    /// `MN`
    Noop,
    /// `VERSION`
    Version,
    /// `OK`
    Ok,
}

/// The server said something that does not fit the question: its first bytes, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desync(pub String);

/// No reply line of memcached is longer; its buffer for one has 2 KiB.
const LONGEST_LINE: usize = 4096;
/// The largest value memcached can be made to take (`-I 1g`).
const LARGEST_VALUE: u64 = 1 << 30;

/// Where in a server's stream the decoder stands.
#[derive(Default)]
pub struct AnswerDecoder {
    /// Bytes of the current line known to hold no line end.
    scanned: usize,
    /// The reply whose value is being received, and the value's length.
    value: Option<(Item, usize)>,
}

impl AnswerDecoder {
    /// Takes the next whole answer off the front of `buffer`; `None` when more bytes are needed.
    pub fn next(&mut self, buffer: &mut BytesMut, expected: Expected, token: Token) -> Result<Option<Reply>, Desync> {
        if let Some((item, len)) = self.value.take() {
            return self.with_value(buffer, expected, item, len);
        }
        if let Some((item, len, line)) = common_hit(buffer, expected, token) {
            self.scanned = 0;
            buffer.advance(line);
            return self.with_value(buffer, expected, item, len);
        }
        let Some(end) = self.line_end(buffer)? else { return Ok(None) };
        let (reply, value_length) = parse(&buffer[..end], expected, token).ok_or_else(|| desync(buffer))?;
        buffer.advance(end + 2);
        match (reply, value_length) {
            (Reply::Hit(item), Some(len)) => self.with_value(buffer, expected, item, len),
            (reply, _) => Ok(Some(reply)),
        }
    }

    /// How many bytes more the value that is being received needs. A hint for the next read.
    pub fn wanted(&self, buffer: &BytesMut) -> usize {
        self.value.as_ref().map_or(0, |(_, len)| (len + 2).saturating_sub(buffer.len()))
    }

    fn line_end(&mut self, buffer: &BytesMut) -> Result<Option<usize>, Desync> {
        let Some(end) = memchr::memchr(b'\n', &buffer[self.scanned..]) else {
            self.scanned = buffer.len();
            return if buffer.len() > LONGEST_LINE { Err(desync(buffer)) } else { Ok(None) };
        };
        let end = end + self.scanned;
        self.scanned = 0;
        if end > LONGEST_LINE || end == 0 || buffer[end - 1] != b'\r' { Err(desync(buffer)) } else { Ok(Some(end - 1)) }
    }

    /// The reply, once the value's `len` bytes and its line end are there.
    fn with_value(
        &mut self,
        buffer: &mut BytesMut,
        expected: Expected,
        mut item: Item,
        len: usize,
    ) -> Result<Option<Reply>, Desync> {
        if buffer.len() < len + 2 {
            self.value = Some((item, len));
            return Ok(None);
        }
        if &buffer[len..len + 2] != b"\r\n" {
            return Err(Desync(format!("a value of {len} bytes that does not end where it should")));
        }
        // A classic incr is answered with the number on a line of its own.
        if expected == Expected::Arithmetic && number::plain(&buffer[..len]).is_none() {
            return Err(Desync(format!("a count of {len} bytes that is no number")));
        }
        item.value = Some(buffer.split_to(len).freeze());
        buffer.advance(2);
        Ok(Some(Reply::Hit(item)))
    }
}

fn desync(buffer: &BytesMut) -> Desync {
    Desync(buffer[..buffer.len().min(60)].escape_ascii().to_string())
}

/// Reads `VA <length> f<flags> t<ttl> O<token>`, the answer to an ordinary get, in one pass: the item, the length of its
/// value and that of the line. The TTL is there where it was asked for. Everything else, a line that is not whole above
/// all, is for [`parse`] to judge. Measured to save a tenth of a multi-get's instructions.
fn common_hit(buffer: &[u8], expected: Expected, token: Token) -> Option<(Item, usize, usize)> {
    let (len, rest) = leading_number(buffer.strip_prefix(b"VA ")?)?;
    let (client_flags, rest) = leading_number(rest.strip_prefix(b" f")?)?;
    let (ttl, rest) = match rest.strip_prefix(b" t") {
        Some(told) => leading_number(told)?,
        None => (0, rest),
    };
    let rest = after_token(rest.strip_prefix(b" O")?, token)?.strip_prefix(b"\r\n")?;
    let fits = expected == Expected::Get && len <= LARGEST_VALUE && ttl <= i64::MAX as u64;
    let item = Item { client_flags: client_flags as u32, ttl: ttl as i64, ..Item::default() };
    fits.then_some((item, len as usize, buffer.len() - rest.len()))
}

/// Parses a line without its end; with the length of the value that follows it. `None`: it does not fit.
fn parse(line: &[u8], expected: Expected, token: Token) -> Option<(Reply, Option<usize>)> {
    use Expected::{Arithmetic, Debug, Delete, Get, Noop, Ok, Store};
    if is_error(line) {
        // Would mean that leash and the server disagree on where the last value ended.
        let unframed = line == b"CLIENT_ERROR bad data chunk";
        return (!unframed).then(|| (Reply::Error(line.to_vec().into()), None));
    }
    if expected == Expected::Version {
        return line.strip_prefix(b"VERSION ").map(|version| (Reply::Version(version.to_vec().into()), None));
    }
    let (code, rest) = line.split_at_checked(2)?;
    let reply = match (code, expected) {
        (b"VA", Get | Arithmetic) => return value_line(rest, token),
        (b"HD", Get | Store | Delete | Arithmetic) => Reply::Hit(item(rest, token, true)?),
        (b"EN", Get) => {
            item(rest, token, false)?;
            Reply::Miss
        }
        (b"EN", Debug) if rest.is_empty() => Reply::Miss,
        (b"NF", Store | Delete | Arithmetic) => {
            item(rest, token, true)?;
            Reply::NotFound
        }
        (b"NS", Store | Arithmetic) => {
            item(rest, token, true)?;
            Reply::NotStored
        }
        (b"EX", Store | Delete | Arithmetic) => {
            item(rest, token, true)?;
            Reply::Exists
        }
        (b"ME", Debug) => debug(rest)?,
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

#[inline]
fn value_line(rest: &[u8], token: Token) -> Option<(Reply, Option<usize>)> {
    let (len, rest) = leading_number(rest.strip_prefix(b" ")?).filter(|(len, _)| *len <= LARGEST_VALUE)?;
    Some((Reply::Hit(item(rest, token, true)?), Some(len as usize)))
}

/// What stands behind `token`, which is a word of its own.
#[inline(always)]
fn after_token(text: &[u8], token: Token) -> Option<&[u8]> {
    let (repeated, rest) = text.split_first_chunk::<{ Token::LEN }>()?;
    (repeated == token.as_bytes() && matches!(rest.first(), None | Some(b' ' | b'\r'))).then_some(rest)
}

/// The number `text` begins with, and what stands behind it.
#[inline(always)]
fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (len, b) in text.iter().enumerate() {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return (1..20).contains(&len).then(|| (number, &text[len..])).or_else(|| long_number(text, len));
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    long_number(text, text.len())
}

/// The same for a number that may be too long to be one, or ends the text.
#[cold]
fn long_number(text: &[u8], len: usize) -> Option<(u64, &[u8])> {
    number::plain(&text[..len]).map(|number| (number, &text[len..]))
}

/// The flags of a reply. The token must be right, and must be there unless the server may leave it out.
#[inline]
fn item(mut rest: &[u8], token: Token, must_repeat: bool) -> Option<Item> {
    let (mut item, mut marks, mut repeated) = (Item::default(), 0, !must_repeat);
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
                    b'b' => item.binary_key = true,
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

fn debug(rest: &[u8]) -> Option<Reply> {
    let line = rest.strip_prefix(b" ").filter(|line| line.contains(&b' '))?;
    Some(Reply::Debug(line.to_vec().into()))
}
