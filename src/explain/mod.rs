//! "Where does this key go?" The walk of an ordinary request without its last step, and the policies it passes.
//!
//! ```text
//!   key ─▶ walk ─▶ destination ─▶ JSON, words, page     nothing was sent
//!                   └─▶ look ─▶ finding ─▶ …            the item's own server was asked, and left as it was
//! ```

mod destination;
mod finding;
mod live;
mod queues;
pub mod words;

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
pub use destination::{Arrival, AtServer, Crossing, Destination, EarlyTerms, QueueTerms, RefreshTerms, Spot, Standby};
pub use finding::{Finding, ItemFacts, ItemState, LeaseFinding, LeaseState};
pub use live::{Standpoint, look, look_from_outside};

use crate::config::{self, Gutter, Migrate};
use crate::metrics::Shard;
use crate::protocol::{Command, Get, Key, KeyError, Reply, Request};
use crate::route::loader::url_of;
use crate::route::refresh::decide::{ItemId, Policy};
use crate::route::{Branch, Client, PoolNode, Tree, WalkEnd};
use crate::runtime::memory::Memory;
use crate::runtime::turn::Turn;
use crate::snapshot::tree::{build, identity, policy};
use crate::snapshot::{PoolView, Snapshot, prefix_of};
use crate::upstream::ServerOrStore;

/// Where each of `keys` goes under one configuration.
pub struct Explainer {
    snapshot: Arc<Snapshot>,
    tree: Rc<Tree>,
}

/// Where one key goes.
struct Way {
    /// For people and scripts.
    destination: Destination,
    /// What can be asked there; `None` where no server is.
    item: Option<Item>,
}

/// An item where it is.
struct Item {
    server: ServerOrStore,
    key: Key,
    /// Its name in this process and how its staleness is judged, on a route that refreshes.
    refresh: Option<(ItemId, Policy)>,
}

impl Explainer {
    /// An explainer for `snapshot`. It connects to nothing and counts nothing.
    pub fn new(snapshot: Arc<Snapshot>) -> Explainer {
        Explainer::asking(snapshot, &Rc::new(Turn::new()))
    }

    /// An explainer whose servers can be asked in these turns.
    fn asking(snapshot: Arc<Snapshot>, turn: &Rc<Turn>) -> Explainer {
        let shard = Arc::new(Shard::new(&snapshot.layout));
        let tree = build(&snapshot, turn, &Memory::new(usize::MAX), &shard);
        Explainer { snapshot, tree }
    }

    /// Route, policies, pool, slot and server; or why these bytes cannot be a key.
    pub fn explain(&self, key: &[u8]) -> Result<Destination, String> {
        self.way(key).map(|way| way.destination)
    }

    fn way(&self, key: &[u8]) -> Result<Way, String> {
        let shown = String::from_utf8_lossy(key).into_owned();
        let key = Key::text(Bytes::copy_from_slice(key)).map_err(|error| match error {
            KeyError::Empty => "an empty key is no key".to_string(),
            KeyError::TooLong => format!("the key has {} bytes, memcached takes 250", shown.len()),
            KeyError::Forbidden => format!("the key {shown:?} has a space or a control character"),
        })?;
        let request = Request { key, command: Command::Get(Get::default()) };
        let nowhere =
            |route, answer: &str| Way { destination: Destination::nowhere(&shown, route, answer), item: None };
        // Of queues there may be no tree: another process has them. And a look must not take a message.
        if let Some(way) = self.to_queue(request.key.as_bytes()) {
            return Ok(way);
        }
        let Some(branch) = self.tree.branch(&request.key) else {
            return Ok(nowhere(None, "no route fits, every request is refused"));
        };
        Ok(branch.entry.walk(&request, &Client::new(), |end, sent| match end {
            WalkEnd::Server(pool, server) => self.at_server(&shown, branch, pool, server, &sent.key),
            WalkEnd::Run(_) | WalkEnd::Order(_) => nowhere(Some(&branch.prefix), "several servers"),
            WalkEnd::Answer(reply) => nowhere(Some(&branch.prefix), &in_brief(&reply)),
        }))
    }

    fn at_server(&self, key: &str, branch: &Branch, pool: &PoolNode, server: usize, sent: &Key) -> Way {
        let route = self.route(branch);
        let refresh = route.and_then(|route| route.refresh.as_ref());
        let refreshed = refresh.map(|refresh| (ItemId::new(identity(&branch.prefix), sent), policy(refresh)));
        let there = AtServer {
            sent_as: String::from_utf8_lossy(sent.as_bytes()).into_owned(),
            spot: self.spot(route, self.index_of(pool), server, sent.as_bytes()),
            migrate: route.and_then(|route| Some(self.crossing(route, route.migrate.as_ref()?, sent))),
            refresh: refresh.map(RefreshTerms::from),
            queue: None,
            loader: route.and_then(|route| url_of(route, key.as_bytes())),
            lease: refreshed.as_ref().map(|(id, _)| String::from_utf8_lossy(id.lease_key().as_bytes()).into_owned()),
            state: None,
            live: None,
        };
        let (key, route, end) = (key.to_string(), Some(branch.prefix.to_string()), Arrival::Server(Box::new(there)));
        let item = Item { server: pool.servers()[server].clone(), key: sent.clone(), refresh: refreshed };
        Way { destination: Destination { key, route, end }, item: Some(item) }
    }

    /// A key at a server of a pool, and where this route has the keys of that pool's down servers.
    fn spot(&self, route: Option<&config::Route>, pool: usize, server: usize, sent: &[u8]) -> Spot {
        let pools = &self.snapshot.config.pools;
        let PoolView { config: known, shared, .. } = self.snapshot.pool(pool);
        let standby = |gutter: Gutter| Standby { pool: pools[gutter.pool].name.to_string(), ttl: gutter.ttl.as_secs() };
        Spot {
            pool: known.name.to_string(),
            server: known.servers[server].name.to_string(),
            address: shared.servers[server].label().to_string(),
            slot: shared.placement.slot_of(sent).map(|slot| slot.0),
            gutter: route.and_then(|route| route.gutter(pool, pools)).map(standby),
        }
    }

    /// Where the key is in both pools of a migration.
    fn crossing(&self, route: &config::Route, migrate: &Migrate, sent: &Key) -> Crossing {
        let spot = |pool: usize| {
            let server = self.snapshot.pool(pool).shared.placement.server_of(sent.as_bytes());
            self.spot(Some(route), pool, server, sent.as_bytes())
        };
        Crossing { phase: migrate.phase, from: spot(migrate.from), to: spot(migrate.to) }
    }

    /// What the branch was built from.
    fn route(&self, branch: &Branch) -> Option<&config::Route> {
        self.snapshot.config.routes.iter().find(|route| prefix_of(route) == branch.prefix)
    }

    /// Which of the configuration's pools it was built from; the tree has no other.
    fn index_of(&self, pool: &PoolNode) -> usize {
        self.snapshot.pool_named(&pool.name).map_or(0, |known| known.place)
    }
}

fn in_brief(reply: &Reply) -> String {
    match reply {
        Reply::Error(line) => String::from_utf8_lossy(line).into_owned(),
        Reply::Failed(failure) => failure.to_string(),
        _ => "leash answers it itself".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_answers_is_said_in_words() {
        assert_eq!(in_brief(&Reply::Error("CLIENT_ERROR too long".into())), "CLIENT_ERROR too long");
        assert_eq!(in_brief(&Reply::Miss), "leash answers it itself");
    }
}
