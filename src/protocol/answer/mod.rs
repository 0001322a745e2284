//! The upstream decoder: a server's bytes to [`Reply`]s, each held against the question it must answer.
//!
//! This is where replies begin and end; what one line says is [`super::reply_line`]'s business. A server is not
//! trusted: a reply that does not fit its question is a [`Desync`], after which nothing on that connection can be
//! believed.

mod dropped;

use bytes::{Buf, BytesMut};

use self::dropped::Dropped;
use super::expected::Expected;
use super::number;
use super::reply::{Item, Reply};
use super::reply_line::{LARGEST_VALUE, after_token, leading_number, parse};
use super::token::Token;

/// The server said something that does not fit the question: its first bytes, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desync(pub String);

/// No reply line of memcached is longer; its buffer for one has 2 KiB.
const LONGEST_LINE: usize = 4096;
const LINE_END: &[u8; 2] = b"\r\n";

/// Where in a server's stream the decoder stands.
pub struct AnswerDecoder {
    /// Whether the server repeats the token of a read that finds nothing.
    misses_repeat: bool,
    /// Bytes of the current line known to hold no line end.
    scanned: usize,
    /// The reply whose value is being received, and the value's length.
    value: Option<(Item, usize)>,
    /// The reply whose value is dropped as it arrives.
    dropped: Option<Box<Dropped>>,
}

impl AnswerDecoder {
    /// At the start of what a server says that `misses_repeat` the token of their question, or do not.
    pub fn new(misses_repeat: bool) -> AnswerDecoder {
        AnswerDecoder { misses_repeat, scanned: 0, value: None, dropped: None }
    }

    /// Takes the next whole answer off the front of `buffer`; `None` when more bytes are needed.
    pub fn next(&mut self, buffer: &mut BytesMut, expected: &Expected, token: Token) -> Result<Option<Reply>, Desync> {
        if let Some((item, len)) = self.value.take() {
            return self.with_value(buffer, expected, item, 0, len);
        }
        if let Some(dropped) = self.dropped.take() {
            return self.without_value(buffer, dropped);
        }
        match common_hit(buffer, expected, token) {
            Some((item, len, line)) => {
                self.scanned = 0;
                self.with_value(buffer, expected, item, line, len)
            }
            None => self.any_answer(buffer, expected, token),
        }
    }

    /// The answer whose line is next.
    fn any_answer(
        &mut self,
        buffer: &mut BytesMut,
        expected: &Expected,
        token: Token,
    ) -> Result<Option<Reply>, Desync> {
        let Some(end) = self.line_end(buffer)? else { return Ok(None) };
        let (reply, value_length) =
            parse(&buffer[..end], expected, token, self.misses_repeat).ok_or_else(|| Desync::at(buffer))?;
        let line = end + LINE_END.len();
        match (reply, value_length) {
            (Reply::Hit(item), Some(len)) => self.with_value(buffer, expected, item, line, len),
            (reply, _) => {
                buffer.advance(line);
                Ok(Some(reply))
            }
        }
    }

    /// How many bytes more the value that is being received needs. A hint for the next read.
    pub fn wanted(&self, buffer: &BytesMut) -> usize {
        self.value.as_ref().map_or(0, |(_, len)| (len + 2).saturating_sub(buffer.len()))
    }

    fn line_end(&mut self, buffer: &BytesMut) -> Result<Option<usize>, Desync> {
        let Some(end) = memchr::memchr(b'\n', &buffer[self.scanned..]) else {
            self.scanned = buffer.len();
            return if buffer.len() > LONGEST_LINE { Err(Desync::at(buffer)) } else { Ok(None) };
        };
        let end = end + self.scanned;
        self.scanned = 0;
        if end > LONGEST_LINE || end == 0 || buffer[end - 1] != b'\r' {
            Err(Desync::at(buffer))
        } else {
            Ok(Some(end - 1))
        }
    }

    /// The reply, once the value's `len` bytes and its line end are there, behind what is left of its `line`.
    #[inline(always)]
    fn with_value(
        &mut self,
        buffer: &mut BytesMut,
        expected: &Expected,
        mut item: Item,
        line: usize,
        len: usize,
    ) -> Result<Option<Reply>, Desync> {
        let whole = line + len + LINE_END.len();
        if buffer.len() < whole {
            buffer.advance(line);
            self.value = Some((item, len));
            return Ok(None);
        }
        if &buffer[line + len..whole] != LINE_END {
            return Err(Desync(format!("a value of {len} bytes that does not end where it should")));
        }
        // A classic incr is answered with the number on a line of its own.
        if matches!(expected, Expected::Arithmetic) && number::plain(&buffer[line..line + len]).is_none() {
            return Err(Desync(format!("a count of {len} bytes that is no number")));
        }
        let mut value = buffer.split_to(whole).freeze();
        value.advance(line);
        value.truncate(len);
        item.value = Some(value);
        Ok(Some(Reply::Hit(item)))
    }
}

impl Desync {
    /// The server sent these bytes, which fit no question.
    pub fn at(bytes: &[u8]) -> Desync {
        Desync(bytes[..bytes.len().min(60)].escape_ascii().to_string())
    }
}

/// Reads `VA <length> f<flags> c<CAS> t<ttl> O<token>`, the answer to an ordinary get, in one pass: the item, the length
/// of its value and that of the line. CAS unique and TTL are there where they were asked for. Everything else, a line that
/// is not whole above all, is for [`parse`] to judge. Measured to save a tenth of a multi-get's instructions.
fn common_hit(buffer: &[u8], expected: &Expected, token: Token) -> Option<(Item, usize, usize)> {
    if !matches!(expected, Expected::Value) {
        return None;
    }
    let (len, rest) = leading_number(buffer.strip_prefix(b"VA ")?)?;
    let (client_flags, rest) = leading_number(rest.strip_prefix(b" f")?)?;
    // Most are asked for neither.
    let (cas, ttl, rest) = if rest.starts_with(b" O") { (0, 0, rest) } else { cas_and_ttl(rest)? };
    let rest = after_token(rest.strip_prefix(b" O")?, token)?.strip_prefix(LINE_END)?;
    let fits = len <= LARGEST_VALUE && ttl <= i64::MAX as u64;
    let item = Item { client_flags: client_flags as u32, cas, ttl: ttl as i64, ..Item::default() };
    fits.then_some((item, len as usize, buffer.len() - rest.len()))
}

/// The two that may stand behind the flags, each 0 where it does not, and what follows.
fn cas_and_ttl(rest: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (cas, rest) = number_behind(b" c", rest)?;
    let (ttl, rest) = number_behind(b" t", rest)?;
    Some((cas, ttl, rest))
}

fn number_behind<'r>(letter: &[u8; 2], rest: &'r [u8]) -> Option<(u64, &'r [u8])> {
    match rest.strip_prefix(letter) {
        Some(told) => leading_number(told),
        None => Some((0, rest)),
    }
}
