//! The words of reads that were sent and are not answered yet, so that leash can send them once more elsewhere.
//! Requests themselves are not kept, which would cost an allocation each.

use std::ops::Range;

/// A run of text that grew larger than this gives its memory back once all of it is forgotten.
const KEEP: usize = 16 * 1024;

/// The words of questions, in their order: those that are copied, then those that are only in the output so far.
#[derive(Default)]
pub(super) struct Said {
    text: Vec<u8>,
    /// How much of it is forgotten.
    start: usize,
    /// Where the words stand in the output that are not copied yet. One copy of all that a turn asks saves each key of a
    /// get 30 instructions.
    in_output: Range<usize>,
}

impl Said {
    /// Adds the words of the youngest question, which stand at this place in the text of the output.
    #[inline]
    pub(super) fn push(&mut self, output: &[u8], words: Range<usize>) {
        if words.start != self.in_output.end {
            self.copy(output);
            self.in_output.start = words.start;
        }
        self.in_output.end = words.end;
    }

    /// Copies what is only in the output so far, before that is sent or changed.
    pub(super) fn copy(&mut self, output: &[u8]) {
        self.text.extend_from_slice(&output[std::mem::take(&mut self.in_output)]);
    }

    /// How many bytes of memory it takes.
    pub(super) fn room(&self) -> usize {
        self.text.capacity()
    }

    /// Forgets the words of the oldest one, so many bytes.
    pub(super) fn forget(&mut self, count: usize) {
        let copied = count.min(self.text.len() - self.start);
        self.start += copied;
        self.in_output.start += count - copied;
        if self.start == self.text.len() {
            self.text.clear();
            if self.text.capacity() > KEEP {
                self.text = Vec::new();
            }
            self.start = 0;
        } else if self.start > KEEP && self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }

    /// Takes out the `count` bytes that stand `before` bytes behind the oldest, all of which are copied.
    pub(super) fn cut(&mut self, before: usize, count: usize) {
        let start = self.start + before;
        self.text.drain(start..start + count);
        self.forget(0);
    }

    /// The `count` bytes that stand `before` bytes behind the oldest, and are copied.
    pub(super) fn words(&self, before: usize, count: usize) -> &[u8] {
        &self.text[self.start + before..][..count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn words_stay_where_they_are_however_many_come_and_go() {
        let (mut said, mut kept, mut output) = (Said::default(), VecDeque::new(), Vec::new());
        for number in 0..100_000usize {
            if number % 7 == 0 {
                output.extend_from_slice(b"words that are not kept");
            }
            let words = vec![number as u8; number % 50];
            let start = output.len();
            output.extend_from_slice(&words);
            said.push(&output, start..output.len());
            kept.push_back(words);
            if number % 1000 > 500 || kept.len() > 2000 {
                if number % 3 == 0 {
                    said.copy(&output);
                    output.clear();
                    let oldest = &kept[0];
                    assert_eq!(said.words(0, oldest.len()), oldest);
                }
                // Also of what was not sent yet, as a server may say what it was not asked for.
                said.forget(kept.pop_front().map_or(0, |oldest| oldest.len()));
            }
        }
        said.copy(&output);
        let before: usize = kept.iter().take(7).map(Vec::len).sum();
        assert_eq!(said.words(before, kept[7].len()), kept[7]);
        assert!(said.text.capacity() < 1 << 20);
    }
}
