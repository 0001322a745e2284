//! Which value an ETag was given for: kept in memory only, as a restart that loses it costs no more than a whole answer.
//!
//! An ETag counts only for the very bytes it came with. A stale value that another instance loaded, or a client set, is
//! asked for without one.

use std::sync::Arc;

use moka::sync::Cache;
use xxhash_rust::xxh3::xxh3_128;

use crate::route::refresh::decide::ItemId;

/// So many are kept, and none that is longer.
const MOST: u64 = 50_000;
const LONGEST: usize = 256;

/// The validators of all routes of the process.
pub(super) struct Validators(Cache<ItemId, Validator>);

#[derive(Clone)]
struct Validator {
    etag: Arc<str>,
    /// The hash of the value it came with.
    value: u128,
}

impl Validators {
    pub(super) fn new() -> Validators {
        Validators(Cache::new(MOST))
    }

    /// Notes what the answer with this value said of it.
    pub(super) fn note(&self, item: ItemId, value: &[u8], etag: Option<&str>) {
        match etag.filter(|etag| !etag.is_empty() && etag.len() <= LONGEST) {
            Some(etag) => self.0.insert(item, Validator { etag: etag.into(), value: xxh3_128(value) }),
            None => self.0.invalidate(&item),
        }
    }

    /// The ETag of this value.
    pub(super) fn of(&self, item: ItemId, value: &[u8]) -> Option<Arc<str>> {
        let known = self.0.get(&item)?;
        (known.value == xxh3_128(value)).then_some(known.etag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Key;

    #[test]
    fn an_etag_counts_for_the_value_it_came_with_alone() {
        let item = ItemId::new(0, &Key::text("k".into()).unwrap());
        let other = ItemId::new(1, &Key::text("k".into()).unwrap());
        let validators = Validators::new();
        validators.note(item, b"one", Some("\"1\""));
        assert_eq!(validators.of(item, b"one").as_deref(), Some("\"1\""));
        assert_eq!((validators.of(item, b"two"), validators.of(other, b"one")), (None, None));
        validators.note(item, b"one", Some(&"x".repeat(LONGEST + 1)));
        assert_eq!(validators.of(item, b"one"), None, "too long to be kept");
        validators.note(item, b"one", Some("\"2\""));
        validators.note(item, b"two", None);
        assert_eq!(validators.of(item, b"one"), None, "the next answer had none");
    }
}
