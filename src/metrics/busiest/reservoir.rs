//! A uniform sample of a stream of unknown length: Algorithm L of K.-H. Li, "Reservoir-sampling algorithms of time
//! complexity O(n(1 + log(N/n)))", 1994. Instead of tossing a coin for each key it draws how many to skip.

/// How many keys are kept.
pub(super) const KEPT: usize = 128;
/// The room a key is given at first, in bytes: most keys that take its place later fit there. Else each would be somewhere
/// else, one here and one there among what a crowd makes, and would keep a page long after that.
const ROOM: usize = 64;

/// A sample of the keys that were offered or skipped so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservoir {
    kept: Vec<Vec<u8>>,
    /// How many keys there were, those included that are yet to be skipped.
    seen: u64,
    /// How likely the next key is to be kept, about.
    weight: f64,
}

impl Reservoir {
    /// Takes a key in. How many of the next ones are to be skipped before one is offered again. `chance` is in 0..=1,
    /// and hardly ever 0.
    pub(super) fn offer(&mut self, key: &[u8], mut chance: impl FnMut() -> f64) -> u32 {
        self.seen += 1;
        if self.kept.len() < KEPT {
            let mut kept = Vec::with_capacity(ROOM);
            kept.extend_from_slice(key);
            self.kept.push(kept);
            if self.kept.len() < KEPT {
                return 0;
            }
            self.weight = 1.0;
        } else {
            let place = (chance() * KEPT as f64) as usize;
            let kept = &mut self.kept[place.min(KEPT - 1)];
            kept.clear();
            kept.extend_from_slice(key);
        }
        self.weight *= chance().powf(1.0 / KEPT as f64);
        // A cast keeps within bounds what is not finite or too large.
        let skip = (chance().ln() / (1.0 - self.weight).ln()) as u32;
        self.seen += u64::from(skip);
        skip
    }

    /// The sample, and how many keys it stands for, of which `unskipped` have not come yet.
    pub(super) fn drain(self, unskipped: u32) -> Drained {
        Drained { keys: self.kept, seen: self.seen.saturating_sub(u64::from(unskipped)) }
    }
}

/// A sample that is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Drained {
    /// The keys, some of them several times.
    pub keys: Vec<Vec<u8>>,
    /// How many they stand for.
    pub seen: u64,
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Samples the numbers below `length` as keys.
    fn sample(length: u32, rng: &mut StdRng) -> Drained {
        let (mut reservoir, mut skip) = (Reservoir::default(), 0);
        for key in 0..length {
            if skip == 0 {
                skip = reservoir.offer(&key.to_be_bytes(), || 1.0 - rng.random::<f64>());
            } else {
                skip -= 1;
            }
        }
        reservoir.drain(skip)
    }

    #[test]
    fn a_short_stream_is_kept_whole() {
        let drained = sample(100, &mut StdRng::seed_from_u64(1));
        assert_eq!((drained.keys.len(), drained.seen), (100, 100));
    }

    #[test]
    fn what_was_seen_is_counted_without_what_is_yet_to_be_skipped() {
        for length in [127, 128, 129, 1_000, 54_321] {
            let drained = sample(length, &mut StdRng::seed_from_u64(2));
            assert_eq!(drained.seen, u64::from(length));
            assert_eq!(drained.keys.len(), KEPT.min(length as usize));
        }
    }

    /// Each tenth of the stream is expected 128 times in 100 samples of 128; the seed makes it the same every time, the
    /// bound is five standard deviations.
    #[test]
    fn every_part_of_a_long_stream_is_as_likely() {
        let (mut rng, mut tenths) = (StdRng::seed_from_u64(3), [0u32; 10]);
        for _ in 0..100 {
            for key in sample(10_000, &mut rng).keys {
                let number = u32::from_be_bytes(key[..].try_into().unwrap());
                tenths[number as usize / 1_000] += 1;
            }
        }
        assert!(tenths.iter().all(|count| (1_280 - 170..=1_280 + 170).contains(count)), "{tenths:?}");
    }

    #[test]
    fn a_long_stream_offers_few() {
        let (mut reservoir, mut rng) = (Reservoir::default(), StdRng::seed_from_u64(4));
        let (mut seen, mut offered) = (0u64, 0);
        while seen < 10_000_000 {
            seen += 1 + u64::from(reservoir.offer(b"key", || 1.0 - rng.random::<f64>()));
            offered += 1;
        }
        assert!(offered < 2_500, "{offered} of ten million");
    }

    #[test]
    fn no_chance_however_unlikely_breaks_it() {
        for unlikely in [0.0, f64::MIN_POSITIVE, 0.5, 1.0] {
            let mut reservoir = Reservoir::default();
            (0..1_000).for_each(|_| {
                reservoir.offer(b"key", || unlikely);
            });
            assert_eq!(reservoir.drain(u32::MAX).keys.len(), KEPT);
        }
    }
}
