//! What is wrong, in words, the worst first: what a person should read before anything else.

mod config;
mod deletes;
mod loaders;
mod queues;
mod servers;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{Grade, Overview, ShownServer};
use crate::readable::{amount, counted};

/// More things of a kind than this are not named.
const NAMED: usize = 3;
/// A share of requests that ended with an error that is worth a word.
const MANY_ERRORS: f64 = 0.01;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Whether users notice it.
    pub is_grave: bool,
    /// What it is, and what it means.
    pub text: String,
    /// More about it, a line each; few.
    pub details: Vec<String>,
}

impl Overview {
    /// The same with what is wrong in it.
    pub fn judged(mut self) -> Overview {
        self.troubles = troubles(&self);
        self
    }

    /// How all of it is.
    pub fn grade(&self) -> Grade {
        self.troubles.iter().map(Trouble::grade).max().unwrap_or(Grade::Good)
    }

    /// All of it in one line.
    pub fn in_brief(&self) -> String {
        let all = counted(self.servers.len(), "server");
        match self.servers.iter().filter(|server| !server.is_asked()).count() {
            0 if self.servers.is_empty() => self.queues_in_brief(),
            0 if self.servers.len() == 1 => "The server is up".to_string(),
            0 => format!("All {all} are up"),
            1 => format!("1 of {all} is down"),
            down => format!("{down} of {all} are down"),
        }
    }
}

impl Trouble {
    /// How bad it is.
    pub fn grade(&self) -> Grade {
        if self.is_grave { Grade::Bad } else { Grade::Fair }
    }

    fn grave(text: String) -> Trouble {
        Trouble { is_grave: true, text, details: Vec::new() }
    }

    fn slight(text: String) -> Trouble {
        Trouble { is_grave: false, text, details: Vec::new() }
    }

    fn with(self, details: Vec<String>) -> Trouble {
        Trouble { details, ..self }
    }
}

fn troubles(overview: &Overview) -> Vec<Trouble> {
    let mut all = servers::blackouts(overview);
    all.extend(servers::down(overview));
    all.extend(errors(overview));
    all.extend(queues::disk(overview));
    all.extend(loaders::held_back(overview));
    all.extend(deletes::refused(overview));
    all.extend(deletes::lost(overview));
    all.extend(deletes::spools_failing(overview));
    all.extend(servers::suspect(overview));
    all.extend(loaders::failing(overview));
    all.extend(queues::damaged(overview));
    all.extend(queues::waiting_long(overview));
    all.extend(config::refused(overview));
    all.extend(config::restart(overview));
    all.sort_by_key(|trouble| !trouble.is_grave);
    all
}

fn errors(overview: &Overview) -> Option<Trouble> {
    let share = overview.now.errors / overview.now.requests;
    (share > MANY_ERRORS).then(|| {
        let many = amount(overview.now.errors);
        Trouble::grave(format!("{many} requests a second had no answer, or ended with an error."))
    })
}

/// `m1 (main), m2 (main) and 4 more`; `None` without a server.
fn names<'s>(servers: impl IntoIterator<Item = &'s ShownServer>) -> Option<String> {
    listed(servers.into_iter().map(name))
}

/// The first names, and how many more there are; `None` without one.
fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<String> = names.collect();
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        n if n <= NAMED => Some(named),
        n => Some(format!("{named} and {} more", n - NAMED)),
    }
}

fn name(server: &ShownServer) -> String {
    format!("{} ({})", server.name, server.pool)
}
