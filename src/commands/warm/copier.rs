//! Many items under way at once, each brought over by the claimed backfill that sidecars use
//! (`route/migration/copy.rs`).
//!
//! ```text
//!   key ─▶ pace ─▶ room ─▶ bring over ─▶ tally, window
//!                            └─▶ something is there: an item? left alone; a claim? waited for, and once more
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::journal::JournalEntry;
use super::pace::Pace;
use super::stop::Stop;
use super::tally::{Outcome, WarmTally};
use super::window::Window;
use crate::config::Side;
use crate::metrics::Shard;
use crate::protocol::{Cause, Failure, Key, Reply};
use crate::route::migration::decide::{FoundInTo, LONGER_THAN_A_CLAIM};
use crate::route::{Copied, MigrationNode};
use crate::runtime::memory::Memory;
use crate::runtime::turn::Turn;
use crate::snapshot::Snapshot;
use crate::snapshot::tree::migrations;

/// Bytes of items that may be under way at once.
const ROOM: u32 = 8 << 20;
/// What an item takes of that at least: so 1024 may be under way.
const LEAST: u32 = ROOM / 1024;
/// Between two looks at another instance's claim.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Brings items over.
pub(super) struct Copier {
    snapshot: Arc<Snapshot>,
    /// What moves each route, by its place in the configuration.
    migrations: Vec<Option<Rc<MigrationNode>>>,
    /// Its clock tells servers since when they are waited for.
    turn: Rc<Turn>,
    room: Arc<Semaphore>,
    pace: Option<RefCell<Pace>>,
    stop: Rc<Stop>,
}

/// What becomes of the keys of one server.
pub(super) struct Pass {
    /// What became of them so far.
    pub tally: RefCell<WarmTally>,
    /// How far its list is done.
    pub window: RefCell<Window>,
    /// Whether the server does not answer any more.
    is_lost: Cell<bool>,
}

impl Pass {
    /// A pass that goes on behind what was done before.
    pub(super) fn new(tally: WarmTally) -> Rc<Pass> {
        let window = RefCell::new(Window::new(tally.before));
        Rc::new(Pass { tally: RefCell::new(tally), window, is_lost: Cell::new(false) })
    }

    fn ended(&self, place: u64, outcome: Outcome) {
        if !matches!(outcome, Outcome::Unanswered(_) | Outcome::Open) {
            self.window.borrow_mut().finish(place);
        }
        self.tally.borrow_mut().count(outcome);
    }
}

impl Copier {
    /// A copier that begins `rate` items a second, if there is a rate. On a local runtime; it is one more sidecar.
    pub(super) fn new(snapshot: &Arc<Snapshot>, rate: Option<u32>, stop: Rc<Stop>) -> Rc<Copier> {
        let turn = Rc::new(Turn::new());
        spawn_local(turn.clone().run());
        let shard = Arc::new(Shard::new(&snapshot.layout));
        Rc::new(Copier {
            snapshot: snapshot.clone(),
            migrations: migrations(snapshot, &turn, &Memory::new(usize::MAX), &shard),
            turn,
            room: Arc::new(Semaphore::new(ROOM as usize)),
            pace: rate.map(|rate| RefCell::new(Pace::new(rate, Instant::now()))),
            stop,
        })
    }

    /// Begins to bring an item over, as soon as it is its turn and there is room. False if nothing is begun any more.
    pub(super) async fn begin(self: &Rc<Self>, pass: &Rc<Pass>, entry: &JournalEntry) -> bool {
        let wait = self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.borrow_mut().next(Instant::now()));
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let Some(room) = self.room(entry.size.clamp(LEAST, ROOM)).await else { return false };
        if self.stop.is_called() || pass.is_lost.get() {
            return false;
        }
        self.turn.tick();
        let (copier, pass, entry) = (self.clone(), pass.clone(), entry.clone());
        let place = pass.window.borrow_mut().begin();
        spawn_local(async move {
            let outcome = copier.bring(&pass, &entry).await;
            pass.ended(place, outcome);
            drop(room);
        });
        true
    }

    /// Ready once nothing is under way.
    pub(super) async fn settled(&self) {
        self.room(ROOM).await;
    }

    async fn room(&self, bytes: u32) -> Option<OwnedSemaphorePermit> {
        self.room.clone().acquire_many_owned(bytes).await.ok()
    }

    async fn bring(&self, pass: &Pass, entry: &JournalEntry) -> Outcome {
        let migration = self.migrations.get(entry.route as usize).and_then(Option::as_ref);
        // No client of leash can name such a key, so it is not copied.
        let (Some(migration), Some(key)) = (migration, key(entry)) else { return Outcome::Gone };
        let until = Instant::now() + LONGER_THAN_A_CLAIM;
        while Instant::now() < until {
            match migration.bring(&key).await {
                Ok(Copied::Done(bytes)) => return Outcome::Copied(bytes),
                Ok(Copied::Nothing) => return Outcome::Gone,
                Ok(Copied::Away(reply)) => return self.failed(pass, entry, Side::From, &reply),
                Ok(Copied::Failed(side, reply)) => return self.failed(pass, entry, side, &reply),
                Ok(Copied::Broken) | Err(Reply::NotStored) => {}
                Err(reply) => return self.failed(pass, entry, Side::To, &reply),
            }
            match migration.found(&key).await {
                FoundInTo::Nothing => {}
                FoundInTo::Item(_) => return Outcome::There,
                FoundInTo::Claimed { .. } => sleep(LOOK_AGAIN).await,
                FoundInTo::Trouble(reply) => return self.failed(pass, entry, Side::To, &reply),
            }
            if self.stop.is_called() {
                return Outcome::Open;
            }
        }
        Outcome::There
    }

    /// A server did not do its part. If it is not there at all, nothing more is asked of it: the other keys of an old
    /// one are passed over, and without a new one nothing can be copied.
    fn failed(&self, pass: &Pass, entry: &JournalEntry, side: Side, reply: &Reply) -> Outcome {
        let Reply::Failed(failure) = reply else {
            let (label, said) = (self.label(entry, side).unwrap_or_default(), in_words(reply));
            return Outcome::Refused(format!("server {label}: {said}"));
        };
        match side {
            _ if !is_away(failure) => {}
            Side::From => pass.is_lost.set(true),
            Side::To => self.stop.call(|| failure.to_string()),
        }
        Outcome::Unanswered(failure.to_string())
    }

    fn label(&self, entry: &JournalEntry, side: Side) -> Option<&str> {
        let migrate = self.snapshot.config.routes.get(entry.route as usize)?.migrate?;
        let pool = self.snapshot.pool(migrate.pool(side)).shared;
        Some(pool.servers[pool.placement.server_of(&entry.key)].label())
    }
}

fn is_away(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Down | Cause::Connect | Cause::TurnedAway | Cause::Outdated | Cause::NoCas)
}

fn in_words(reply: &Reply) -> String {
    match reply {
        Reply::Error(line) => String::from_utf8_lossy(line).into_owned(),
        _ => Cause::Desync.text().to_string(),
    }
}

fn key(entry: &JournalEntry) -> Option<Key> {
    Key::text(entry.key.clone()).or_else(|_| Key::binary(entry.key.clone())).ok()
}
