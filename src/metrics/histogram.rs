//! The fixed buckets of the histograms: a first upper bound, doubled 17 times, and one bucket for what is longer.
//!
//! Powers of two make the bucket of a duration a multiplication and a count of leading zeros. The same buckets
//! everywhere make histograms of routes and of fleets addable.

use std::time::Duration;

/// The first upper bound for the durations of requests, in nanoseconds: 50 µs, and so up to 6.5 s.
pub(super) const LATENCY: u64 = 50_000;

/// The first upper bound for what happens to values while applications compute them anew: 1 ms, and so up to 131 s.
pub(super) const LIFETIME: u64 = 1_000_000;

/// How many buckets have an upper bound.
pub(super) const BOUNDED: usize = 18;

/// All buckets; the last one has no upper bound.
pub(super) const BUCKETS: usize = BOUNDED + 1;

/// Behind the buckets in a shard: the sum of the durations.
pub(super) const NANOS: usize = BUCKETS;

/// The cells of a histogram in a shard.
pub(super) const CELLS: usize = NANOS + 1;

/// The bucket a duration falls into: the first whose upper bound is not below it.
///
/// The first bound is a parameter of the function, not an argument, so that no division is left in the code.
pub(super) fn bucket<const FIRST_NANOS: u64>(nanos: u64) -> usize {
    let units = nanos.saturating_sub(1) / FIRST_NANOS;
    let doublings = u64::BITS - units.leading_zeros();
    (doublings as usize).min(BOUNDED)
}

/// What a histogram holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Durations<const FIRST_NANOS: u64> {
    /// How many fell into each bucket.
    pub counts: [u64; BUCKETS],
    /// Their sum.
    pub nanos: u64,
}

impl<const FIRST_NANOS: u64> Durations<FIRST_NANOS> {
    /// Reads the cells of a histogram.
    pub(super) fn read(cell: impl Fn(usize) -> u64) -> Durations<FIRST_NANOS> {
        Durations { counts: std::array::from_fn(&cell), nanos: cell(NANOS) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Seconds that this share of them did not exceed, estimated within the bucket it falls into. What took longer than
    /// all buckets counts as the longest. `None` where there are none.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let all = self.count();
        let wanted = share * all as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (upper, count) in Self::upper_bounds().into_iter().zip(self.counts) {
            let here = count as f64;
            if here > 0.0 && below + here >= wanted {
                return Some(lower + (upper - lower) * (wanted - below) / here);
            }
            (below, lower) = (below + here, upper);
        }
        (all > 0).then_some(lower)
    }

    /// The upper bounds of the bounded buckets, in seconds.
    pub(super) fn upper_bounds() -> [f64; BOUNDED] {
        std::array::from_fn(|bucket| (FIRST_NANOS << bucket) as f64 / 1e9)
    }
}

/// Nanoseconds, as far as 64 bits reach.
pub(super) fn nanos(elapsed: Duration) -> u64 {
    elapsed.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(elapsed.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it() {
        for (nanos, expected) in [
            (0, 0),
            (1, 0),
            (50_000, 0),
            (50_001, 1),
            (100_000, 1),
            (100_001, 2),
            (6_553_600_000, 17),
            (6_553_600_001, 18),
            (u64::MAX, 18),
        ] {
            assert_eq!(bucket::<LATENCY>(nanos), expected, "{nanos} ns");
        }
    }

    #[test]
    fn the_life_of_a_value_has_longer_buckets() {
        for (micros, expected) in [
            (0, 0),
            (1_000, 0),
            (1_001, 1),
            (2_000, 1),
            (2_001, 2),
            (60_000_000, 16),
            (65_536_001, 17),
            (131_072_000, 17),
            (131_072_001, 18),
        ] {
            assert_eq!(bucket::<LIFETIME>(micros * 1_000), expected, "{micros} µs");
        }
        assert_eq!((bucket::<LIFETIME>(1_000_001), bucket::<LIFETIME>(u64::MAX)), (1, 18));
    }

    #[test]
    fn bounds_are_short_decimal_numbers() {
        let texts = Durations::<LATENCY>::upper_bounds().map(|bound| bound.to_string());
        assert_eq!(texts[..4], ["0.00005", "0.0001", "0.0002", "0.0004"]);
        assert_eq!(texts[BOUNDED - 1], "6.5536");
        let texts = Durations::<LIFETIME>::upper_bounds().map(|bound| bound.to_string());
        assert_eq!(texts[..4], ["0.001", "0.002", "0.004", "0.008"]);
        assert_eq!(texts[BOUNDED - 1], "131.072");
    }

    #[test]
    fn an_absurd_duration_is_counted_not_wrapped() {
        assert_eq!(nanos(Duration::MAX), u64::MAX);
        assert_eq!(nanos(Duration::from_micros(1)), 1_000);
    }
}
