//! Moves a route from one pool to another: the decisions of [`crate::route::migration::decide`], carried out.
//!
//! ```text
//!   get ─▶ prepare: from        warm: to ─▶ nothing: from, and a copy is made behind it     drain: to     (judge, read)
//!   me  ─▶ the same, and no copy is made                                                                  (read)
//!   set ─▶ prepare: from, then not in `to`     warm, drain: to, then not in `from`                        (write)
//!   delete ─▶ from, then to, under a claim                                                                (write)
//!   all that depends on what is there ─▶ one side, under a claim unless the item is in `to`               (act)
//! ```
//! Leases, which leash keeps beside items, go to the pool that has the last word, and are left alone.

pub mod decide;

mod act;
mod claims;
mod copy;
mod read;
mod write;

pub use copy::Copied;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::turns::KeyTurns;
use super::{About, Answer, Ask, Client, Deadline, Entry, Node, Run, SpareWins, Step, Verdict};
use crate::config::{Phase, Side};
use crate::metrics::{RouteId, Shard};
use crate::protocol::{Command, Delete, Key, Reply, Request};
use crate::route::migration::decide::{
    CommandKind, as_taken_in, as_told_to_client, is_claim, judged, kind, looks_like_a_claim,
};
use crate::route::refresh::decide::ItemId;
use crate::runtime::env::Env;
use crate::upstream::ServerOrStore;

/// Copies that one worker makes at once for one route.
const MOST_BACKFILLS: usize = 64;

/// Moves one route.
pub struct MigrationNode {
    phase: Phase,
    from: Entry,
    to: Entry,
    env: Rc<dyn Env>,
    shard: Arc<Shard>,
    route: RouteId,
    /// Tells the route's items from those of other nodes, for the turns that clients take at them.
    identity: u64,
    /// The client for requests that leash makes of its own accord.
    nobody: Rc<Client>,
    /// Requests of this worker that need a claim for a key take turns, so that they do not race each other for it.
    claimants: Rc<KeyTurns<ItemId>>,
    backfills: RefCell<HashSet<ItemId>>,
    /// Wins of memcached's own that looks at `to` took and that no client was told of.
    spare_wins: SpareWins,
    reserved: Reply,
}

impl MigrationNode {
    /// The migration of a route, which metrics know as `route` and no other node as `identity`.
    pub fn new(
        phase: Phase,
        (from, to): (Entry, Entry),
        env: Rc<dyn Env>,
        (shard, route, identity): (Arc<Shard>, RouteId, u64),
    ) -> MigrationNode {
        let line = "CLIENT_ERROR these client flags mark what leash itself puts there while the route is migrated";
        MigrationNode {
            phase,
            from,
            to,
            env,
            shard,
            route,
            identity,
            nobody: Client::new(),
            claimants: KeyTurns::new(),
            backfills: RefCell::default(),
            spare_wins: SpareWins::default(),
            reserved: Reply::Error(line.into()),
        }
    }

    fn id(&self, key: &Key) -> ItemId {
        ItemId::new(self.identity, key)
    }

    fn kind(&self, command: &Command) -> CommandKind {
        kind(command, self.env.unix())
    }

    fn authority(&self) -> &Entry {
        match self.phase.authority() {
            Side::From => &self.from,
            Side::To => &self.to,
        }
    }

    fn ask_from(&self, key: &Key, command: Command) -> Answer {
        self.from.call(&Request { key: key.clone(), command }, &self.nobody)
    }

    fn ask_to(&self, key: &Key, command: Command) -> Answer {
        self.to.call(&Request { key: key.clone(), command }, &self.nobody)
    }

    fn delete_from(&self, key: &Key) -> Answer {
        self.ask_from(key, Command::Delete(Delete::default()))
    }

    fn delete_to(&self, key: &Key) -> Answer {
        self.ask_to(key, Command::Delete(Delete::default()))
    }

    /// Carries out a command when its turn at the key has come. If the turn does not come in time, does nothing.
    async fn in_turn(self: Rc<Self>, request: Request, client: Rc<Client>, deadline: Deadline) -> Reply {
        let turn = client.turns.enter(self.id(&request.key));
        if deadline.bounds(&turn).await.is_none() {
            return self.late(&request, None);
        }
        let (key, command) = (&request.key, &as_taken_in(&request.command));
        let reply = match self.kind(command) {
            CommandKind::Read => self.read(key, command).await,
            CommandKind::Set => self.set(key, command).await,
            CommandKind::Vanish => self.vanish(key, deadline).await,
            CommandKind::Delete => self.delete(key, deadline).await,
            CommandKind::Gets | CommandKind::Conditional => self.act(key, command, deadline).await,
            CommandKind::Debug => self.debug(key).await,
        };
        as_told_to_client(command, reply)
    }
}

impl Node for MigrationNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        let Request { key, command } = ask.request;
        if let About::Beside(_) = ask.about {
            return Step::Rewrite(self.authority().root(), ask.request.clone());
        }
        if let Command::Store(store) = command
            && looks_like_a_claim(store)
        {
            return Step::Answer(self.reserved.clone());
        }
        if !ask.client.turns.is_idle() && ask.client.turns.is_busy(self.id(key)) {
            return Step::Run;
        }
        match (command, self.kind(command), self.phase) {
            (_, CommandKind::Read, Phase::Prepare) => Step::Watch(self.from.root(), ask.request.clone()),
            (Command::Get(get), CommandKind::Read, _) | (Command::Get(get), CommandKind::Gets, Phase::Drain) => {
                Step::Watch(self.to.root(), Request { key: key.clone(), command: Command::Get(judged(get)) })
            }
            (_, CommandKind::Debug, Phase::Prepare) => Step::Rewrite(self.from.root(), ask.request.clone()),
            _ => Step::Run,
        }
    }

    fn judge(&self, request: &Request, _: &Client, reply: Reply) -> Verdict {
        let hidden = match reply {
            Reply::Hit(item) if self.phase != Phase::Prepare && is_claim(&item) => Reply::Hit(item),
            Reply::Miss if self.phase == Phase::Warm => Reply::Miss,
            seen => {
                self.count_read(self.phase.authority(), &seen);
                return Verdict::Pass(as_told_to_client(&request.command, seen));
            }
        };
        if self.phase == Phase::Warm {
            return Verdict::Refuse(hidden);
        }
        self.count_read(Side::To, &Reply::Miss);
        Verdict::Pass(Reply::Miss)
    }

    fn recover(self: Rc<Self>, request: Request, _: Rc<Client>, refused: Reply, _: Deadline) -> Run {
        Box::pin(async move { self.read_from(&request.key, request.command, refused == Reply::Miss).await })
    }

    /// Does not look in `from`, as if it did not answer.
    fn forgo(&self, _: &Request, _: Reply) -> Verdict {
        self.count_read(Side::From, &Reply::Miss);
        Verdict::Pass(Reply::Miss)
    }

    fn run(self: Rc<Self>, request: Request, client: Rc<Client>, deadline: Deadline) -> Run {
        Box::pin(self.in_turn(request, client, deadline))
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        self.authority().root().serving(key)
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        [self.from.servers(), self.to.servers()].concat()
    }
}
