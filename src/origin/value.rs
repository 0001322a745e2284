//! A value that arrives from an endpoint: not more of it than may be stored, and than there is memory for.

use bytes::Bytes;

use super::NoValue;
use crate::runtime::memory::{Holder, Share, Shed};

/// What has arrived of a value. Its memory is counted before it is taken, so that of many that come at once some come whole: if
/// they grew together until all is taken, what some give up would not be free soon enough for the others.
pub(super) struct ValueSoFar {
    bytes: Vec<u8>,
    /// How long it is at most: as announced, or as may be stored.
    most: usize,
    holder: Holder,
    share: Share,
}

impl ValueSoFar {
    /// Nothing yet of a value of `most` bytes at most, for which `holder` holds memory.
    pub(super) fn new(most: usize, holder: &Holder) -> ValueSoFar {
        ValueSoFar { bytes: Vec::new(), most, holder: holder.clone(), share: holder.share() }
    }

    /// Learns how many bytes will come, or nothing of that.
    pub(super) fn expects(&mut self, bytes: Option<u64>) -> Result<(), NoValue> {
        let Some(bytes) = bytes else { return Ok(()) };
        self.most = usize::try_from(bytes).ok().filter(|bytes| *bytes <= self.most).ok_or(NoValue::TooLarge)?;
        self.make_room(self.most)
    }

    /// Takes what came next.
    pub(super) fn take(&mut self, data: &[u8]) -> Result<(), NoValue> {
        let length = self.bytes.len() + data.len();
        if length > self.most {
            return Err(NoValue::TooLarge);
        }
        if length > self.bytes.capacity() {
            self.make_room((2 * self.bytes.capacity()).clamp(length, self.most))?;
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    /// What it moves out of stays counted: the allocator keeps that for a while.
    fn make_room(&mut self, room: usize) -> Result<(), NoValue> {
        let counted = self.bytes.capacity() + room;
        if !self.holder.takes_of_spare(counted - self.share.bytes()) {
            self.holder.shed(Shed::Value);
            return Err(NoValue::NoMemory);
        }
        self.share.set(counted);
        self.bytes.reserve_exact(room - self.bytes.len());
        Ok(())
    }

    /// All of it.
    pub(super) fn whole(mut self) -> Bytes {
        self.bytes.shrink_to_fit();
        Bytes::from(self.bytes)
    }
}
