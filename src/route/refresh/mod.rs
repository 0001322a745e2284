//! Refreshes stale values, one regeneration a key: the policy of [`crate::route::refresh::decide`], carried out.
//!
//! ```text
//!   get ─▶ watched ─▶ fresh: pass                                              (judge, here)
//!                     stale, a winner regenerates it: pass                     (judge, here)
//!                     stale: ask for the lease ─▶ won: "miss" ─ lost: pass     (read, settle)
//!                     nothing: wait for the winner's value, if so configured   (cold, wait)
//!                     refused: one caller regenerates it                       (refused)
//!                     won, and leash regenerates itself: load                 (load)
//!   set ─▶ of a winner: checked against the lease ─ else: stored, the lease revoked   (store)
//!   all others ─▶ look first: a stale item is an expired item                  (alter)
//! ```
//! * **get, gets, mg**: a stale value is served to all but one. That one is told "miss"; a meta client gets the value
//!   with W and X, the others with X and Z.
//!   Where letters are off, a meta client is told as all others.
//! * **gat, mg with T**: as get; a fresh item's TTL is set, and keeps its grace if it is marked.
//! * **set, ms**: stored for TTL + grace and marked. A TTL of 0 or below is stored as it is.
//! * **cas, add, replace, append, prepend, incr, decr, touch, delete**: a stale item is not there.
//! * **mg with N or R, ms or md with I**: the client plays memcached's own game; nothing is judged.
//! * **me**: shows what the server has.

pub mod decide;
pub mod leases;

mod alter;
mod asker;
mod cold;
mod count;
mod lease;
mod load;
mod look;
mod read;
mod recent;
mod refused;
mod regenerate;
mod settle;
mod store;
mod told;
mod touch;
mod wait;
mod win;

pub use regenerate::{Keep, Regenerate, Regenerated, Wanted};
pub(in crate::route) use win::Lease;
pub use win::Win;

use recent::RecentLeases;
use refused::is_refusal;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Answer, Ask, Client, Deadline, Entry, Node, Run, SpareWins, Step, Verdict};
use crate::metrics::{ColdWait, RouteId, Shard};
use crate::protocol::{Command, Exptime, Get, Item, Key, Reply, Request, Returns, Store};
use crate::route::refresh::decide::{Age, ItemId, Policy};
use crate::route::refresh::leases::Leases;
use crate::runtime::env::Env;
use crate::upstream::ServerOrStore;

/// What a request is about, and who asks.
#[derive(Clone, Copy)]
struct Subject<'a> {
    key: &'a Key,
    id: ItemId,
    client: &'a Rc<Client>,
}

/// Refreshes the stale values of one route.
pub struct RefreshNode {
    policy: Policy,
    below: Entry,
    leases: Arc<Leases>,
    env: Rc<dyn Env>,
    shard: Arc<Shard>,
    route: RouteId,
    /// What tells the route's items from those of others, in this configuration and the next.
    identity: u64,
    recent: RefCell<RecentLeases>,
    /// Wins of memcached's own that looks took and that no client was told of.
    spare_wins: SpareWins,
    flag_in_use: Reply,
    /// Whether clients that know memcached's letters are told by them.
    letters: bool,
    /// Who regenerates values, if no caller has to.
    by: Option<Rc<dyn Regenerate>>,
}

impl RefreshNode {
    /// The policy of the route of this identity, which metrics know as `route`, over what is below.
    pub fn new(
        policy: Policy,
        below: Entry,
        leases: Arc<Leases>,
        env: Rc<dyn Env>,
        (shard, route, identity): (Arc<Shard>, RouteId, u64),
    ) -> RefreshNode {
        let bit = policy.marker.trailing_zeros();
        let line = format!(
            "CLIENT_ERROR bit {bit} of the client flags marks stale time on this route, set refresh.marker_bit to a bit no client uses"
        );
        let (recent, spare_wins, flag_in_use) = (RefCell::default(), SpareWins::default(), Reply::Error(line.into()));
        let (letters, by) = (true, None);
        RefreshNode { policy, below, leases, env, shard, route, identity, recent, spare_wins, flag_in_use, letters, by }
    }

