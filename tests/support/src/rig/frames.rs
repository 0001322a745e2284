//! Splits a stream of memcached's text into whole lines and the bytes of values, for both directions.
//!
//! It knows no more of the protocol than which lines a value follows.

/// A part of a stream, as it is passed on.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub bytes: Vec<u8>,
    /// Whether it is a line, so the beginning of a request or reply, and not a part of a value.
    pub is_line: bool,
}

/// Where a stream is.
#[derive(Default)]
pub struct Frames {
    held: Vec<u8>,
    value_left: usize,
}

impl Frames {
    /// What became whole with these bytes. Values are passed on as they come, lines when they are whole.
    pub fn split(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.held.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        loop {
            let is_line = self.value_left == 0;
            let end = match is_line {
                true => self.held.iter().position(|&b| b == b'\n').map_or(0, |end| end + 1),
                false => self.value_left.min(self.held.len()),
            };
            if end == 0 {
                return pieces;
            }
            let bytes: Vec<u8> = self.held.drain(..end).collect();
            self.value_left = if is_line { value_behind(&bytes) } else { self.value_left - end };
            pieces.push(Piece { bytes, is_line });
        }
    }
}

/// How many bytes of value follow a line, with the line end behind it.
fn value_behind(line: &[u8]) -> usize {
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split_whitespace().collect();
    let length = match words[..] {
        ["ms", _, length, ..] | ["VA", length, ..] | ["VALUE", _, _, length, ..] => length,
        ["set" | "add" | "replace" | "append" | "prepend" | "cas", _, _, _, length, ..] => length,
        _ => return 0,
    };
    length.parse::<usize>().map_or(0, |length| length.saturating_add(2))
}

#[test]
fn a_stream_is_split_into_lines_and_values_wherever_it_is_cut() {
    let stream = b"mg a v\r\nms b 4 T0\r\n\r\nx \r\nset c 0 0 0\r\n\r\nVA 2 f0\r\nhi\r\nEN\r\n";
    for step in 1..stream.len() {
        let mut frames = Frames::default();
        let pieces: Vec<Piece> = stream.chunks(step).flat_map(|chunk| frames.split(chunk)).collect();
        let lines = pieces.iter().filter(|piece| piece.is_line).count();
        let all: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.bytes).collect();
        assert_eq!((lines, &all[..]), (5, &stream[..]), "in pieces of {step}");
    }
}
