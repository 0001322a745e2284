//! `leash check`: would leash start with these files? What it passes starts, for the same user on the same machine.
//!
//! ```text
//!   file ─▶ config: what it means ─▶ here: can this user listen and write there?
//!        ─▶ connect, if that is asked for: can leash use what the file names? ─▶ verdict, in words or as JSON
//! ```
//! Changes nothing and disturbs no leash that serves: a port that is taken may be taken by the one that the file is for.

mod connect;
mod here;
mod verdict;

use crate::config::problem::ConfigPlace;
use crate::config::{Config, ConfigSource, Origin, Problems};
pub use connect::Inquired;
pub use verdict::FileVerdict;

/// What is to be checked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOrder {
    /// The files.
    pub sources: Vec<ConfigSource>,
    /// Whether leash would start on this machine, as this user.
    pub is_here: bool,
    /// Whether what the files name is asked, too.
    pub connects: bool,
    /// Whether programs read the answer.
    pub as_json: bool,
}

/// Checks all files, one after the other.
pub fn run(order: &CheckOrder) -> impl Iterator<Item = FileVerdict> {
    order.sources.iter().map(|source| order.check(source))
}

impl CheckOrder {
    fn check(&self, source: &ConfigSource) -> FileVerdict {
        let file = source.name();
        let checked = Origin::of(source.clone()).load().and_then(|config| self.look_here(&file, config));
        let asked =
            checked.as_ref().ok().filter(|_| self.connects).map_or(Ok(vec![]), |config| self.ask(&file, config));
        match asked {
            Ok(asked) => FileVerdict { file, checked, asked },
            Err(problems) => FileVerdict { file, checked: Err(problems), asked: vec![] },
        }
    }

    fn ask(&self, file: &str, config: &Config) -> Result<Vec<Inquired>, Problems> {
        let asked = connect::ask(file, config, self.is_here);
        asked.map_err(|error| Problems::only(ConfigPlace::top(file), format!("nothing can be asked: {error}")))
    }

    fn look_here(&self, name: &str, config: Config) -> Result<Config, Problems> {
        let problems = if self.is_here { here::problems(name, &config) } else { Problems::default() };
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}