    /// The same, where clients of the meta protocol are told by letters, or as all others are.
    pub fn telling_by_letters(self, letters: bool) -> RefreshNode {
        RefreshNode { letters, ..self }
    }

    /// The same, where `by` regenerates values and no caller is told to.
    pub fn regenerated(self, by: Rc<dyn Regenerate>) -> RefreshNode {
        RefreshNode { by: Some(by), ..self }
    }

    fn id(&self, key: &Key) -> ItemId {
        ItemId::new(self.identity, key)
    }

    /// The expiry time a marked item is given.
    fn stretched(&self, exptime: Exptime) -> Exptime {
        self.policy.stretch(exptime, self.env.unix(), self.env.chance()).exptime
    }

    /// Asks about the subject, below.
    fn call(&self, subject: &Subject<'_>, command: Command) -> Answer {
        self.below.call(&Request { key: subject.key.clone(), command }, subject.client)
    }

    /// When a value will be gone.
    fn ends(&self, item: &Item, now: Instant) -> Instant {
        now + Duration::from_secs(item.ttl.max(0) as u64)
    }

    /// Whether a client regenerates the value that ends then, or is about to.
    fn is_taken(&self, id: ItemId, now: Instant, value_ends: Instant) -> bool {
        if self.recent.borrow().is_taken(id, now, value_ends) {
            return true;
        }
        let is_taken = self.leases.is_taken(id, now, Some(value_ends));
        if is_taken {
            self.recent.borrow_mut().note(id, now, value_ends);
        }
        is_taken
    }

    /// Whether a fresh value is to be refreshed now.
    fn is_due_early(&self, id: ItemId, remaining: u32) -> bool {
        let Some(early) = self.policy.early else { return false };
        early.may_be_due(remaining, self.leases.longest_regeneration())
            && self.leases.regeneration(id).is_some_and(|took| early.is_due(remaining, took, self.env.chance()))
    }
}

/// Whether a get plays memcached's own game of stale items.
fn is_own_game(get: &Get) -> bool {
    get.vivify.is_some() || get.recache.is_some()
}

/// What is asked of the server so that the reply can be judged.
fn judged(get: &Get) -> Get {
    let told = get.returns.and(Returns::FLAGS);
    let returns = if told.has(Returns::TTL) { told } else { told.and(Returns::TTL_BEFORE) };
    Get { returns, ..get.clone() }
}

