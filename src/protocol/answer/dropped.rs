//! Values that no caller waits for, or that there is no room for: dropped as they arrive, so that only their place in
//! the stream is kept.

use bytes::{Buf, BytesMut};

use super::{AnswerDecoder, Desync};
use crate::protocol::{Item, Reply};

/// A reply whose value is not kept.
pub(super) struct Dropped {
    item: Item,
    /// The value's length.
    len: usize,
    /// How much of it is still to come, its line end included.
    left: usize,
}

impl AnswerDecoder {
    /// The length of the value that is being received, kept or not; 0 where none is.
    pub fn value_len(&self) -> usize {
        let kept = self.value.as_ref().map(|(_, len)| *len);
        kept.or(self.dropped.as_ref().map(|dropped| dropped.len)).unwrap_or(0)
    }

    /// How many bytes of it are still to come.
    pub fn left(&self, buffer: &BytesMut) -> usize {
        self.dropped.as_ref().map_or_else(|| self.wanted(buffer), |dropped| dropped.left)
    }

    /// Gives up the value that is being received: what there is of it, and the rest as it arrives. The reply comes
    /// without it.
    pub fn drop_value(&mut self, buffer: &mut BytesMut) {
        if let Some((item, len)) = self.value.take() {
            let here = buffer.len().min(len);
            // Not emptied, which would keep the room it had grown to.
            *buffer = BytesMut::from(&buffer[here..]);
            self.dropped = Some(Box::new(Dropped { item, len, left: len + 2 - here }));
        }
    }

    /// The reply, once its value and the line end behind it have passed.
    pub(super) fn without_value(
        &mut self,
        buffer: &mut BytesMut,
        mut dropped: Box<Dropped>,
    ) -> Result<Option<Reply>, Desync> {
        let passed = buffer.len().min(dropped.left - 2);
        buffer.advance(passed);
        dropped.left -= passed;
        if dropped.left > 2 || buffer.len() < 2 {
            self.dropped = Some(dropped);
            return Ok(None);
        }
        if !buffer.starts_with(b"\r\n") {
            return Err(Desync(format!("a value of {} bytes that does not end where it should", dropped.len)));
        }
        buffer.advance(2);
        Ok(Some(Reply::Hit(dropped.item)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Expected, Token};
    use bytes::Bytes;
    use proptest::prelude::*;

    /// The replies in `stream`, which comes in pieces of `step` bytes, the first value being dropped after `after` of
    /// them.
    fn replies(stream: &[u8], step: usize, after: usize) -> Result<Vec<Option<Bytes>>, Desync> {
        let (mut decoder, mut buffer, mut values) = (AnswerDecoder::new(true), BytesMut::new(), Vec::new());
        for (number, piece) in stream.chunks(step).enumerate() {
            buffer.extend_from_slice(piece);
            while let Some(reply) = decoder.next(&mut buffer, &Expected::Value, Token::new(7))? {
                let Reply::Hit(item) = reply else { panic!("{reply:?}") };
                values.push(item.value);
            }
            if number >= after && values.is_empty() {
                decoder.drop_value(&mut buffer);
            }
        }
        Ok(values)
    }

    fn stream(lengths: [usize; 2], end: &[u8]) -> Vec<u8> {
        let token = String::from_utf8(Token::new(7).as_bytes().to_vec()).unwrap();
        let reply =
            |len: usize, end: &[u8]| [format!("VA {len} f0 O{token}\r\n").as_bytes(), &vec![b'v'; len], end].concat();
        [reply(lengths[0], end), reply(lengths[1], b"\r\n")].concat()
    }

    proptest! {
        #[test]
        fn what_follows_a_value_that_was_dropped_is_whole(first in 0..300usize, step in 1..40usize, after in 0..12usize) {
            let values = replies(&stream([first, 5], b"\r\n"), step, after).unwrap();
            prop_assert_eq!(values.len(), 2);
            prop_assert!(values[0].as_ref().is_none_or(|value| value.len() == first));
            prop_assert_eq!(values[1].as_deref(), Some(&b"vvvvv"[..]));
        }

        #[test]
        fn a_value_that_does_not_end_where_it_should_is_noticed_though_it_is_dropped(first in 50..300usize, step in 1..40usize) {
            prop_assert!(replies(&stream([first, 5], b"xx"), step, 1).is_err());
        }
    }
}
