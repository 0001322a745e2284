//! Bytes on their way out: what was said, in order, with large values kept apart so that they are never copied.
//!
//! Small pieces are gathered in one run of text; a large value only leaves its place in it. A socket writes both with
//! vectored writes.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use bytes::{Buf, Bytes};

use super::detach::detach;

/// A run of text that grew larger than this gives its memory back once written.
const KEEP: usize = 16 * 1024;

/// What is to be written to one connection.
#[derive(Default, Debug)]
pub struct Output {
    text: Vec<u8>,
    /// How much of `text` is written.
    text_done: usize,
    /// Large values and the offset in `text` before which each belongs.
    apart: VecDeque<(usize, Bytes)>,
    /// Bytes in `apart`.
    apart_len: usize,
}

impl Output {
    /// Values from this length on are kept apart; copying fewer bytes is cheaper than another slice.
    pub const APART_FROM: usize = 4096;

    /// Bytes still to be written.
    pub fn len(&self) -> usize {
        self.text.len() - self.text_done + self.apart_len
    }

    /// Bytes of memory it takes.
    pub fn room(&self) -> usize {
        self.text.capacity() + self.apart_len + self.apart.capacity() * size_of::<(usize, Bytes)>()
    }

    /// Lets go of what was read with the values, when they will be here for a while.
    pub fn detach(&mut self) {
        self.apart.iter_mut().for_each(|(_, value)| detach(value));
    }

    /// Gives back all memory, if nothing is to be written.
    pub fn trim(&mut self) {
        if self.is_empty() {
            *self = Output::default();
        }
    }

    /// Whether everything was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The run of text, to append to.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Appends a value, sharing it if it is large.
    #[inline]
    pub fn push_value(&mut self, value: &Bytes) {
        self.push_part(value, 0..value.len());
    }

    /// The same of the part of `whole` that a value is.
    #[inline]
    pub fn push_part(&mut self, whole: &Bytes, part: Range<usize>) {
        if part.len() < Output::APART_FROM {
            self.text.extend_from_slice(&whole[part]);
        } else {
            self.apart_len += part.len();
            self.apart.push_back((self.text.len(), whole.slice(part)));
        }
    }

    /// What is left of the run of text; all of the output if no values are kept apart.
    pub(crate) fn left_of_text(&self) -> &[u8] {
        &self.text[self.text_done..]
    }

    /// How many values are kept apart.
    pub(crate) fn values(&self) -> usize {
        self.apart.len()
    }

    /// Fills `slices` with what is to be written next and returns how many it filled.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let most = slices.len();
        let mut free = slices.iter_mut();
        // A loop over what iterators inside iterators give would cost 50 instructions a piece.
        let _ = self.pieces().try_for_each(|piece| free.next().map(|slice| *slice = IoSlice::new(piece.bytes())));
        most - free.len()
    }

    /// What is to be written, in order, but for what is empty.
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut at = self.text_done;
        let last = self.apart.back().map_or(at, |(place, _)| *place);
        let with_values = self.apart.iter().flat_map(move |(place, value)| {
            let text = &self.text[std::mem::replace(&mut at, *place)..*place];
            [Piece::Text(text), Piece::Value(value)]
        });
        let all = with_values.chain([Piece::Text(&self.text[last..])]);
        all.filter(|piece| !piece.bytes().is_empty())
    }

    /// Takes out `count` bytes that stand behind the first `before` of those still to be written.
    pub(crate) fn cut(&mut self, before: usize, count: usize) {
        let (whole, mut at) = (std::mem::take(self), 0);
        for piece in whole.pieces() {
            let len = piece.bytes().len();
            let within = |place: usize| place.saturating_sub(at).min(len);
            self.push_piece(&piece, 0..within(before));
            self.push_piece(&piece, within(before + count)..len);
            at += len;
        }
    }

    fn push_piece(&mut self, piece: &Piece<'_>, part: Range<usize>) {
        match piece {
            Piece::Text(text) => self.text.extend_from_slice(&text[part]),
            Piece::Value(value) => self.push_part(value, part),
        }
    }

    /// Forgets the first `n` bytes, which were written.
    pub fn consume(&mut self, mut n: usize) {
        while let Some((place, value)) = self.apart.front_mut() {
            let before = n.min(*place - self.text_done);
            self.text_done += before;
            n -= before;
            let of_value = n.min(value.len());
            self.apart_len -= of_value;
            n -= of_value;
            if self.text_done < *place || of_value < value.len() {
                value.advance(of_value);
                return;
            }
            self.apart.pop_front();
        }
        self.text_done += n;
        if self.text_done == self.text.len() {
            self.clear();
        } else if self.text_done > KEEP && self.text_done > self.text.len() / 2 {
            self.compact();
        }
    }

    /// Gives back the room of what was written, for outputs that are never quite empty.
    fn compact(&mut self) {
        self.text.drain(..self.text_done);
        self.text.shrink_to(KEEP.max(2 * self.text.len()));
        for (place, _) in &mut self.apart {
            *place -= self.text_done;
        }
        self.text_done = 0;
    }

    /// Forgets everything, written or not.
    pub fn clear(&mut self) {
        if self.apart.capacity() > MAX_SLICES {
            self.apart = VecDeque::new();
        }
        self.apart.clear();
        (self.apart_len, self.text_done) = (0, 0);
        if self.text.capacity() > KEEP {
            self.text = Vec::new();
        } else {
            self.text.clear();
        }
    }
}

