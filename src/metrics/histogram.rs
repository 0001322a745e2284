//! The fixed buckets of the latency histograms: 50 µs doubled up to 6.5 s, and one for what is slower.
//!
//! Powers of two make the bucket of a duration a multiplication and a count of leading zeros. The same buckets
//! everywhere make histograms of routes and of fleets addable.

use std::time::Duration;

/// The upper bound of the first bucket.
const FIRST_NANOS: u64 = 50_000;

/// How many buckets have an upper bound.
pub const BOUNDED: usize = 18;

/// All buckets; the last one has no upper bound.
pub const BUCKETS: usize = BOUNDED + 1;

/// The bucket a duration falls into: the first whose upper bound is not below it.
pub fn bucket(nanos: u64) -> usize {
    let units = nanos.saturating_sub(1) / FIRST_NANOS;
    let doublings = u64::BITS - units.leading_zeros();
    (doublings as usize).min(BOUNDED)
}

/// The upper bound of a bounded bucket, in seconds.
pub fn upper_bound(bucket: usize) -> f64 {
    (FIRST_NANOS << bucket) as f64 / 1e9
}

/// Nanoseconds, as far as 64 bits reach.
pub fn nanos(elapsed: Duration) -> u64 {
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
            assert_eq!(bucket(nanos), expected, "{nanos} ns");
        }
    }

    #[test]
    fn bounds_are_short_decimal_numbers() {
        let texts: Vec<String> = (0..BOUNDED).map(|bucket| upper_bound(bucket).to_string()).collect();
        assert_eq!(texts[..4], ["0.00005", "0.0001", "0.0002", "0.0004"]);
        assert_eq!(texts[BOUNDED - 1], "6.5536");
    }

    #[test]
    fn an_absurd_duration_is_counted_not_wrapped() {
        assert_eq!(nanos(Duration::MAX), u64::MAX);
        assert_eq!(nanos(Duration::from_micros(1)), 1_000);
    }
}
