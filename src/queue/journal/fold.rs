//! What is owed to a disk that takes nothing is made short: messages of a queue go mostly in their order, so one record can
//! say of many that they are gone.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::QueueJournal;
use crate::queue::disk::SegmentDisk;
use crate::queue::record::{QueueEvent, QueueRecord};
use crate::runtime::frames::salted;

/// The first message that is left of a queue, if all before it are gone for good; and whether anything owed is about those.
struct FirstLeft {
    id: Option<u64>,
    is_covering: bool,
}

impl<D: SegmentDisk> QueueJournal<D> {
    /// Puts one record in place of those about messages that stood before the first one left, as `first_left` tells it of each
    /// queue. It looks at all that is owed, so it does nothing before that has grown.
    pub(in crate::queue) fn fold_owed(&mut self, first_left: impl Fn(&Bytes) -> Option<u64>) {
        if (self.owed.len() as u64) < self.folded as u64 + self.full / 16 {
            return;
        }
        let (mut queues, mut left) = (BTreeMap::<Bytes, FirstLeft>::new(), Vec::new());
        let mut rest = &self.owed[..];
        while let Some((record, length)) = salted::next::<QueueRecord>(rest, self.salt) {
            let (bytes, behind) = rest.split_at(length);
            let of_queue = queues
                .entry(record.queue.clone())
                .or_insert_with_key(|name| FirstLeft { id: first_left(name), is_covering: false });
            if of_queue.id.is_some_and(|first| record.is_about_gone(first)) {
                of_queue.is_covering = true;
            } else {
                left.extend_from_slice(bytes);
            }
            rest = behind;
        }
        for (queue, first) in queues {
            if let FirstLeft { id: Some(id), is_covering: true } = first {
                salted::push(&QueueRecord { queue, id, event: QueueEvent::Emptied }, self.salt, &mut left);
            }
        }
        self.folded = left.len();
        self.owed = left;
    }
}
