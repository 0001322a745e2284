//! The search for a seed whose story breaks a promise, on all cores.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Builder;
use tokio::task::unconstrained;

/// The seeds of so many stories; `LEASH_STORIES=n` makes them n times as many, or a part of them: `LEASH_STORIES=0.2`.
pub fn stories(usually: u64) -> Range<u64> {
    let times = std::env::var("LEASH_STORIES").map_or(1.0, |times| times.parse().expect("how many times as many"));
    0..(usually as f64 * times).ceil() as u64
}

/// The lowest seed found that breaks a promise, and how. `broken` plays a seed and says what it breaks.
pub fn first_broken(seeds: Range<u64>, broken: impl Fn(u64) -> Option<String> + Sync) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(None::<(u64, String)>);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if let Some(why) = broken(seed) {
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(lowest, _)| seed < *lowest) {
                            *found = Some((seed, why));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Plays a story in a time of its own, which stands still while anything can happen.
pub fn tell<T>(story: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(unconstrained(story))
}
