//! How long a client that waits for a message lets pass before its holder is asked again: longer each time, and never as
//! long as the others.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(256);

/// The pause after so many questions in vain, by `chance` from 0 to 1.
pub(crate) fn pause(in_vain: u32, chance: f64) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << in_vain.min(16)).min(LONGEST);
    doubled.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_quarter_of_a_second_and_differ_by_chance() {
        assert_eq!((pause(0, 1.0), pause(0, 0.0)), (SHORTEST, SHORTEST / 2));
        for in_vain in 0..40 {
            assert!(pause(in_vain + 1, 0.3) >= pause(in_vain, 0.3));
            assert!(pause(in_vain, 0.7) > pause(in_vain, 0.6));
        }
        assert_eq!((pause(40, 1.0), pause(u32::MAX, 0.0)), (LONGEST, LONGEST / 2));
    }
}
