//! When deletes for each server were lost the last time, as far as this process has looked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// A server by its pool and name.
pub(super) type Named = (Arc<str>, Arc<str>);

/// How many were lost for each server when it was looked at, and since when it is so many.
#[derive(Default)]
pub(super) struct Losses(HashMap<Named, (u64, Instant)>);

impl Losses {
    /// Looks at how many were lost for each server so far. Called every [`STEP`](crate::admin::STEP).
    pub(super) fn note(&mut self, now: Instant, lost: impl Iterator<Item = (Named, u64)>) {
        let since = |(server, count): (Named, u64)| match self.0.get(&server) {
            Some(known) if known.0 == count => (server, *known),
            _ => (server, (count, now)),
        };
        self.0 = lost.filter(|(_, count)| *count > 0).map(since).collect();
    }

    /// When the last of `count` was lost; now, if that has not been noted yet.
    pub(super) fn last(&self, now: Instant, server: &Named, count: u64) -> Instant {
        self.0.get(server).filter(|known| known.0 == count).map_or(now, |known| known.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_loss_is_as_old_as_the_last_that_was_counted() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let server = |name: &str| -> Named { ("main".into(), name.into()) };
        let mut losses = Losses::default();
        losses.note(start, [(server("m0"), 2), (server("m1"), 0)].into_iter());
        losses.note(start + second, [(server("m0"), 2), (server("m1"), 1)].into_iter());
        let last = |losses: &Losses, name, count| losses.last(start + second * 9, &server(name), count) - start;
        assert_eq!((last(&losses, "m0", 2), last(&losses, "m1", 1)), (Duration::ZERO, second));
        assert_eq!(last(&losses, "m0", 3), second * 9, "one more, and no reading since");
        losses.note(start + second * 2, [(server("m0"), 3)].into_iter());
        assert_eq!((last(&losses, "m0", 3), losses.0.len()), (second * 2, 1), "servers that are gone are forgotten");
    }
}
