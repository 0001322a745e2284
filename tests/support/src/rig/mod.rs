//! Trouble that can be repeated: servers and links that are slow, broken or hostile, clients that are many or hostile, and
//! what somebody beside them feels.
//!
//! Each piece runs on a thread of its own and ends when it is dropped. Chance is seeded, every loop bounded.

mod background;
mod beside;
mod closed_loop;
mod flood;
mod frames;
mod keys;
mod lie;
mod load;
mod open_loop;
mod paced;
mod rate;
mod resident;
mod talk;
mod tally;
mod trouble;
mod way;

pub use background::Background;
pub use beside::{Beside, Felt};
pub use flood::{Flood, Reading};
pub use keys::Keys;
pub use lie::Lie;
pub use load::Load;
pub use paced::Paced;
pub use resident::Resident;
pub use talk::{connect, read_line};
pub use tally::{Outcome, Tally};
pub use trouble::Trouble;
pub use way::Pace;

/// Lets this process have as many open files as it may: thousands of clients have a socket each.
pub fn allow_many_files() {
    let pid = format!("--pid={}", std::process::id());
    let limits = std::fs::read_to_string("/proc/self/limits").expect("the limits of this process");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("that of files");
    let hard = files.split_whitespace().nth(4).expect("the hard one").to_string();
    let done = std::process::Command::new("prlimit").args([pid, format!("--nofile={hard}:{hard}")]).status();
    assert!(done.expect("prlimit runs; it is part of util-linux").success());
}
