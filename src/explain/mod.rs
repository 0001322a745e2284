//! "Where does this key go?" The walk of an ordinary request without its last step, and the policies it passes.
//!
//! ```text
//!   key ─▶ walk ─▶ way ─▶ JSON ─▶ words           nothing was sent
//!                   └─▶ look ─▶ found ─▶ …        the item's own server was asked, and left as it was
//! ```

mod found;
mod live;
mod policies;
pub mod words;

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

pub use live::{Standpoint, look, look_from_outside};

use crate::config;
use crate::metrics::Shard;
use crate::protocol::{Command, Get, Key, KeyError, Reply, Request};
use crate::route::refresh::decide::{ItemId, Policy};
use crate::route::{Branch, Client, Place, Pool, Tree};
use crate::runtime::memory::Memory;
use crate::runtime::turn::Turn;
use crate::snapshot::tree::{build, identity, policy};
use crate::snapshot::{Snapshot, prefix_of};
use crate::upstream::Upstream;

/// Where each of `keys` goes under one configuration.
pub struct Explainer {
    snapshot: Arc<Snapshot>,
    tree: Rc<Tree>,
}

/// Where one key goes.
struct Way {
    /// For people and scripts.
    told: Value,
    /// What can be asked there; `None` where no server is.
    item: Option<Item>,
}

/// An item where it is.
struct Item {
    server: Upstream,
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
    pub fn explain(&self, key: &[u8]) -> Result<Value, String> {
        self.way(key).map(|way| way.told)
    }

    fn way(&self, key: &[u8]) -> Result<Way, String> {
        let shown = String::from_utf8_lossy(key).into_owned();
        let key = Key::text(Bytes::copy_from_slice(key)).map_err(|error| match error {
            KeyError::Empty => "an empty key is no key".to_string(),
            KeyError::TooLong => format!("the key has {} bytes, memcached takes 250", shown.len()),
            KeyError::Forbidden => format!("the key {shown:?} has a space or a control character"),
        })?;
        let request = Request { key, command: Command::Get(Get::default()) };
        let nowhere = |told| Way { told, item: None };
        let Some(branch) = self.tree.branch(&request.key) else {
            let answer = "no route fits, every request is refused";
            return Ok(nowhere(json!({ "key": shown, "route": null, "answer": answer })));
        };
        Ok(branch.entry.walk(&request, &Client::new(), |place, sent| match place {
            Place::Server(pool, server) => self.at_server(&shown, branch, pool, server, &sent.key),
            Place::Run => nowhere(json!({ "key": shown, "route": branch.prefix, "answer": "several servers" })),
            Place::Answer(reply) => {
                nowhere(json!({ "key": shown, "route": branch.prefix, "answer": in_brief(&reply) }))
            }
        }))
    }

    fn at_server(&self, key: &str, branch: &Branch, pool: &Pool, server: usize, sent: &Key) -> Way {
        let name = self.snapshot.config.pools.iter().find(|known| known.name == pool.name);
        let name = name.and_then(|pool| pool.servers.get(server)).map_or("", |server| &server.name);
        let mut told = json!({
            "key": key,
            "route": branch.prefix,
            "sent_as": String::from_utf8_lossy(sent.as_bytes()),
            "pool": &*pool.name,
            "server": name,
            "address": &**pool.servers()[server].label(),
        });
        let place = self.snapshot.config.pools.iter().position(|known| known.name == pool.name);
        if let (Some(route), Some(place)) = (self.route(branch), place) {
            self.add_gutter(&mut told, route, place);
        }
        if let Some(slot) = pool.placement().slot_of(sent.as_bytes()) {
            told["slot"] = slot.0.into();
        }
        if let Some(migrate) = self.route(branch).and_then(|route| route.migrate.as_ref()) {
            told["migrate"] = self.migrate(migrate, branch, sent);
        }
        let refresh = self.route(branch).and_then(|route| route.refresh.as_ref()).map(|refresh| {
            let id = ItemId::new(identity(&branch.prefix), sent);
            told["refresh"] = policies::refresh(refresh);
            told["lease"] = String::from_utf8_lossy(id.lease_key().as_bytes()).into();
            (id, policy(refresh))
        });
        Way { told, item: Some(Item { server: pool.servers()[server].clone(), key: sent.clone(), refresh }) }
    }

    /// Adds where the route has the keys of this pool's down servers.
    fn add_gutter(&self, told: &mut Value, route: &config::Route, pool: usize) {
        let pools = &self.snapshot.config.pools;
        if let Some(gutter) = route.gutter(pool, pools) {
            told["gutter"] = json!({ "pool": &*pools[gutter.pool].name, "ttl": gutter.ttl.as_secs() });
        }
    }

    /// What the branch was built from.
    fn route(&self, branch: &Branch) -> Option<&config::Route> {
        self.snapshot.config.routes.iter().find(|route| prefix_of(route) == branch.prefix)
    }

    /// Where the key is in both pools of a migration.
    fn migrate(&self, migrate: &config::Migrate, branch: &Branch, sent: &Key) -> Value {
        let place = |pool: usize| {
            let (shared, known) = (&self.snapshot.pools[pool], &self.snapshot.config.pools[pool]);
            let server = shared.placement.server_of(sent.as_bytes());
            let mut told = json!({
                "pool": &*known.name,
                "server": &*known.servers[server].name,
                "address": &**shared.members[server].label(),
            });
            if let Some(slot) = shared.placement.slot_of(sent.as_bytes()) {
                told["slot"] = slot.0.into();
            }
            if let Some(route) = self.route(branch) {
                self.add_gutter(&mut told, route, pool);
            }
            told
        };
        json!({ "phase": migrate.phase.word(), "from": place(migrate.from), "to": place(migrate.to) })
    }
}

fn in_brief(reply: &Reply) -> String {
    match reply {
        Reply::Error(line) => String::from_utf8_lossy(line).into_owned(),
        Reply::Failed(failure) => failure.to_string(),
        other => format!("{other:?}"),
    }
}
