//! What the stories share: how long they take, and that no two of them disturb each other.

use std::time::{Duration, Instant};

use support::{needs, turn};

/// Thousands of clients have a socket each.
const OPEN_FILES: u64 = 10_000;

/// Whether the long form is asked for.
pub fn is_long() -> bool {
    std::env::var_os("LEASH_TEST_LONG").is_some()
}

/// Waits for its turn: what is timed must not be timed beside another story.
pub fn alone() -> turn::Alone {
    needs::open_files(OPEN_FILES);
    turn::alone()
}

/// The figure that is promised, in the long form; in the short one what a busy machine and a build for debugging make
/// of it.
pub fn promised(figure: Duration, short: Duration) -> Duration {
    if is_long() { figure } else { short }
}

/// Lets things go on, longer in the long form.
pub fn go_on(short: Duration) -> std::ops::Range<Instant> {
    let begun = Instant::now();
    support::pause(if is_long() { 3 * short } else { short });
    begun..Instant::now()
}

/// How often something is repeated, more often in the long form.
pub fn rounds(short: usize) -> usize {
    if is_long() { 3 * short } else { short }
}

/// The share that is promised, in the long form; in the short one what a busy machine leaves of it.
pub fn share(promised: f64) -> f64 {
    if is_long() { promised } else { 0.8 * promised }
}
