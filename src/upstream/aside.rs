//! Reads that turn out to wait behind a large value: leash asks them once more on a connection where nothing large is
//! on its way, and throws their replies on this one away.
//!
//! That costs the server a second answer, so it is done for those only who are likely to be given a small one, having
//! been given small ones lately, and where asking twice does what asking once does. A server that does not keep up is not
//! asked twice: it would keep up even less.

use std::time::Instant;

use super::lane::Lane;
use super::link::Link;
use super::slot::Slot;
use crate::metrics::UpstreamCount;

impl Lane {
    /// Lets others step aside from behind the large value that begins to arrive.
    pub(super) fn let_aside(&self, now: Instant) {
        // There may be keys that it must not be asked for again.
        if !self.target.health.is_calm() || self.lags() {
            return;
        }
        let Some(other) = self.aside().filter(|other| !other.lags()) else { return };
        // The timer of the other lane runs for the question that is first there: this one may be told half a deadline
        // late.
        let longest = self.target.options.request_timeout / 2;
        let may = |slot: &Slot| {
            now.saturating_duration_since(slot.asked) <= longest && self.common.takers.of_small.has(slot.mark.whose)
        };
        let aside = {
            let Link { output, slots, .. } = &mut *self.link.borrow_mut();
            slots.keep_words(output.text());
            slots.step_aside(may)
        };
        self.count(UpstreamCount::Retries, aside.len() as u64);
        for (slot, words) in aside {
            other.take_over(slot, &words);
        }
    }
}
