//! `leash check`: would leash start with these files? What it passes starts, for the same user on the same machine.
//!
//! ```text
//!   file ─▶ config: what it means ─▶ here: can this user listen and write there? ─▶ verdict, in words or as JSON
//! ```
//! Changes nothing and disturbs no leash that serves: a port that is taken may be taken by the one that the file is for.

mod here;
mod verdict;

use crate::config::{Config, ConfigSource, Origin, Problems};
pub use verdict::FileVerdict;

/// What is to be checked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOrder {
    /// The files.
    pub sources: Vec<ConfigSource>,
    /// Whether leash would start on this machine, as this user.
    pub is_here: bool,
    /// Whether programs read the answer.
    pub as_json: bool,
}

/// Checks all files, one after the other.
pub fn run(order: &CheckOrder) -> impl Iterator<Item = FileVerdict> {
    order.sources.iter().map(|source| {
        let name = source.name();
        let checked = Origin::of(source.clone()).load().and_then(|config| order.look_here(&name, config));
        FileVerdict::of(name, checked)
    })
}

impl CheckOrder {
    fn look_here(&self, name: &str, config: Config) -> Result<Config, Problems> {
        let problems = if self.is_here { here::problems(name, &config) } else { Problems::default() };
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}
