//! Sends the keys of a dead server to another pool, and those only, until it is back.
//!
//! ```text
//!   its server is up ─────────▶ the server                                (one load)
//!                down ────────▶ the gutter, TTL capped; what it changes, the server is to forget (its spool)
//!                just back ───▶ the server; what it changes is deleted in the gutter as well
//! ```
//! * **get, gat, touch, mg, me**: asked of the gutter alone while the server is down; a TTL is capped.
//! * **set, replace, delete, ms, md** without a CAS unique: the server's copy is outdated, even if the request fails.
//!   leash remembers that first. If it cannot, it stores nothing: the older value would come back after the new one.
//! * **add, append, prepend, cas, incr, decr**: the server's copy is outdated if they succeed in the gutter. If leash
//!   cannot remember that, it undoes the change.
//! * **CAS uniques** of the gutter are marked as such: none is taken for one of the server's, or the other way round.
//! * **Leases** and other items beside an item live in the gutter while the item does. They keep their TTL. When an
//!   item changes in the gutter, its lease on the server ends: the winner that holds it works on an older value.
//!
//! While the server is just back, for as long as the gutter may hold a copy, leash deletes copies there that the
//! server's items have overtaken: they must not come up again if the server fails once more.

pub(crate) mod decide;

use std::rc::Rc;

use super::{About, Ask, Client, Deadline, Entry, Node, PoolNode, Run, Step, Verdict};
use crate::protocol::{Command, Delete, Key, Reply, Request, Uniques};
use crate::route::gutter::decide::{Cap, may_change};
use crate::route::refresh::decide::ItemId;
use crate::runtime::env::Env;
use crate::upstream::{Remembered, ServerOrStore, Standing};

/// A client that read in the gutter must not store over the server's newer item, nor the other way round.
const OF_GUTTER: Uniques = Uniques::OF_A_GUTTER;

/// One pool with its gutter, as one route uses them.
pub struct GutterNode {
    pool: Rc<PoolNode>,
    /// The same, for the way back.
    own: Entry,
    gutter: Entry,
    cap: Cap,
    /// What tells the items of the route, if it has leases.
    leases: Option<u64>,
    env: Rc<dyn Env>,
}

impl GutterNode {
    /// A pool with the way into it, and the way into its gutter. `leases` is what tells the items of the route if it
    /// refreshes.
    pub fn new(
        (pool, own): (Rc<PoolNode>, Entry),
        gutter: Entry,
        cap: Cap,
        leases: Option<u64>,
        env: Rc<dyn Env>,
    ) -> GutterNode {
        GutterNode { pool, own, gutter, cap, leases, env }
    }

    fn server_of(&self, place: &Key) -> &ServerOrStore {
        &self.pool.servers()[self.pool.placement().server_of(place.as_bytes())]
    }

    /// The way of a request whose server is down.
    fn around(&self, ask: &Ask<'_>, server: &ServerOrStore) -> Step<'_> {
        server.count_guttered();
        let Request { key, command } = ask.request;
        if let About::Beside(_) = ask.about {
            return Step::Rewrite(self.gutter.root(), ask.request.clone());
        }
        let capped = self.cap.command(command, self.env.unix());
        let there = Request { key: key.clone(), command: OF_GUTTER.sent(&capped) };
        if may_change(command) && command.outdates() && self.forget(server, key) != Remembered::Kept {
            return Step::Run;
        }
        if may_change(command) || Uniques::are_told(command) {
            return Step::Watch(self.gutter.root(), there);
        }
        Step::Rewrite(self.gutter.root(), there)
    }

    /// Sees to it that `server` does not come back with its copy of an item.
    fn forget(&self, server: &ServerOrStore, key: &Key) -> Remembered {
        let remembered = server.remember(key);
        if matches!(remembered, Remembered::Kept | Remembered::Late)
            && let Some(lease) = self.lease_key(key)
        {
            server.remember_beside(&lease);
        }
        remembered
    }

    fn lease_key(&self, key: &Key) -> Option<Key> {
        self.leases.map(|route| ItemId::new(route, key).lease_key())
    }
}

fn delete(key: &Key) -> Request {
    Request { key: key.clone(), command: Command::Delete(Delete::default()) }
}

impl Node for GutterNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        let number = self.pool.placement().server_of_hashed(ask.place().as_bytes(), || ask.hash());
        let server = &self.pool.servers()[number];
        if server.is_calm() {
            return Step::Send(&self.pool, number);
        }
        match server.standing(self.env.now()) {
            Standing::Down => self.around(ask, server),
            Standing::Back if ask.about == About::Item && may_change(&ask.request.command) => Step::Run,
            Standing::Back | Standing::Up => Step::Send(&self.pool, number),
        }
    }

    fn judge(&self, request: &Request, _: &Client, reply: Reply) -> Verdict {
        let Request { key, command } = request;
        let reply = OF_GUTTER.told(command, reply);
        let is_outdated_now = may_change(command) && !command.outdates() && matches!(reply, Reply::Hit(_));
        if is_outdated_now && self.forget(self.server_of(key), key) != Remembered::Kept {
            return Verdict::Refuse(reply);
        }
        Verdict::Pass(reply)
    }

    /// The server came back in between and can be told itself. If that fails, leash undoes the change in the gutter: an
    /// older value would follow it.
    fn recover(self: Rc<Self>, request: Request, client: Rc<Client>, refused: Reply, _: Deadline) -> Run {
        Box::pin(async move {
            let forget = delete(&request.key);
            let told = self.own.call(&forget, &client).await;
            if !matches!(told, Reply::Failed(_)) {
                return refused;
            }
            self.gutter.call(&forget, &client).await;
            told
        })
    }

    /// Asks the server, and deletes in the gutter, lease and all.
    fn run(self: Rc<Self>, request: Request, client: Rc<Client>, _: Deadline) -> Run {
        Box::pin(async move {
            let deleted = self.gutter.call(&delete(&request.key), &client);
            // A winner that got its lease before must not store in the gutter by it.
            if let Some(lease) = self.lease_key(&request.key) {
                drop(self.gutter.call_beside(&request.key, &delete(&lease), &client));
            }
            let reply = self.own.call(&request, &client).await;
            deleted.await;
            reply
        })
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        self.pool.serving(key)
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        let mut servers = self.own.servers();
        servers.extend(self.gutter.servers());
        servers
    }
}
