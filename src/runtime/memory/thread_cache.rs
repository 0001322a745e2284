//! What the allocator keeps free at hand for a thread, and how the thread gives it back.
//!
//! jemalloc looks through that a little with each 64 KiB that the thread allocates: at one size of blocks, of which it gives
//! back three quarters of those that were not used since its last look (`tcache_gc_incr_bytes`, jemalloc(3)). A thread that
//! rests allocates nothing, so it would keep 2 MiB of blocks that a crowd has left.

/// What jemalloc counts up to its next look.
const STEP: usize = 64 * 1024;
/// How many sizes of blocks are kept at hand: small ones, and large ones up to 32 KiB.
const SIZES: usize = 41;

/// Has the allocator look once at all sizes of blocks that it keeps for this thread.
pub(crate) fn look_through() {
    // Blocks so large are never kept at hand, so these take none from there.
    (0..SIZES).for_each(|_| drop(std::hint::black_box(Vec::<u8>::with_capacity(STEP))));
}
