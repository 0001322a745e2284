//! The words of reads that were sent and are not answered yet, so that leash can send them once more elsewhere.
//! Requests themselves are not kept, which would cost an allocation each.

/// A run of text that grew larger than this gives its memory back once all of it is forgotten.
const KEEP: usize = 64 * 1024;

/// The words of questions, in their order.
#[derive(Default)]
pub(super) struct Said {
    text: Vec<u8>,
    /// How much of it is forgotten.
    start: usize,
}

impl Said {
    /// Adds the words of the youngest question.
    pub(super) fn push(&mut self, words: &[u8]) {
        self.text.extend_from_slice(words);
    }

    /// Forgets the words of the oldest one, so many bytes.
    pub(super) fn forget(&mut self, count: usize) {
        self.start += count;
        if self.start == self.text.len() {
            if self.text.capacity() > KEEP {
                self.text = Vec::new();
            }
            self.text.clear();
            self.start = 0;
        } else if self.start > KEEP && self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }

    /// Takes out the `count` bytes that stand `before` bytes behind the oldest.
    pub(super) fn cut(&mut self, before: usize, count: usize) {
        let start = self.start + before;
        self.text.drain(start..start + count);
        self.forget(0);
    }

    /// The `count` bytes that stand `before` bytes behind the oldest.
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
        let (mut said, mut lengths) = (Said::default(), VecDeque::new());
        for number in 0..100_000usize {
            let words = vec![number as u8; number % 50];
            said.push(&words);
            lengths.push_back(words);
            if number % 1000 > 500 || lengths.len() > 2000 {
                let oldest: Vec<u8> = lengths.pop_front().unwrap_or_default();
                assert_eq!(said.words(0, oldest.len()), oldest);
                said.forget(oldest.len());
            }
        }
        let before: usize = lengths.iter().take(7).map(Vec::len).sum();
        assert_eq!(said.words(before, lengths[7].len()), lengths[7]);
        assert!(said.text.capacity() < 1 << 20);
    }
}
