//! What a worker reads into: buffers of one size, each used again once nothing of what was read into it is kept.
//!
//! ```text
//!   lend ──▶ buffer ── its values, in slices ──▶ written, dropped
//!    ▲ ▲        │ │ full
//!    │ └─ spare ◀─┘    held by a slice, or free again
//!    └─ at hand ◀┘ empty
//! ```
//! A connection has one only while something in it is not whole: so hundreds of servers take the room of few, and what is
//! read next most likely goes where the processor's cache has it.
//!
//! The allocator keeps none so large at hand for a thread: a new one for each six values of 10 KiB was 9 % of all that
//! leash did for them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

use bytes::BytesMut;

use crate::runtime::net::{LEAST_ROOM, MOST_ROOM, ROOM};

/// How many spare buffers are kept: what is read in one turn is written at its end. They count in no account.
const MOST_SPARE: usize = 16;

/// A buffer to read into.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: BytesMut,
    /// The bytes it had when it was made: more than for ordinary reads if that was for a large value.
    size: usize,
}

/// The buffers that one worker has used and uses again.
#[derive(Default)]
pub(crate) struct Buffers {
    /// The one that a connection had read into last.
    at_hand: RefCell<Buffer>,
    /// The one used last comes first: it is the likeliest to be in the processor's cache.
    spare: RefCell<VecDeque<BytesMut>>,
    /// The one that was made last for a large value.
    large: RefCell<Buffer>,
}

impl Buffers {
    /// Gives a connection that has no buffer the one at hand.
    #[inline]
    pub(crate) fn lend(&self, buffer: &mut Buffer) {
        if buffer.size == 0 {
            std::mem::swap(buffer, &mut self.at_hand.borrow_mut());
        }
    }

    /// Takes `buffer` back if nothing is in it.
    #[inline]
    pub(crate) fn take_back(&self, buffer: &mut Buffer) {
        if buffer.is_empty() {
            let free = std::mem::take(buffer);
            // What is kept of what comes next would keep all of a buffer that was made for a large value.
            self.keep(if free.size <= ROOM { self.at_hand.replace(free) } else { free });
        }
    }

    /// Makes room in `buffer` for the `wanted` bytes that a value being received still needs, else for an ordinary read.
    #[inline]
    pub(crate) fn make_room(&self, buffer: &mut Buffer, wanted: usize) {
        if buffer.capacity() - buffer.len() < wanted.clamp(LEAST_ROOM, MOST_ROOM) {
            self.make_more(buffer, wanted);
        }
    }

    fn make_more(&self, buffer: &mut Buffer, wanted: usize) {
        let room = wanted.max(ROOM.saturating_sub(buffer.len())).clamp(LEAST_ROOM, MOST_ROOM);
        let size = buffer.len() + room;
        // As in `take_back`.
        let may_stay = buffer.size <= ROOM || size > ROOM;
        if may_stay && buffer.try_reclaim(room) {
            return;
        }
        if buffer.len() >= MOST_ROOM {
            // It grows by doubling, as it is copied each time; and is not kept for the next.
            buffer.size = usize::MAX;
            return buffer.reserve(room);
        }
        // Not by doubling: what is kept of a value keeps all of its buffer.
        let next = if size <= ROOM { self.take() } else { self.take_large(size) };
        let used = std::mem::replace(buffer, next);
        buffer.extend_from_slice(&used);
        self.keep(used);
    }

    fn take(&self) -> Buffer {
        let mut spare = self.spare.borrow_mut();
        let free = spare.iter_mut().position(|bytes| bytes.try_reclaim(ROOM));
        let bytes = free.and_then(|place| spare.remove(place)).unwrap_or_else(|| BytesMut::with_capacity(ROOM));
        Buffer { bytes, size: ROOM }
    }

    /// One of this size or a little more.
    fn take_large(&self, size: usize) -> Buffer {
        let mut last = self.large.take();
        let fits = (size..=size + size / 8).contains(&last.size) && last.try_reclaim(size);
        if fits { last } else { Buffer { bytes: BytesMut::with_capacity(size), size } }
    }

    fn keep(&self, mut used: Buffer) {
        used.clear();
        if used.size > ROOM {
            if used.size <= MOST_ROOM {
                self.large.replace(used);
            }
        } else if used.size > 0 {
            let mut spare = self.spare.borrow_mut();
            spare.truncate(MOST_SPARE - 1);
            spare.push_front(used.bytes);
        }
    }

    /// Gives back half of those that are spare, and the large one.
    pub(super) fn give_back(&self) {
        let mut spare = self.spare.borrow_mut();
        let half = spare.len() / 2;
        spare.truncate(half);
        self.large.take();
    }
}

impl Deref for Buffer {
    type Target = BytesMut;

