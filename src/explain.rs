//! "Where does this key go?" The walk of an ordinary request without its last step, told in words.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::metrics::Shard;
use crate::protocol::{Command, Get, Key, KeyError, Reply, Request};
use crate::route::build::build;
use crate::route::{Client, Place, Pool, Tree};
use crate::shared::Snapshot;
use crate::turn::Turn;

/// Where each of `keys` goes under one configuration.
pub struct Explainer {
    snapshot: Arc<Snapshot>,
    tree: Rc<Tree>,
}

impl Explainer {
    /// An explainer for `snapshot`. It connects to nothing and counts nothing.
    pub fn new(snapshot: Arc<Snapshot>) -> Explainer {
        let shard = Arc::new(Shard::new(&snapshot.layout));
        let tree = build(&snapshot, &Rc::new(Turn::new()), &Memory::new(0), &shard);
        Explainer { snapshot, tree }
    }

    /// Route, pool, slot and server; or why these bytes cannot be a key.
    pub fn explain(&self, key: &[u8]) -> Result<Value, String> {
        let shown = String::from_utf8_lossy(key).into_owned();
        let key = Key::text(Bytes::copy_from_slice(key)).map_err(|error| match error {
            KeyError::Empty => "an empty key is no key".to_string(),
            KeyError::TooLong => format!("the key has {} bytes, memcached takes 250", shown.len()),
            KeyError::Forbidden => format!("the key {shown:?} has a space or a control character"),
        })?;
        let request = Request { key, command: Command::Get(Get::default()) };
        let Some(branch) = self.tree.branch(&request.key) else {
            return Ok(json!({ "key": shown, "route": null, "answer": "no route fits, every request is refused" }));
        };
        Ok(branch.entry.walk(&request, &Client::new(), |place, sent| match place {
            Place::Server(pool, server) => self.at_server(&shown, &branch.prefix, pool, server, sent.key.as_bytes()),
            Place::Run => json!({ "key": shown, "route": branch.prefix, "answer": "several servers" }),
            Place::Answer(reply) => json!({ "key": shown, "route": branch.prefix, "answer": words(&reply) }),
        }))
    }

    fn at_server(&self, key: &str, route: &str, pool: &Pool, server: usize, sent: &[u8]) -> Value {
        let name = self.snapshot.config.pools.iter().find(|known| known.name == pool.name);
        let name = name.and_then(|pool| pool.servers.get(server)).map_or("", |server| &server.name);
        let mut told = json!({
            "key": key,
            "route": route,
            "sent_as": String::from_utf8_lossy(sent),
            "pool": &*pool.name,
            "server": name,
            "address": &**pool.servers()[server].label(),
        });
        if let Some(slot) = pool.placement().slot_of(sent) {
            told["slot"] = slot.0.into();
        }
        told
    }
}

fn words(reply: &Reply) -> String {
    match reply {
        Reply::Error(line) => String::from_utf8_lossy(line).into_owned(),
        Reply::Failed(failure) => failure.to_string(),
        other => format!("{other:?}"),
    }
}
