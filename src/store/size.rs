//! What an item weighs: in memcached's account, which clients can see and which sets the largest item, and in ours.

/// `sizeof(item)` and its CAS unique.
const HEADER: usize = 48 + 8;
/// Where memcached's classes end and chunked items begin (half a slab page).
const LARGEST_CHUNK: usize = 512 << 10;
/// `sizeof(item)` and the default `chunk_size`.
const SMALLEST_CHUNK: usize = 48 + 48;

/// What an entry costs here beyond memcached's account: moka's nodes, timers and the allocator's rounding. Measured
/// with 300,000 small items that expire.
pub(super) const OVERHEAD: usize = 448;

/// memcached's `ITEM_ntotal`.
pub(super) fn total(key: usize, value: usize, client_flags: u32) -> usize {
    let flags = if client_flags == 0 { 0 } else { 4 };
    HEADER + flags + key + 1 + value + 2
}

/// Whether memcached keeps a value of this size in chunks; it does not count in those.
pub(super) fn is_chunked(total: usize) -> bool {
    total > LARGEST_CHUNK
}

/// The slab class memcached would file the item in, with its default growth of 1.25.
pub(super) fn class(total: usize) -> u32 {
    let mut class = 1;
    let mut chunk = SMALLEST_CHUNK;
    while chunk < total && chunk * 5 < LARGEST_CHUNK * 4 {
        class += 1;
        chunk = (chunk * 5 / 4).next_multiple_of(8);
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_memcached_in_verbose_mode() {
        assert_eq!([96, 97, 120, 121, 152, 153].map(class), [1, 2, 2, 3, 3, 4]);
        assert_eq!(class(1 << 20), 39);
    }

    #[test]
    fn client_flags_cost_four_bytes_unless_zero() {
        assert_eq!(total(3, 1, 0), 63);
        assert_eq!(total(3, 1, 7), 67);
    }
}
