//! When a leash does what nobody asked it for: probes a server that is down, looks a name up again, replays deletes.
//! Thousands of sidecars see the same server go and come back at the same moment, so chance keeps them out of step, and
//! each takes of a busy server only what that has to give. `tests/simulations/fleet` shows what becomes of ten thousand.

use std::time::Duration;

const FIRST_PROBE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// Time between two look-ups of a name.
const LOOK_UP: Duration = Duration::from_secs(30);
/// Deletes in flight at first; at 200,000 a second a server answers those of ten thousand sidecars in 0.4 s.
const FIRST_BATCH: usize = 8;
/// Deletes in flight at most.
pub(super) const LARGEST_BATCH: usize = 256;
/// Full batches begin this far apart at least: about 50,000 deletes a second, as a server has more than one leash.
const PERIOD: Duration = Duration::from_millis(5);

/// How long to wait before probe number `attempt` (from 0): 100 ms doubled each time up to 10 s, then less by up to
/// half. `chance` is in 0..1.
pub fn probe_delay(attempt: u32, chance: f64) -> Duration {
    let full = FIRST_PROBE.saturating_mul(1 << attempt.min(7)).min(LONGEST);
    full.mul_f64(1.0 - chance / 2.0)
}

/// How long to wait before a name is looked up again: 30 s, less by up to half.
pub fn look_up_delay(chance: f64) -> Duration {
    LOOK_UP.mul_f64(1.0 - chance / 2.0)
}

/// How many deletes are replayed at once, and how long to rest after them. It begins small, doubles while the server
/// keeps up, and is halved while batches take longer than they could.
#[derive(Debug)]
pub struct ReplayPace {
    batch: usize,
    patience: Duration,
    fastest: Option<Duration>,
}

impl ReplayPace {
    /// For a server whose batches fail if they take longer than `patience`.
    pub fn new(patience: Duration) -> ReplayPace {
        ReplayPace { batch: FIRST_BATCH, patience, fastest: None }
    }

    /// How many deletes the next batch is to have.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Learns that a full batch took so long. How long to rest before the next one.
    pub fn took(&mut self, time: Duration) -> Duration {
        let fastest = self.fastest.map_or(time, |fastest| fastest.min(time));
        self.fastest = Some(fastest);
        // A distant server takes its time, too, but always about the same.
        if time > fastest + self.patience / 8 || time > self.patience / 4 {
            self.batch = (self.batch / 2).max(1);
            return time;
        }
        self.batch = (self.batch * 2).min(LARGEST_BATCH);
        PERIOD.saturating_sub(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn probes_start_at_a_tenth_of_a_second_and_never_wait_longer_than_ten() {
        assert_eq!(probe_delay(0, 0.0), Duration::from_millis(100));
        assert_eq!(probe_delay(2, 0.0), Duration::from_millis(400));
        assert_eq!(probe_delay(60, 0.0), Duration::from_secs(10));
        assert_eq!(probe_delay(60, 1.0), Duration::from_secs(5));
    }

    #[test]
    fn a_server_that_keeps_up_is_soon_told_as_much_as_it_may_be() {
        let mut pace = ReplayPace::new(Duration::from_secs(1));
        let batches: Vec<usize> = (0..7).map(|_| (pace.batch(), pace.took(MILLISECOND)).0).collect();
        assert_eq!(batches, [8, 16, 32, 64, 128, 256, 256]);
        assert_eq!(pace.took(MILLISECOND), 4 * MILLISECOND, "and not more often than that");
    }

    #[test]
    fn a_busy_server_is_told_less_and_a_distant_one_is_not() {
        let mut pace = ReplayPace::new(Duration::from_secs(1));
        for _ in 0..6 {
            assert_eq!(pace.took(150 * MILLISECOND), Duration::ZERO, "it is far away");
        }
        assert_eq!(pace.batch(), 256);
        assert_eq!((pace.took(300 * MILLISECOND), pace.batch()), (300 * MILLISECOND, 128));
        for _ in 0..20 {
            pace.took(900 * MILLISECOND);
        }
        assert_eq!(pace.batch(), 1);
        for _ in 0..8 {
            pace.took(160 * MILLISECOND);
        }
        assert_eq!(pace.batch(), 256, "it is not busy any more");
    }
}
