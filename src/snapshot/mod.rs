//! What crosses threads, all of it: the configuration in force and what belongs to the whole process because of it.
//!
//! Workers get an `Arc` of this and build their own route trees from it; nothing on the path of an ordinary hit is
//! locked or counted across threads.

pub mod placement;
pub(crate) mod reloads;
pub mod tree;

mod keepers;
mod kept;
mod shared_server;
mod views;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::{self, Config};
use crate::hash::Placement;
use crate::metrics::{RouteLabel, ShardLayout};
use crate::queue::Keeper;
use crate::route::gutter::decide::Cap;
use crate::route::loader::Loaders;
use crate::route::refresh::leases::Leases;
use crate::store::EmbeddedStore;
use crate::upstream::{Options, Peers, Spool, Spools, Target};

pub(crate) use keepers::Keepers;
use keepers::KeptQueues;
pub use keepers::UnopenedQueues;
pub use shared_server::SharedServer;
pub use views::{PoolView, ServerView};

/// One configuration, made ready for use.
pub struct Snapshot {
    /// What was configured.
    pub config: Config,
    /// What is shared of each pool, in the configuration's order.
    shared_pools: Vec<SharedPool>,
    /// Where shards count what.
    pub layout: Arc<ShardLayout>,
    /// The leases this process knows of.
    pub leases: Arc<Leases>,
    /// The loaders of this process.
    pub loaders: Arc<Loaders>,
    /// The deletes that wait for servers.
    spools: Arc<Spools>,
    /// The queues of this process.
    pub(crate) keepers: Arc<Keepers>,
    /// Those of this configuration; none of it in a snapshot that serves nobody.
    kept_queues: KeptQueues,
}

/// What a process shares over all of its configurations.
#[derive(Clone)]
struct OfProcess {
    leases: Arc<Leases>,
    loaders: Arc<Loaders>,
    spools: Arc<Spools>,
    keepers: Arc<Keepers>,
}

/// Which snapshot is in force, for those who look at it now and then. Workers are told of the next one instead.
pub struct InForce(Mutex<Arc<Snapshot>>);

impl InForce {
    /// `snapshot` is.
    pub fn new(snapshot: Arc<Snapshot>) -> Arc<InForce> {
        Arc::new(InForce(Mutex::new(snapshot)))
    }

