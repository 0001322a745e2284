//! Servers of a pool that are found instead of written: who knows them is asked again and again, and a change of the
//! answer is a reload of that pool.
//!
//! ```text
//!   endpoint ─┐                                      ┌─▶ unchanged, failed, empty, older: nothing
//!   records ──┴─▶ answer ─▶ members: what it means ──┴─▶ changed ─▶ the next configuration ─▶ as any reload
//! ```
//! Names from the answer are hashed, so an address behind a name may change and no key moves. What finds nothing changes
//! nothing; a server that is missing from some answers stays, until it was missing from all of them for long.

mod cluster;
pub mod decide;
mod endpoint;
mod records;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions};
use tokio::time::{sleep, sleep_until, timeout};

use crate::config::{Address, Config, Discover, DiscoverSource, Pool, ServerConfig};
use decide::{FoundServer, Members, MembersAnswer};

/// How long one question may take; no request waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often leash asks at the start before it gives up.
const TRIES: u32 = 3;
/// Time between these.
const PAUSE: Duration = Duration::from_secs(1);
/// What is wrong with an answer without servers.
const NONE: &str = "the answer names none";

/// What is known of the pools whose servers are found.
#[derive(Default)]
pub struct Discoverer {
    pools: Mutex<HashMap<(String, Discover), KnownPool>>,
    /// What became of the questions, by the name of the pool.
    questions: Mutex<BTreeMap<String, QuestionCounts>>,
}

/// How many questions for the servers of a pool were answered, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuestionCounts {
    /// Those that were, if only with what is known.
    pub answered: u64,
    /// Those that were not, or with what is no answer.
    pub failed: u64,
}

/// One of them.
struct KnownPool {
    members: Members,
    /// When it is asked for again.
    due: Instant,
}

/// Why there are no servers for a pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the servers of pool {pool} cannot be found: {why}")]
pub struct DiscoveryError {
    /// The name of the pool.
    pub pool: String,
    /// What went wrong.
    pub why: String,
}

/// Finds the servers of all pools, for a command that does so once.
pub fn find_now(config: &mut Config) -> Result<(), DiscoveryError> {
    let Some(pool) = config.pools.iter().find(|pool| pool.discover.is_some()) else { return Ok(()) };
    let failed = |error: std::io::Error| DiscoveryError { pool: pool.name.to_string(), why: error.to_string() };
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).map_err(failed)?;
    runtime.block_on(Discoverer::default().fill(config))
}

impl Discoverer {
    /// Gives each pool its servers: those that are known, else those that the first answer names. What `config` does not
    /// name any more is forgotten.
    pub async fn fill(&self, config: &mut Config) -> Result<(), DiscoveryError> {
        for place in 0..config.pools.len() {
            let Some(key) = key(&config.pools[place]) else { continue };
            if !self.lock().contains_key(&key) {
                let answer = self.first_answer(config, place).await?;
                let members = Members::of(answer);
                self.lock().insert(key.clone(), KnownPool { members, due: Instant::now() + key.1.every });
            }
            if let Some(known) = self.lock().get(&key) {
                config.pools[place].servers = known.members.servers().map(server).collect();
            }
        }
        self.lock().retain(|(name, discover), _| {
            config.pools.iter().any(|pool| *pool.name == **name && pool.discover.as_ref() == Some(discover))
        });
        Ok(())
    }

    /// Ready once a pool of `config` has other servers. Dropped before, it has forgotten nothing.
    pub async fn changed(&self, config: &Config) {
        loop {
            let next = self.lock().iter().map(|(key, known)| (known.due, key.clone())).min_by_key(|(due, _)| *due);
            let Some((due, key)) = next else { return std::future::pending().await };
            sleep_until(due.into()).await;
            let place = config.pools.iter().position(|pool| *pool.name == *key.0);
            let answer = match place {
                Some(place) => self.ask(config, place).await,
                None => Err("no pool has this name any more".into()),
            };
            if self.learn(&key, answer) {
                return;
            }
        }
    }

    /// Takes an answer, and tells of what has changed.
    fn learn(&self, (pool, discover): &(String, Discover), answer: Result<MembersAnswer, String>) -> bool {
        let mut pools = self.lock();
        let Some(known) = pools.get_mut(&(pool.clone(), discover.clone())) else { return false };
        let now = Instant::now();
        known.due = now + discover.every;
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => {
                tracing::warn!(pool, why, "the servers of a pool cannot be asked for, they stay as they are");
                return false;
            }
        };
        let Some(change) = known.members.learn(answer, now, discover.shrink_after) else { return false };
        let (added, removed) = (change.added.join(" "), change.removed.join(" "));
        tracing::info!(pool, added, removed, servers = known.members.servers().count(), "a pool has other servers now");
        true
    }

    /// Without servers there is nothing to start with, so it is asked for more than once.
    async fn first_answer(&self, config: &Config, place: usize) -> Result<MembersAnswer, DiscoveryError> {
        let mut why = String::new();
        for number in 0..TRIES {
            if number > 0 {
                sleep(PAUSE).await;
            }
            match self.ask(config, place).await {
                Ok(answer) if !answer.servers.is_empty() => return Ok(answer),
                Ok(_) => why = NONE.into(),
                Err(error) => why = error,
            }
        }
        Err(DiscoveryError { pool: config.pools[place].name.to_string(), why })
    }

    /// What became of the questions about each pool.
    pub fn questions(&self) -> BTreeMap<String, QuestionCounts> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, config: &Config, place: usize) -> Result<MembersAnswer, String> {
        let answer = ask(config, place).await;
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        questions.retain(|name, _| config.pools.iter().any(|pool| *pool.name == **name));
        let counts = questions.entry(config.pools[place].name.to_string()).or_default();
        match &answer {
            Ok(answer) if !answer.servers.is_empty() => counts.answered += 1,
            _ => counts.failed += 1,
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, Discover), KnownPool>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(pool: &Pool) -> Option<(String, Discover)> {
    Some((pool.name.to_string(), pool.discover.clone()?))
}

fn server(found: &FoundServer) -> ServerConfig {
    let address = Address::Tcp { host: found.host.clone(), port: found.port };
    ServerConfig { name: address.to_string().into(), address, weight: 1 }
}

/// The servers of one pool, by a single question: no more and no less than one answer names.
pub(crate) async fn find_servers(config: &Config, place: usize) -> Result<Vec<ServerConfig>, String> {
    let members = Members::of(ask(config, place).await?);
    let servers: Vec<ServerConfig> = members.servers().map(server).collect();
    if servers.is_empty() { Err(NONE.into()) } else { Ok(servers) }
}

async fn ask(config: &Config, place: usize) -> Result<MembersAnswer, String> {
    let pool = &config.pools[place];
    let Some(discover) = &pool.discover else { return Err("its servers are written".into()) };
    let asked = async {
        match &discover.source {
            DiscoverSource::ElastiCache { host, port } => endpoint::ask(config, pool, host, *port).await,
            DiscoverSource::DnsSrv { name, nameserver } => records::srv(name, *nameserver).await,
            DiscoverSource::Dns { host, port, nameserver } => records::addresses(host, *port, *nameserver).await,
        }
    };
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
}
