//! What leash shows people about itself, as one model: `/status` tells it as JSON, the status page draws it, and
//! `leash top` reads it. Data only; who knows workers and configurations fills it in.
//!
//! Seconds and shares of 1 are fractions. "Recent" is the last minutes, at most [`Overview::recent`]. Servers and
//! routes stand with the worst first, so a screen with little room shows the beginning.

pub(crate) mod curve;
pub(crate) mod labels;

mod grade;
mod loader;
mod migration;
mod queues;
mod rates;
mod trouble;

pub use crate::metrics::busiest::{Busiest, Busy};
pub use crate::snapshot::reloads::ConfigState;
use serde::{Deserialize, Serialize};

pub use curve::Curve;
pub use grade::Grade;
pub use loader::{FailedLoad, ShownLoader};
pub use migration::{Backfills, Migration, Next, Reads, next};
pub use queues::{ShownQueue, ShownQueues};
pub use rates::{Point, Rates, Saved};
pub use trouble::Trouble;

use crate::metrics::{ServerState, SpoolDrop, route_label};
use crate::readable::age;

/// One leash at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The process itself.
    pub process: Process,
    /// What became of the configuration.
    pub config: ConfigState,
    /// The last ten seconds.
    pub now: Rates,
    /// How many seconds "recent" is by now: five minutes, or less after a start.
    pub recent: f64,
    /// The recent minutes in steps of two seconds, the oldest first.
    pub history: Vec<Point>,
    /// What refreshing has saved in the recent minutes.
    pub saved: Saved,
    /// The same since the start.
    pub saved_in_all: Saved,
    /// The pools, in the configuration's order.
    pub pools: Vec<ShownPool>,
    /// All servers of all pools: those that are down first, then those that fail, then the busiest.
    pub servers: Vec<ShownServer>,
    /// The routes: those with errors first, then the busiest.
    pub routes: Vec<ShownRoute>,
    /// What clients ask for most.
    pub busiest: Busiest,
    /// What is wrong, the worst first; empty while all is well.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
}

/// The process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// The name of its machine; in Kubernetes, of its pod.
    #[serde(default)]
    pub instance: String,
    /// The version of leash.
    pub version: String,
    /// The time of the machine, in seconds of Unix time.
    pub unix_time: f64,
    /// Seconds since the start.
    pub uptime: f64,
    /// Where clients connect.
    pub listen: Vec<String>,
    /// Worker threads.
    pub workers: usize,
    /// Clients that are connected.
    pub clients: u64,
    /// Resident memory in bytes.
    pub memory: u64,
}

/// A pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownPool {
    /// Its name.
    pub name: String,
    /// How keys are spread over its servers.
    pub hash: String,
    /// The fingerprint of its placement: alike in the whole fleet.
    pub fingerprint: String,
    /// How many servers it has.
    pub servers: usize,
    /// How many of them are asked.
    pub up: usize,
    /// How many connections each of them gets from this leash as a rule; none in the store in this process.
    #[serde(default)]
    pub connections: usize,
    /// The pool that takes the keys of its down servers, on all its routes.
    #[serde(default)]
    pub gutter: Option<String>,
    /// Whether it only takes keys of other pools' down servers.
    #[serde(default)]
    pub is_gutter: bool,
    /// Whether all its servers look down at once, as they do when this machine has lost its network.
    #[serde(default)]
    pub is_blackout: bool,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownServer {
    /// The pool it is in.
    pub pool: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// The version of memcached that it is, as far as it has told.
    #[serde(default)]
    pub version: Option<String>,
    /// Its health.
    pub state: ServerState,
    /// Since when and why it is down; `None` while it is asked.
    #[serde(default)]
    pub downtime: Option<Downtime>,
    /// Open connections to it.
    pub connections: u64,
    /// Requests that wait for its reply.
    pub in_flight: u64,
    /// Requests a second, lately.
    pub requests: f64,
    /// Requests a second that it did not answer, lately.
    pub failures: f64,
    /// Seconds from a request to its reply, in the mean, lately; `None` if there was none.
    pub reply_time: Option<f64>,
    /// Deletes that wait for it; `None` where none does.
    #[serde(default)]
    pub spooled: Option<u64>,
    /// Those of them that it refuses although it is back; `None` where there are none.
    #[serde(default)]
    pub refused: Option<u64>,
    /// Why those that wait are in memory only though they are to be in a file; `None` where they are.
    #[serde(default)]
    pub spool_failing: Option<SpoolFailing>,
    /// Deletes that were to wait for it and are lost; `None` where none is.
    #[serde(default)]
    pub lost: Option<LostDeletes>,
}

/// Since when and why a server is down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Downtime {
    /// Since when, in seconds of Unix time.
    pub since: f64,
    /// What the last try to reach it ran into, or what it waits for.
    pub why: String,
}

/// Deletes that a server was not told of and will not be told of, since leash started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostDeletes {
    /// How many.
    pub count: u64,
    /// When the last one was lost, in seconds of Unix time.
    pub last: f64,
    /// For which reasons.
    pub why: Vec<SpoolDrop>,
}

/// Why the file of a spool does not hold what waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolFailing {
    /// Since when, in seconds of Unix time.
    pub since: f64,
    /// What the kernel said the last time.
    pub why: String,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownRoute {
    /// Its prefix; empty for everything else.
    pub prefix: String,
    /// The pool that has the last word, or that its queues are here.
    pub pool: String,
    /// The last ten seconds or a little more.
    pub now: Rates,
    /// What refreshing has saved in the recent minutes; `None` where the route does not refresh.
    pub saved: Option<Saved>,
    /// How far it has come on its way to another pool, if it is on one.
    pub migration: Option<Migration>,
    /// The endpoint that makes its values, if it has one.
    #[serde(default)]
    pub loader: Option<ShownLoader>,
    /// Its queues, if this leash keeps them.
    #[serde(default)]
    pub queues: Option<ShownQueues>,
}

impl Process {
    /// How long ago that was.
    pub fn age(&self, unix_time: f64) -> String {
        age((self.unix_time - unix_time).max(0.0))
    }
}

impl ShownServer {
    /// Whether it is the store in this process, which is reached without requests and connections.
    pub fn is_embedded(&self) -> bool {
        self.address == "embedded"
    }

    /// Whether requests are sent to it.
    pub fn is_asked(&self) -> bool {
        self.state.is_asked()
    }
}

impl ShownRoute {
    /// Its name for people: the empty prefix has one, too.
    pub fn name(&self) -> &str {
        route_label(&self.prefix)
    }
}