    /// The snapshot.
    pub fn get(&self) -> Arc<Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `snapshot` is from now on.
    pub fn set(&self, snapshot: Arc<Snapshot>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

/// What all workers share of one pool.
pub struct SharedPool {
    /// Where keys are placed.
    pub placement: Arc<Placement>,
    /// The servers, in the configuration's order.
    pub servers: Vec<SharedServer>,
    /// The same, as seen together.
    pub peers: Arc<Peers>,
}

impl Snapshot {
    /// Makes `config` ready: ranks servers, creates stores. Queues of this process stay closed: another one may have them.
    pub fn new(config: Config) -> Arc<Snapshot> {
        let of_process = OfProcess::new(&config);
        Snapshot::first(config, of_process, KeptQueues::new())
    }

    /// The same, to serve clients: with the queues of this process.
    ///
    /// # Errors
    /// Which directory cannot be opened, and why.
    pub fn serving(config: Config) -> Result<Arc<Snapshot>, UnopenedQueues> {
        let of_process = OfProcess::new(&config);
        let kept_queues = of_process.keepers.of(&config)?;
        Ok(Snapshot::first(config, of_process, kept_queues))
    }

    fn first(config: Config, of_process: OfProcess, kept_queues: KeptQueues) -> Arc<Snapshot> {
        let pools = config.pools.iter().map(|pool| SharedPool::new(pool, &config, &of_process.spools)).collect();
        Snapshot::of(config, pools, of_process, kept_queues)
    }

    fn of(
        config: Config,
        shared_pools: Vec<SharedPool>,
        of_process: OfProcess,
        kept_queues: KeptQueues,
    ) -> Arc<Snapshot> {
        let OfProcess { leases, loaders, spools, keepers } = of_process;
        let routes: Vec<RouteLabel> = config
            .routes
            .iter()
            .map(|route| RouteLabel {
                prefix: prefix_of(route),
                refreshes: route.refresh.is_some(),
                migrates: route.migrate.is_some(),
                loads: route.loader.is_some(),
            })
            .collect();
        let servers: Vec<(String, String)> = config
            .pools
            .iter()
            .flat_map(|pool| pool.servers.iter().map(|server| (pool.name.to_string(), server.name.to_string())))
            .collect();
        let layout = ShardLayout::timing(&routes, &servers, config.per_server == config::PerServer::Histogram);
        Arc::new(Snapshot { config, shared_pools, layout, leases, loaders, spools, keepers, kept_queues })
    }

    fn of_process(&self) -> OfProcess {
        let (leases, loaders) = (self.leases.clone(), self.loaders.clone());
        OfProcess { leases, loaders, spools: self.spools.clone(), keepers: self.keepers.clone() }
    }

    /// The keeper of a route's queues, if they are in this process.
    pub(crate) fn keeper(&self, route: &config::Route) -> Option<&Arc<Keeper>> {
        self.kept_queues.get(&route.queues()?.directory()?.dir)
    }

    /// Goes on with what this configuration says of queues that were there before.
    pub fn set_queue_terms(&self) {
        keepers::set_terms(&self.config, &self.kept_queues);
    }

    /// Starts to look after the servers that no worker looks after yet. Call it on a local runtime that outlives them.
    pub fn look_after_servers(&self) {
        for server in self.servers() {
            if let SharedServer::Server(target) = server.shared {
                target.tend();
            }
        }
    }

    /// The same for a caller that only looks: the same places, stores and leases, but connections of its own, which do
    /// not count for the servers' health, and no more than `patience` with each.
    pub fn apart(&self, patience: Duration) -> Arc<Snapshot> {
        let shared_pools = self.shared_pools.iter().map(|pool| pool.apart(patience)).collect();
        let (config, layout) = (self.config.clone(), self.layout.clone());
        let (of_process, kept_queues) = (self.of_process(), self.kept_queues.clone());
        let OfProcess { leases, loaders, spools, keepers } = of_process;
        Arc::new(Snapshot { config, shared_pools, layout, leases, loaders, spools, keepers, kept_queues })
    }
}

impl OfProcess {
    fn new(config: &Config) -> OfProcess {
        OfProcess {
            leases: Leases::within(config.limits.memory, longest_lease(config), config.limits.waiters),
            loaders: Loaders::new(),
            spools: Spools::new(config.spool.dir.clone()),
            keepers: Arc::default(),
        }
    }
}

impl SharedPool {
    fn new(pool: &config::Pool, config: &Config, spools: &Spools) -> SharedPool {
        let options = options(pool, config);
        let peers = Peers::new(pool.name.clone());
        let servers = pool.servers.iter().map(|server| match &server.address {
            config::Address::Embedded => {
                let store = EmbeddedStore::new(pool.embedded.max_bytes as u64, config.limits.item_size);
                SharedServer::Embedded(server.name.clone(), store)
            }
            _ => {
                SharedServer::Server(Target::new(server, options.clone(), &peers, spool(pool, server, config, spools)))
            }
        });
        SharedPool { placement: Arc::new(placement::of(pool)), servers: servers.collect(), peers }
    }

    fn apart(&self, patience: Duration) -> SharedPool {
        let servers = self.servers.iter().map(|shared_server| match shared_server {
            SharedServer::Server(target) => SharedServer::Server(target.apart(patience)),
            embedded @ SharedServer::Embedded(..) => embedded.clone(),
        });
        SharedPool { placement: self.placement.clone(), servers: servers.collect(), peers: self.peers.clone() }
    }
}

/// How the servers of `pool` are treated.
pub(crate) fn options(pool: &config::Pool, config: &Config) -> Options {
    Options {
        connect_timeout: pool.connect_timeout,
        request_timeout: pool.request_timeout,
        idle_timeout: pool.idle_timeout,
        least_rest: longest_reservation(pool, config),
        queue: config.limits.server_queue,
        failures: pool.failures,
        linger: linger(pool, config),
        any_address: pool.any_address,
        show_keys: config.log.keys,
        tls: pool.tls.clone(),
        auth: pool.auth.clone(),
    }
}

/// How long a message may be reserved through a connection to a server of this pool.
fn longest_reservation(pool: &config::Pool, config: &Config) -> Duration {
    let Some(place) = config.pools.iter().position(|known| known.name == pool.name) else { return Duration::ZERO };
    let routes = config.routes.iter().filter(|route| route.pool() == Some(place));
    routes.filter_map(|route| route.queues()).map(|queues| queues.reserve).max().unwrap_or_default()
}

/// How long a gutter may hold items of a server of this pool.
fn linger(pool: &config::Pool, config: &Config) -> Duration {
    let Some(place) = config.pools.iter().position(|known| known.name == pool.name) else { return Duration::ZERO };
    let routes = config.routes.iter().filter(|route| route.pools().contains(&place));
    let times = routes.filter_map(|route| {
        let gutter = route.gutter(place, &config.pools)?;
        // The last of them may take as long as a request until it is there.
        Some(Cap::of(route, gutter).time() + config.pools[gutter.pool].request_timeout)
    });
    times.max().unwrap_or_default()
}

/// The deletes that wait for `server`, kept over every change of its configuration.
fn spool(pool: &config::Pool, server: &config::ServerConfig, config: &Config, spools: &Spools) -> Arc<Spool> {
    spools.of(&pool.name, &server.name, config.spool.max_keys)
}

fn longest_lease(config: &Config) -> Duration {
    let refreshed = config.routes.iter().filter_map(|route| route.refresh.as_ref());
    refreshed.map(|refresh| refresh.lease).max().unwrap_or_default()
}

/// A route's prefix as people and metrics write it.
pub fn prefix_of(route: &config::Route) -> String {
    String::from_utf8_lossy(&route.prefix).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_just_back_until_nothing_of_it_can_be_in_a_gutter() {
        let pools =
            "a: {servers: [m0], on_down: {gutter: {pool: g, ttl: 10s}}}, g: {servers: [m1], request_timeout: 3s}";
        let text = format!("pools: {{{pools}}}\nroutes: [{{prefix: '', pool: a, refresh: {{grace: 60s}}}}]");
        let config = Config::parse("c.yaml", &text).expect("a configuration");
        let lingers = |pool: usize| linger(&config.pools[pool], &config);
        assert_eq!(lingers(0), Duration::from_secs(10 + 60 + 3));
        assert_eq!(lingers(1), Duration::ZERO);
    }
}
