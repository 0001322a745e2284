//! The search for a seed whose story breaks a promise, on all cores; such a seed is told again, in full.

use std::fmt::Debug;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Builder;
use tokio::task::unconstrained;

use super::simulation::{Outcome, Simulation};

/// A kind of story. Each seed tells another one.
pub trait Plot: Copy + Debug + Sync {
    /// How a part of the world breaks its word; none does as a rule.
    type Fault: Copy + Debug + Default + Sync;

    async fn play(self, simulation: Rc<Simulation>, fault: Self::Fault);
}

/// Panics with the story of the first seed found that breaks a promise, if one of so many does. `LEASH_STORIES=n` makes
/// them n times as many, or a part of them: `LEASH_STORIES=0.2`.
pub fn explore(plot: impl Plot, usually: u64) {
    let times = std::env::var("LEASH_STORIES").map_or(1.0, |times| times.parse().expect("how many times as many"));
    let seeds = 0..(usually as f64 * times).ceil() as u64;
    if let Some((seed, first)) = first_broken(seeds, |seed| tell(plot, seed, Default::default(), false).broken) {
        let told = tell(plot, seed, Default::default(), true);
        let why = told.broken.unwrap_or(format!("{first} (the seed does not do it again)"));
        panic!("{plot:?}, seed {seed}: {why}\n{}", told.story);
    }
}

/// A simulation that finds nothing may see nothing: one of so many stories with this fault breaks this promise first.
pub fn assert_found_out<P: Plot>(plot: P, fault: P::Fault, promise: &str, within: u64) {
    let breaks_it = |seed| tell(plot, seed, fault, false).broken.filter(|why| why.starts_with(promise));
    let found = first_broken(0..within, breaks_it);
    assert!(found.is_some(), "{fault:?} breaks {promise:?} in none of {within} stories of {plot:?}");
}

/// A seed that is told twice tells the same story.
pub fn assert_repeatable(plots: &[impl Plot], seeds: u64) {
    for seed in 0..seeds {
        for plot in plots {
            let [one, other] = [(); 2].map(|()| tell(*plot, seed, Default::default(), true).story);
            assert!(!one.is_empty() && one == other, "{plot:?}, seed {seed}:\n{one}\n-- and --\n{other}");
        }
    }
}

/// The lowest seed found that breaks a promise, and how. `broken` says what a seed breaks.
fn first_broken(seeds: Range<u64>, broken: impl Fn(u64) -> Option<String> + Sync) -> Option<(u64, String)> {
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
fn tell<P: Plot>(plot: P, seed: u64, fault: P::Fault, is_told: bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(unconstrained(async {
        let simulation = Simulation::new(seed, is_told);
        plot.play(simulation.clone(), fault).await;
        simulation.end()
    }))
}
