//! The upstream decoder: a server's bytes to [`Reply`]s, each held against the question it must answer.
//!
//! This is where replies begin and end; what one line says is [`super::reply_line`]'s business. A server is not
//! trusted: a reply that does not fit its question is a [`Desync`], after which nothing on that connection can be
//! believed.

mod dropped;

use std::ops::Range;

use bytes::{Buf, BytesMut};

use self::dropped::Dropped;
use super::detach::LARGE;
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

/// The line of an ordinary hit, and what it tells.
struct HitLine {
    client_flags: u32,
    cas: u64,
    ttl: i64,
    /// The length of the value behind it.
    value: usize,
    /// Its own length.
    len: usize,
}

/// A hit that stands whole in what was received. Its value is not taken out of there yet.
pub(crate) struct WholeHit(HitLine);

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
            Some(line) => {
                self.scanned = 0;
                self.with_value(buffer, expected, line.item(), line.len, line.value)
            }
            None => self.any_answer(buffer, expected, token),
        }
    }

    /// Reads the next answer where it stands, if it is the whole answer to an ordinary get, and not large.
    /// [`AnswerDecoder::next`] takes any other; not before those read here are taken off.
    #[inline(always)]
    pub(crate) fn whole_hit(&mut self, received: &[u8], expected: &Expected, token: Token) -> Option<WholeHit> {
        if self.value.is_some() || self.dropped.is_some() {
            return None;
        }
        let line = common_hit(received, expected, token).filter(|line| line.value < LARGE)?;
        let end = received.get(line.len + line.value..)?;
        self.scanned = 0;
        end.starts_with(LINE_END).then_some(WholeHit(line))
    }

    /// The same of any other answer that is a line alone. Returns the bytes it takes, too.
    pub(crate) fn whole_line(&mut self, received: &[u8], expected: &Expected, token: Token) -> Option<(Reply, usize)> {
        if self.value.is_some() || self.dropped.is_some() || received.starts_with(b"VA ") {
            return None;
        }
        let end = memchr::memchr(b'\n', received).filter(|end| *end <= LONGEST_LINE)?;
        let line = received[..end].strip_suffix(b"\r")?;
        let (reply, _) = parse(line, expected, token, self.misses_repeat)?;
        self.scanned = 0;
        Some((reply, end + 1))
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

impl HitLine {
    fn item(&self) -> Item {
        let HitLine { client_flags, cas, ttl, .. } = *self;
        Item { client_flags, cas, ttl, ..Item::default() }
    }
}

impl WholeHit {
    /// What it tells of the item, but the value.
    #[inline]
    pub(crate) fn item(&self) -> Item {
        self.0.item()
    }

    /// Where its value stands.
    pub(crate) fn value(&self) -> Range<usize> {
        self.0.len..self.0.len + self.0.value
    }

    /// How many bytes it takes, value and all.
    pub(crate) fn len(&self) -> usize {
        self.0.len + self.0.value + LINE_END.len()
    }
}

/// Reads `VA <length> f<flags> c<CAS> t<ttl> O<token>`, the answer to an ordinary get, in one pass. CAS unique and TTL are
/// there where they were asked for. Everything else, a line that is not whole above all, is for [`parse`] to judge.
/// Measured to save a tenth of a multi-get's instructions.
#[inline(always)]
fn common_hit(buffer: &[u8], expected: &Expected, token: Token) -> Option<HitLine> {
    if !matches!(expected, Expected::Value) {
        return None;
    }
    let (value, rest) = leading_number(buffer.strip_prefix(b"VA ")?)?;
    let (client_flags, rest) = leading_number(rest.strip_prefix(b" f")?)?;
    // Most are asked for neither.
    let (cas, ttl, rest) = if rest.starts_with(b" O") { (0, 0, rest) } else { cas_and_ttl(rest)? };
    let rest = after_token(rest.strip_prefix(b" O")?, token)?.strip_prefix(LINE_END)?;
    let (ttl, len) = (i64::try_from(ttl).ok()?, buffer.len() - rest.len());
    let client_flags = client_flags as u32;
    (value <= LARGEST_VALUE).then_some(HitLine { client_flags, cas, ttl, value: value as usize, len })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_hit_is_read_where_it_stands_as_it_is_taken_off(
            len in 0..200usize, flags in any::<u32>(), cas in proptest::option::of(any::<u64>()),
            came in 0..300usize, spoilt in proptest::option::of((0..240usize, any::<u8>())),
        ) {
            let token = Token::new(7);
            let cas = cas.map(|cas| format!(" c{cas}")).unwrap_or_default();
            let mut stream = format!("VA {len} f{flags}{cas} O").into_bytes();
            stream.extend_from_slice(token.as_bytes());
            stream.extend_from_slice(format!("\r\n{}\r\nVA", "v".repeat(len)).as_bytes());
            if let Some((at, byte)) = spoilt
                && let Some(there) = stream.get_mut(at)
            {
                *there = byte;
            }
            let received = &stream[..came.min(stream.len())];
            let mut buffer = BytesMut::from(received);
            let taken = AnswerDecoder::new(true).next(&mut buffer, &Expected::Value, token);
            match AnswerDecoder::new(true).whole_hit(received, &Expected::Value, token) {
                Some(hit) => {
                    let value = Some(received[hit.value()].to_vec().into());
                    prop_assert_eq!(taken, Ok(Some(Reply::Hit(Item { value, ..hit.item() }))));
                    prop_assert_eq!(&buffer[..], &received[hit.len()..]);
                }
                None => prop_assert!(spoilt.is_some() || !matches!(taken, Ok(Some(_)))),
            }
        }
    }

    #[test]
    fn a_line_alone_is_read_where_it_stands_as_it_is_taken_off() {
        let token = Token::new(7);
        let repeated = str::from_utf8(token.as_bytes()).unwrap();
        let lines = [
            format!("EN O{repeated}"),
            "EN".into(),
            format!("HD O{repeated}"),
            format!("HD O{repeated} c12"),
            format!("NS O{repeated}"),
            "HD O0".into(),
            "SERVER_ERROR so it is".into(),
            "OK".into(),
            "MN".into(),
            "no".into(),
            format!("VA 1 f0 O{repeated}"),
        ];
        for (line, expected) in lines.iter().flat_map(|line| [Expected::Value, Expected::Store].map(|e| (line, e))) {
            let stream = format!("{line}\r\nEN");
            for came in 0..stream.len() {
                let received = &stream.as_bytes()[..came];
                let mut buffer = BytesMut::from(received);
                let taken = AnswerDecoder::new(true).next(&mut buffer, &expected, token);
                match AnswerDecoder::new(true).whole_line(received, &expected, token) {
                    Some((reply, len)) => {
                        assert_eq!(taken, Ok(Some(reply)), "{received:?}");
                        assert_eq!(&buffer[..], &received[len..]);
                    }
                    None => assert!(!matches!(taken, Ok(Some(_))), "{received:?}"),
                }
            }
        }
    }
}
