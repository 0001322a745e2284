//! Whether an item may have been made of the outdated value that a winner stored there.
//!
//! Deleting one item too many costs a miss; leaving one too many serves an outdated value. But a lock that was added
//! since must stay, or two clients would hold it. Locks and counters carry no marker, so none was made of a marked
//! value.

use super::Policy;
use crate::protocol::{Item, Store};

impl Policy {
    /// Whether `item` may have been made of the value that was stored as `ours`: appended to it, counted in it, or
    /// stored over it by a client that had read it.
    pub fn may_be_built_on(&self, ours: &Store, item: &Item) -> bool {
        if self.is_marked(item) {
            return true;
        }
        let value = item.value.as_deref().unwrap_or_default();
        // An append or a count keeps the marker.
        ours.client_flags & self.marker == 0
            && (memchr::memmem::find(value, &ours.value).is_some() || (is_count(&ours.value) && is_count(value)))
    }
}

/// Whether memcached counts in it: it pads numbers that get shorter.
fn is_count(value: &[u8]) -> bool {
    let digits = value.trim_ascii_end();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