    fn deref(&self) -> &BytesMut {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills `buffer` with what is read at once, and leaves `rest` bytes of it that are no whole value.
    fn read(buffers: &Buffers, buffer: &mut Buffer, rest: usize) -> BytesMut {
        buffers.make_room(buffer, 0);
        let room = buffer.capacity() - buffer.len();
        buffer.extend_from_slice(&vec![b'v'; room]);
        let whole = buffer.len() - rest;
        buffer.split_to(whole)
    }

    #[test]
    fn a_buffer_is_used_again_once_nothing_of_it_is_kept() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        let first = read(&buffers, &mut buffer, 1000);
        let (place, second) = (first.as_ptr(), read(&buffers, &mut buffer, 1000));
        assert_ne!(second.as_ptr(), place, "a value of it is kept");
        drop(first);
        assert_eq!(read(&buffers, &mut buffer, 1000).as_ptr(), place);
        assert_eq!(&buffer[..], &[b'v'; 1000]);
    }

    #[test]
    fn connections_with_nothing_in_their_buffers_have_one_together() {
        let (buffers, mut connections) = (Buffers::default(), [(); 100].map(|()| Buffer::default()));
        let mut places = std::collections::HashSet::new();
        for buffer in &mut connections {
            buffers.lend(buffer);
            places.insert(read(&buffers, buffer, 0).as_ptr());
            buffers.take_back(buffer);
        }
        assert_eq!(places.len(), 1);
        assert!(connections.iter().all(|buffer| buffer.capacity() == 0));
    }

    #[test]
    fn what_is_not_whole_stays_with_its_connection() {
        let (buffers, mut one, mut other) = (Buffers::default(), Buffer::default(), Buffer::default());
        let place = |buffer: &mut Buffer, rest| {
            buffers.lend(buffer);
            let place = read(&buffers, buffer, rest).as_ptr();
            buffers.take_back(buffer);
            place
        };
        let first = place(&mut one, 1000);
        assert_ne!(place(&mut other, 0), first);
        assert_eq!((&one[..], other.capacity()), (&[b'v'; 1000][..], 0));
        one.clear();
        buffers.take_back(&mut one);
        assert_eq!(place(&mut other, 0), first, "the one that was read into last");
        assert_eq!(buffers.spare.borrow().len(), 1);
    }

    #[test]
    fn a_buffer_for_a_large_value_is_lent_to_nobody() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        buffers.make_room(&mut buffer, 10 * ROOM);
        buffers.take_back(&mut buffer);
        buffers.lend(&mut buffer);
        assert_eq!((buffer.capacity(), buffers.large.borrow().size), (0, 10 * ROOM));
    }

    #[test]
    fn a_buffer_whose_values_have_gone_is_filled_again_where_it_is() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        let place = read(&buffers, &mut buffer, 1000).as_ptr();
        for _ in 0..10 {
            assert_eq!(read(&buffers, &mut buffer, 1000).as_ptr(), place);
        }
        assert!(buffer.capacity() <= ROOM && buffers.spare.borrow().is_empty());
    }

    #[test]
    fn no_more_buffers_are_spare_than_a_turn_needs_and_none_after_a_rest() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        let values: Vec<BytesMut> = (0..3 * MOST_SPARE).map(|_| read(&buffers, &mut buffer, 1)).collect();
        assert_eq!(buffers.spare.borrow().len(), MOST_SPARE);
        drop(values);
        (0..5).for_each(|_| buffers.give_back());
        assert!(buffers.spare.borrow().is_empty());
    }

    #[test]
    fn what_was_made_for_a_large_value_is_no_spare_one() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        let _small = read(&buffers, &mut buffer, 1000);
        buffers.make_room(&mut buffer, 10 * ROOM);
        assert!(buffer.capacity() >= 10 * ROOM && buffer[..] == [b'v'; 1000]);
        let _large = read(&buffers, &mut buffer, 0);
        let _small = read(&buffers, &mut buffer, 0);
        assert_eq!(buffers.spare.borrow().len(), 1, "the first one");
    }

    #[test]
    fn large_values_one_after_the_other_lie_in_one_buffer_and_what_comes_between_in_another() {
        let (buffers, mut buffer) = (Buffers::default(), Buffer::default());
        let mut places = std::collections::HashSet::new();
        for _ in 0..10 {
            buffers.make_room(&mut buffer, 0);
            assert!(buffer.capacity() <= ROOM, "what is kept of what comes next keeps no more");
            buffer.extend_from_slice(&vec![b'v'; ROOM / 2]);
            let wanted = 10 * ROOM - buffer.len();
            buffers.make_room(&mut buffer, wanted);
            buffer.extend_from_slice(&vec![b'v'; wanted]);
            places.insert(buffer.split_to(10 * ROOM).as_ptr());
            assert!(buffer.capacity() < LEAST_ROOM, "{} bytes beside the value", buffer.capacity());
        }
        assert_eq!(places.len(), 1);
        buffers.give_back();
        assert_eq!(buffers.large.borrow().capacity(), 0);
    }
}