/// A part of an output that lies in one place.
enum Piece<'o> {
    Text(&'o [u8]),
    Value(&'o Bytes),
}

impl<'o> Piece<'o> {
    fn bytes(&self) -> &'o [u8] {
        match self {
            Piece::Text(text) => text,
            Piece::Value(value) => value,
        }
    }
}

/// How many slices are worth handing to one vectored write.
pub const MAX_SLICES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(output: &mut Output, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !output.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = output.slices(&mut slices);
            let next: Vec<u8> = slices[..count].iter().flat_map(|s| s.to_vec()).take(step).collect();
            assert!(!next.is_empty());
            output.consume(next.len());
            all.extend(next);
        }
        all
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order_however_little_a_write_takes(
            lens in proptest::collection::vec(prop_oneof![0..50usize, 4000..5000usize], 0..80),
            step in 1..9000usize,
        ) {
            let (mut output, mut expected) = (Output::default(), Vec::new());
            for (i, len) in lens.into_iter().enumerate() {
                let value = Bytes::from(vec![i as u8; len]);
                output.text().extend_from_slice(b"head");
                output.push_value(&value);
                expected.extend_from_slice(b"head");
                expected.extend_from_slice(&value);
            }
            prop_assert_eq!(output.len(), expected.len());
            prop_assert_eq!(written(&mut output, step), expected);
        }

        #[test]
        fn what_is_cut_out_is_gone_and_the_rest_stays_in_order(
            lens in proptest::collection::vec(prop_oneof![0..50usize, 4000..5000usize], 0..20),
            written_before in 0..9000usize, before in 0..30_000usize, count in 0..30_000usize, step in 1..9000usize,
        ) {
            let (mut output, mut expected) = (Output::default(), Vec::new());
            for (i, len) in lens.into_iter().enumerate() {
                let value = Bytes::from(vec![i as u8; len]);
                output.text().extend_from_slice(b"head");
                output.push_value(&value);
                expected.extend_from_slice(b"head");
                expected.extend_from_slice(&value);
            }
            let done = written_before.min(expected.len());
            output.consume(done);
            expected.drain(..done);
            output.cut(before, count);
            expected.drain(before.min(expected.len())..(before + count).min(expected.len()));
            prop_assert_eq!(output.len(), expected.len());
            prop_assert_eq!(written(&mut output, step), expected);
        }
    }

    #[test]
    fn an_output_that_is_never_empty_gives_back_the_room_of_what_was_written() {
        let (mut output, line, value) = (Output::default(), [b'x'; 100], Bytes::from(vec![b'v'; Output::APART_FROM]));
        output.text().extend_from_slice(&line);
        for round in 0..100_000 {
            output.text().extend_from_slice(&line);
            if round % 100 == 0 {
                output.push_value(&value);
                output.consume(Output::APART_FROM);
            }
            output.consume(line.len());
        }
        assert_eq!(output.len(), line.len());
        assert!(output.text.capacity() <= 4 * KEEP, "{} bytes for one line", output.text.capacity());
    }
}
