//! Whether what stands where a winner's outdated value was stored may have been made of it.
//!
//! Deleting a value too many costs a miss, and leaving one too many costs the truth; but a lock that was added since must
//! not be given twice. Locks and counters carry no marker, so on a marked value they were not built.

use super::Policy;
use crate::protocol::{Item, Store};

impl Policy {
    /// Whether `item` may have been made of the value that was stored as `ours`: appended to it, counted in it, or stored
    /// over it by somebody who had read it.
    pub fn may_be_built_on(&self, ours: &Store, item: &Item) -> bool {
        if self.is_marked(item) {
            return true;
        }
        let value = item.value.as_deref().unwrap_or_default();
        // What is appended to and counted in keeps the marker.
        ours.client_flags & self.marker == 0
            && (memchr::memmem::find(value, &ours.value).is_some() || (is_count(&ours.value) && is_count(value)))
    }
}

/// Whether memcached counts in it: it pads numbers that get shorter.
fn is_count(value: &[u8]) -> bool {
    let digits = value.trim_ascii_end();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
