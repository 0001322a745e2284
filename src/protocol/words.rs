//! A request line cut at its spaces, as memcached's `tokenize_command` cuts it.

/// memcached looks at no more words of a line than this, the command included (`MAX_TOKENS` less its terminal one).
pub(super) const MOST: usize = 23;

/// The words of one line.
pub(super) struct Words<'l> {
    words: [&'l [u8]; MOST],
    count: usize,
}

impl<'l> Words<'l> {
    /// Cuts `line`, which has no line end. Words past the [`MOST`]th are not looked at.
    pub(super) fn of(line: &'l [u8]) -> Words<'l> {
        let mut words = Words { words: [&[]; MOST], count: 0 };
        for word in each(line).take(MOST) {
            words.words[words.count] = word;
            words.count += 1;
        }
        words
    }

    /// How many words there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Word `i`, the command being 0; empty where the line has fewer.
    pub(super) fn get(&self, i: usize) -> &'l [u8] {
        if i < self.count { self.words[i] } else { &[] }
    }

    /// The words from `i` on.
    pub(super) fn from(&self, i: usize) -> &[&'l [u8]] {
        self.words.get(i..self.count).unwrap_or(&[])
    }

    /// The last word.
    pub(super) fn last(&self) -> &'l [u8] {
        self.get(self.count.wrapping_sub(1))
    }
}

/// All words of `line`, however many.
pub(super) fn each(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|word| !word.is_empty())
}

/// The place in `line` behind its first `count` words, which it has.
pub(super) fn behind_words(line: &[u8], count: usize) -> usize {
    each(line).nth(count - 1).map_or(line.len(), |word| word.as_ptr().addr() - line.as_ptr().addr() + word.len())
}
