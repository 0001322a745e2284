//! Eight bytes at once, as one word: most of what is read and written here is a few bytes long.

/// The word whose bytes are all `byte`.
pub(super) const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The place of the lowest byte of `marks` whose highest bit is set; 8 if there is none. The lowest byte is the first
/// one of a word that was read as little-endian.
#[inline]
pub(super) const fn first_marked(marks: u64) -> usize {
    ((marks & all(0x80)).trailing_zeros() / u8::BITS) as usize
}
