//! How long a client waits for its small gets.

use std::time::{Duration, Instant};

use support::{Client, Leash};

/// What a machine that others use may add to any wait. A worker that serves one client alone takes seconds.
const NOISE: Duration = Duration::from_millis(100);
/// How often it is measured until it is well.
const ROUNDS: usize = 4;
/// What a get counts as that was not answered in time, and missed.
const MISSED: Duration = Duration::from_secs(1);
/// Latencies below this are as good as none.
const UNSEEN: Duration = Duration::from_millis(5);

/// A client with one small item.
pub struct Victim {
    client: Client,
}

impl Victim {
    pub fn of(leash: &Leash) -> Victim {
        let mut client = leash.client();
        client.expect("set victim 0 0 5\r\nsmall\r\n", "STORED\r\n");
        Victim { client }
    }

    /// The wait that 99 of 100 gets do not exceed.
    pub fn p99(&mut self) -> Duration {
        let mut waits: Vec<Duration> = (0..400).map(|_| self.get()).collect();
        waits.sort_unstable();
        waits[waits.len() * 99 / 100]
    }

    fn get(&mut self) -> Duration {
        let begun = Instant::now();
        match self.client.get("victim").expect("a reply") {
            Some(value) => assert_eq!(value, b"small"),
            None => return MISSED,
        }
        begun.elapsed()
    }

    /// Panics if it waits much longer than it did alone.
    #[track_caller]
    pub fn is_as_well_as(&mut self, alone: Duration, beside: &str) {
        let most = UNSEEN.max(2 * alone) + NOISE;
        let mut p99 =
            (0..ROUNDS).map(|_| self.p99()).inspect(|p99| println!("alone {alone:?}, beside {beside} {p99:?}"));
        // Whoever is starved is so in every round; a machine that is busy with something else is not.
        let fits = p99.any(|p99| p99 <= most);
        assert!(fits, "beside {beside} more than {most:?}, alone {alone:?}");
    }
}
