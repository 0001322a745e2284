//! Where the messages of one queue stand, by their ids: twelve bytes a message, so that depth costs disk and not memory.
//!
//! Ids grow, and mostly stand side by side, so they are kept in chunks of places that follow one another. What is gone
//! leaves a hole until its chunk is nothing else. A look-up is a binary search among the chunks; how many messages stand
//! before one is a sum over them, 2,400 additions for ten million.

use std::collections::VecDeque;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessagePlace {
    /// The number of its segment.
    pub segment: u32,
    /// The first byte of its frame there.
    pub at: u32,
    /// The bytes of its frame.
    pub length: u32,
}

/// What stands where a message is gone.
const HOLE: MessagePlace = MessagePlace { segment: u32::MAX, at: 0, length: 0 };
/// Ids of a chunk at most.
const SPAN: u64 = 4096;

/// The places of one queue's messages.
#[derive(Default)]
pub(super) struct MessagePlaces {
    chunks: VecDeque<Chunk>,
    live: u64,
    bytes: u64,
}

struct Chunk {
    first: u64,
    places: Vec<MessagePlace>,
    live: u32,
}

impl Chunk {
    fn at(first: u64) -> Chunk {
        Chunk { first, places: Vec::new(), live: 0 }
    }

    fn get(&self, id: u64) -> Option<MessagePlace> {
        let offset = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.places.get(offset).copied().filter(|place| *place != HOLE)
    }

    /// Its messages from `id` on.
    fn from(&self, id: u64) -> impl Iterator<Item = (u64, MessagePlace)> {
        let skipped = id.saturating_sub(self.first).min(self.places.len() as u64);
        let rest = self.places[skipped as usize..].iter().copied();
        let ids = self.first + skipped..self.first + self.places.len() as u64;
        ids.zip(rest).filter(|(_, place)| *place != HOLE)
    }
}

impl MessagePlaces {
    /// How many messages there are.
    pub(super) fn len(&self) -> u64 {
        self.live
    }

    /// The bytes of all their frames.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where a message stands.
    pub(super) fn get(&self, id: u64) -> Option<MessagePlace> {
        self.chunks.get(self.chunk_of(id)?)?.get(id)
    }

    /// The first message of this id or a higher one.
    pub(super) fn first_from(&self, id: u64) -> Option<u64> {
        self.from(id).next().map(|(id, _)| id)
    }

    /// The messages of this id and of higher ones, in their order.
    pub(super) fn from(&self, id: u64) -> impl Iterator<Item = (u64, MessagePlace)> {
        self.chunks.range(self.chunk_of(id).unwrap_or(0)..).flat_map(move |chunk| chunk.from(id))
    }

    /// How many messages have lower ids.
    pub(super) fn before(&self, id: u64) -> u64 {
        let Some(own) = self.chunk_of(id) else { return 0 };
        let whole: u64 = self.chunks.range(..own).map(|chunk| u64::from(chunk.live)).sum();
        whole + self.chunks[own].from(0).take_while(|(other, _)| *other < id).count() as u64
    }

    /// Says where a message stands; where it stood before, if it did.
    pub(super) fn put(&mut self, id: u64, place: MessagePlace) -> Option<MessagePlace> {
        let before = self.remove(id);
        let (own, offset) = self.room_for(id);
        let chunk = &mut self.chunks[own];
        if chunk.places.len() <= offset {
            chunk.places.resize(offset + 1, HOLE);
        }
        chunk.places[offset] = place;
        chunk.live += 1;
        self.live += 1;
        self.bytes += u64::from(place.length);
        before
    }

    /// Forgets a message, and tells where it stood.
    pub(super) fn remove(&mut self, id: u64) -> Option<MessagePlace> {
        let own = self.chunk_of(id)?;
        let chunk = self.chunks.get_mut(own)?;
        let place = chunk.get(id)?;
        chunk.places[(id - chunk.first) as usize] = HOLE;
        chunk.live -= 1;
        let is_empty = chunk.live == 0;
        self.live -= 1;
        self.bytes -= u64::from(place.length);
        // The last one stays: the next message belongs there.
        if is_empty && own + 1 < self.chunks.len() {
            self.chunks.remove(own);
        }
        Some(place)
    }

    /// The chunk in which `id` would stand: the last that begins no later.
    fn chunk_of(&self, id: u64) -> Option<usize> {
        self.chunks.partition_point(|chunk| chunk.first <= id).checked_sub(1)
    }

    /// The chunk for `id`, and its place there.
    fn room_for(&mut self, id: u64) -> (usize, usize) {
        match self.chunk_of(id) {
            Some(own) if id - self.chunks[own].first < SPAN => (own, (id - self.chunks[own].first) as usize),
            Some(empty) if self.chunks[empty].live == 0 => {
                self.chunks[empty] = Chunk::at(id);
                (empty, 0)
            }
            before => {
                let own = before.map_or(0, |before| before + 1);
                self.chunks.insert(own, Chunk::at(id));
                (own, 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn place(at: u32) -> MessagePlace {
        MessagePlace { segment: 1, at, length: at % 7 + 1 }
    }

    proptest! {
        #[test]
        fn they_are_a_sorted_map(steps in prop::collection::vec((any::<bool>(), 0u64..30_000, any::<u32>()), 1..300)) {
            let (mut places, mut model) = (MessagePlaces::default(), BTreeMap::new());
            for (puts, id, at) in steps {
                // Ids lie close together in some ranges only.
                let id = id * id / 20_000;
                if puts {
                    prop_assert_eq!(places.put(id, place(at)), model.insert(id, place(at)));
                } else {
                    prop_assert_eq!(places.remove(id), model.remove(&id));
                }
                prop_assert_eq!(places.len(), model.len() as u64);
                prop_assert_eq!(places.bytes(), model.values().map(|place| u64::from(place.length)).sum::<u64>());
                prop_assert_eq!(places.get(id), model.get(&id).copied());
                prop_assert_eq!(places.before(id), model.range(..id).count() as u64);
                prop_assert_eq!(places.first_from(id), model.range(id..).next().map(|(id, _)| *id));
            }
            prop_assert!(places.from(0).eq(model.into_iter()));
        }
    }

    #[test]
    fn a_queue_that_is_always_short_stays_small() {
        let mut places = MessagePlaces::default();
        for id in 0..1_000_000 {
            places.put(id, place(1));
            places.remove(id);
        }
        assert!(places.chunks.len() <= 2);
    }
}
