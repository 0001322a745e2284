//! `leash warm`: copies a pool ahead of the traffic, so that the new one is warm before it has been asked.
//!
//! ```text
//!   plan ─▶ for each server of the old pool:
//!             listing ─▶ metadump ─▶ filter ─▶ journal          as fast as the server lists its keys
//!             journal ─▶ copier ─▶ route/migration ─▶ to       at the rate that is asked for
//!   report ◀─ tally ◀──────┘
//! ```
//! To the fleet it is one more sidecar in phase `warm` that only makes copies: an item is brought over by the same
//! claimed backfill that a sidecar makes behind a reader, so it never covers what a client wrote, and a deleted value
//! does not come back. However it ends, the journal tells the next run what is done.

mod copier;
mod filter;
mod journal;
mod lister;
mod listing;
mod metadump;
mod pace;
mod plan;
mod progress;
mod report;
mod server_copy;
mod stop;
mod tally;
mod window;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;

use crate::config::Config;
use crate::discovery::{Discoverer, DiscoveryError};
use crate::runtime::signals::EndSignals;
use crate::snapshot::{SharedServer, Snapshot};
use copier::Copier;
use filter::KeyFilter;
#[doc(hidden)]
pub use journal::record as journal_record;
use journal::{AtHand, Journal, JournalError, Past};
use lister::Lister;
pub use plan::WarmRefusal;
use plan::{SourceServer, WarmPlan};
pub use report::WarmReport;
use server_copy::ServerCopy;
use stop::{Stop, heed};
use tally::WarmTally;

/// No client waits for a copy, so a server has this long to reply at least.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many tasks run between two looks at the sockets: more than are ever under way.
const TURN: u32 = 4096;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The pools, and the routes that migrate.
    pub config: Config,
    /// Only keys that begin with one of these, as clients write them; none: all.
    pub only: Vec<String>,
    /// Copies a second over all servers; `None`: as many as there can be.
    pub rate: Option<u32>,
    /// Whether to count only.
    pub is_dry: bool,
    /// Where it is noted what is done.
    pub progress: PathBuf,
    /// Whether to forget what is noted there.
    pub anew: bool,
}

/// Why nothing can be copied.
#[derive(Debug, thiserror::Error)]
pub enum WarmError {
    /// There is nothing to copy.
    #[error(transparent)]
    Refused(#[from] WarmRefusal),
    /// What is done cannot be noted.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A pool has no servers.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The process cannot do what it needs to.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Does it, and tells what became of it.
pub fn run(order: &Order) -> Result<WarmReport, WarmError> {
    let runtime =
        Builder::new_current_thread().enable_all().event_interval(TURN).build_local(LocalOptions::default())?;
    runtime.block_on(copy(order))
}

async fn copy(order: &Order) -> Result<WarmReport, WarmError> {
    let order = &found(order).await?;
    let plan = WarmPlan::new(&order.config, &order.only)?;
    for note in &plan.notes {
        eprintln!("not copied: {note}");
    }
    let stop = Rc::new(Stop::default());
    spawn_local(heed(EndSignals::new()?, stop.clone()));
    let run = Run { snapshot: Snapshot::new(patient(&order.config)), plan, stop };
    let tallies = if order.is_dry { run.count_all().await } else { run.copy_all(order).await? };
    Ok(WarmReport { is_dry: order.is_dry, tallies, stopped: run.stop.why() })
}

/// The same order with the servers of all pools.
async fn found(order: &Order) -> Result<Order, DiscoveryError> {
    let mut order = order.clone();
    Discoverer::default().fill(&mut order.config).await?;
    Ok(order)
}

/// The same configuration with more patience.
fn patient(config: &Config) -> Config {
    let mut config = config.clone();
    for pool in &mut config.pools {
        pool.request_timeout = pool.request_timeout.max(PATIENCE);
    }
    config
}

/// A run under way.
struct Run {
    snapshot: Arc<Snapshot>,
    plan: WarmPlan,
    stop: Rc<Stop>,
}

impl Run {
    async fn count_all(&self) -> Vec<WarmTally> {
        let mut tallies = Vec::new();
        for source in &self.plan.sources {
            if let Some(lister) = self.lister(*source).filter(|_| !self.stop.is_called()) {
                tallies.push(lister.count().await);
            }
        }
        tallies
    }

    async fn copy_all(&self, order: &Order) -> Result<Vec<WarmTally>, WarmError> {
        let words = self.plan.in_words(&self.snapshot.config);
        let (mut journal, mut past) = Journal::open(&order.progress, &words, order.anew)?;
        let copier = Copier::new(&self.snapshot, order.rate, self.stop.clone());
        let mut tallies = BTreeMap::new();
        for place in in_order(self.plan.sources.len(), past.at_hand) {
            let Some(lister) = self.lister(self.plan.sources[place]).filter(|_| !self.stop.is_called()) else {
                continue;
            };
            let tally = match finished(&past, place) {
                Some(keys) => WarmTally { listed: keys, before: keys, is_done: true, ..WarmTally::of(&lister.server) },
                None => {
                    let copy = ServerCopy { lister, source: place as u32 };
                    copy.run(&copier, &mut journal, past.at_hand.take()).await?
                }
            };
            tallies.insert(place, tally);
        }
        if tallies.len() == self.plan.sources.len() && tallies.values().all(|tally| tally.is_done) {
            journal.remove()?;
        }
        Ok(tallies.into_values().collect())
    }

    /// What is needed to list the keys of a server. The embedded store is none.
    fn lister(&self, source: SourceServer) -> Option<Lister<'_>> {
        let pool = self.snapshot.pool(source.pool);
        let SharedServer::Server(target) = &pool.shared.servers[source.server] else { return None };
        Some(Lister {
            server: format!("{} {}", pool.config.name, target.label),
            target,
            filter: KeyFilter::new(&self.snapshot.config, &self.plan, source, pool.shared.placement.clone()),
            stop: &self.stop,
        })
    }
}

/// The source whose list is noted goes first: there is only ever one list.
fn in_order(sources: usize, at_hand: Option<AtHand>) -> impl Iterator<Item = usize> {
    let first = at_hand.map(|at_hand| at_hand.source as usize).filter(|first| *first < sources);
    first.into_iter().chain((0..sources).filter(move |place| Some(*place) != first))
}

fn finished(past: &Past, place: usize) -> Option<u64> {
    past.finished.iter().find(|(source, _)| *source as usize == place).map(|(_, keys)| *keys)
}