impl Node for RefreshNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        let Request { key, command } = ask.request;
        if let Command::Store(Store { client_flags, .. }) = command
            && client_flags & self.policy.marker != 0
        {
            return Step::Answer(self.flag_in_use.clone());
        }
        if !ask.client.turns.is_idle() && ask.client.turns.is_busy(self.id(key)) {
            return Step::Run;
        }
        let root = self.below.root();
        match command {
            Command::Get(get) if get.touch.is_none() || is_own_game(get) => {
                Step::Watch(root, Request { key: key.clone(), command: Command::Get(judged(get)) })
            }
            Command::Store(store) if self.is_plain_set(store, ask) => {
                Step::Watch(root, Request { key: key.clone(), command: Command::Store(self.marked(store)) })
            }
            Command::Store(store) if store.invalidate => Step::Rewrite(root, ask.request.clone()),
            Command::Delete(delete) if delete.invalidate => Step::Rewrite(root, ask.request.clone()),
            Command::Debug => Step::Rewrite(root, ask.request.clone()),
            Command::Get(_) | Command::Store(_) | Command::Delete(_) | Command::Arithmetic(_) => Step::Run,
        }
    }

    fn watches(&self, request: &Request, client: &Client) {
        if let Command::Store(_) = request.command {
            client.begins_to_store(self.id(&request.key));
        }
    }

    fn judge(&self, request: &Request, client: &Client, reply: Reply) -> Verdict {
        let get = match &request.command {
            Command::Get(get) => get,
            Command::Store(store) => {
                let id = self.id(&request.key);
                client.has_stored(id);
                self.bring(id, store, &reply);
                return Verdict::Pass(reply);
            }
            _ => return Verdict::Pass(reply),
        };
        let regenerates = self.loads() || client.may_store();
        let item = match reply {
            Reply::Hit(item) => item,
            other if !regenerates => return Verdict::Pass(other),
            Reply::Miss if !self.policy.cold_wait.is_zero() && !is_own_game(get) => return Verdict::Refuse(reply),
            Reply::Failed(_) if is_refusal(&reply) && !is_own_game(get) => return Verdict::Refuse(reply),
            other => return Verdict::Pass(other),
        };
        // A letter (W, X, Z) says that an application uses memcached's own leases (`md I`, `mg N`) for this item.
        if item.marks[0] != 0 || is_own_game(get) {
            return Verdict::Pass(Reply::Hit(self.policy.as_told(item)));
        }
        match self.policy.age(&item) {
            Age::Unjudged => Verdict::Pass(Reply::Hit(self.policy.as_told(item))),
            Age::Fresh(remaining) if self.policy.early.is_some() && regenerates => {
                let now = self.env.now();
                let id = self.id(&request.key);
                if self.is_due_early(id, remaining) && !self.leases.is_taken(id, now, Some(self.ends(&item, now))) {
                    return Verdict::Refuse(Reply::Hit(item));
                }
                Verdict::Pass(Reply::Hit(self.policy.as_told(item)))
            }
            Age::Fresh(_) => Verdict::Pass(Reply::Hit(self.policy.as_told(item))),
            Age::Stale(age) => {
                let now = self.env.now();
                if !regenerates || self.is_taken(self.id(&request.key), now, self.ends(&item, now)) {
                    return Verdict::Pass(self.told_stale(item, age, get));
                }
                Verdict::Refuse(Reply::Hit(item))
            }
            Age::Outlived(_) => Verdict::Refuse(Reply::Hit(item)),
        }
    }

    fn recover(self: Rc<Self>, request: Request, client: Rc<Client>, refused: Reply, deadline: Deadline) -> Run {
        let Command::Get(get) = request.command else { return Box::pin(std::future::ready(refused)) };
        match refused {
            Reply::Hit(item) if self.policy.is_outlived(&item) => {
                Box::pin(self.find_cold((request.key, get), client, Some(item), deadline))
            }
            Reply::Hit(item) => Box::pin(self.refresh(request.key, get, client, item, deadline)),
            Reply::Failed(_) => Box::pin(self.find_refused((request.key, get), client, refused, deadline)),
            _ => Box::pin(self.find_cold((request.key, get), client, None, deadline)),
        }
    }

    /// Serves a stale value and misses a cold one, as if too many callers were waiting already.
    fn forgo(&self, request: &Request, refused: Reply) -> Verdict {
        Verdict::Pass(match (refused, &request.command) {
            (Reply::Hit(item), Command::Get(get)) if !self.policy.is_outlived(&item) => self.told_as_found(item, get),
            (other, _) => {
                self.shard.wait_ended(self.route, ColdWait::Overflow);
                if matches!(other, Reply::Hit(_)) { Reply::Miss } else { other }
            }
        })
    }

    fn run(self: Rc<Self>, request: Request, client: Rc<Client>, deadline: Deadline) -> Run {
        Box::pin(self.in_turn(request, client, deadline))
    }

    /// A read that finds nothing waits for the winner's value; one that finds a stale value has an answer, and waits only
    /// if so configured.
    fn more_patience(&self, request: &Request, refused: Option<&Reply>) -> Duration {
        match (&request.command, refused) {
            (Command::Get(_), None | Some(Reply::Miss)) => self.policy.cold_wait,
            (Command::Get(_), Some(Reply::Hit(item))) if self.policy.is_outlived(item) => self.policy.cold_wait,
            (Command::Get(_), Some(Reply::Hit(_))) => self.soft_timeout(),
            _ => Duration::ZERO,
        }
    }

    /// Serves a stale value if leash did not learn in time which caller regenerates it.
    fn late(&self, request: &Request, refused: Option<Reply>) -> Reply {
        match (&request.command, refused) {
            (Command::Get(get), Some(Reply::Hit(item))) => self.told_as_found(item, get),
            _ => self.below.root().late(request, None),
        }
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        self.below.root().serving(key)
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        self.below.servers()
    }
}
