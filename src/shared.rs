//! What crosses threads, all of it: the configuration in force and what belongs to the whole process because of it.
//!
//! Workers get an `Arc` of this and build their own route trees from it; nothing on the path of an ordinary hit is
//! locked or counted across threads.

use std::sync::Arc;

use crate::config::{self, Config};
use crate::hash::SlotTable;
use crate::metrics::ShardLayout;
use crate::upstream::{Address, EmbeddedStore, Options, Target};

/// One configuration, made ready for use.
pub struct Snapshot {
    /// What was configured.
    pub config: Config,
    /// The pools, in the configuration's order.
    pub pools: Vec<SharedPool>,
    /// Where shards count what.
    pub layout: Arc<ShardLayout>,
}

/// What all workers share of one pool.
pub struct SharedPool {
    /// Where keys are placed.
    pub table: Arc<SlotTable>,
    /// The members, in the configuration's order.
    pub members: Vec<Member>,
}

/// What all workers share of one member of a pool.
#[derive(Clone)]
pub enum Member {
    /// A memcached elsewhere.
    Server(Arc<Target>),
    /// The store in this process.
    Embedded(Arc<str>, EmbeddedStore),
}

impl Snapshot {
    /// Makes `config` ready: ranks servers, creates stores.
    pub fn new(config: Config) -> Arc<Snapshot> {
        let pools = config.pools.iter().map(|pool| SharedPool::new(pool, &config.limits)).collect();
        let prefixes: Vec<String> = config.routes.iter().map(label).collect();
        let servers: Vec<(String, String)> = config
            .pools
            .iter()
            .flat_map(|pool| pool.servers.iter().map(|server| (pool.name.to_string(), server.name.to_string())))
            .collect();
        let layout = ShardLayout::new(&prefixes, &servers);
        Arc::new(Snapshot { config, pools, layout })
    }
}

impl SharedPool {
    fn new(pool: &config::Pool, limits: &config::Limits) -> SharedPool {
        let ranked: Vec<(&str, u32)> = pool.servers.iter().map(|server| (&*server.name, server.weight)).collect();
        let options = Options {
            connect_timeout: pool.connect_timeout,
            request_timeout: pool.request_timeout,
            queue: limits.server_queue,
        };
        let members = pool.servers.iter().map(|server| match &server.address {
            config::Address::Embedded => {
                let store = EmbeddedStore::new(pool.embedded.max_bytes as u64, limits.item_size);
                Member::Embedded(server.name.clone(), store)
            }
            config::Address::Tcp { host, port } => {
                let address = Address::Tcp(host.clone(), *port);
                Member::Server(Arc::new(Target::new(&server.name, address, options, pool.failures)))
            }
            config::Address::Unix(path) => {
                let address = Address::Unix(path.clone());
                Member::Server(Arc::new(Target::new(&server.name, address, options, pool.failures)))
            }
        });
        SharedPool { table: Arc::new(SlotTable::new(&ranked)), members: members.collect() }
    }
}
