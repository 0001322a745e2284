//! A look at the items themselves: the server of each key is asked what it has, and nothing it has is changed.
//!
//! A look has connections of its own, which end with it, and an opinion of its own about each server: what a question
//! for people runs into is not held against a server that clients use. All questions of a look are asked at once.
//!
//! One thing memcached changes by itself. An item that an application has invalidated (`md I`) makes the first `mg` the
//! winner of memcached's own token, with any flags, and there is no winner after it. So a look that was made the
//! winner gives the token back by invalidating that very item, by its CAS unique, once more. The item has a new CAS
//! unique then: the flag that would keep the old one (`E`) is unknown to many memcached.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

use super::finding::{self, Finding};
use super::{Destination, Explainer, Item, Way};
use crate::hash::item_hash;
use crate::protocol::{Command, Delete, Get, Key, Question, Reply, Request, Returns};
use crate::route::Answer;
use crate::runtime::turn::Turn;
use crate::snapshot::Snapshot;
use crate::upstream::{Mark, Party, ServerOrStore};

/// A look waits no longer than this for a server, even if the pool's `request_timeout` is longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything about the item but its value, which may be private.
const FACTS: Returns = Returns::FLAGS
    .and(Returns::CAS)
    .and(Returns::TTL_BEFORE)
    .and(Returns::SIZE)
    .and(Returns::LAST_ACCESS)
    .and(Returns::HIT);

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standpoint {
    /// The process that serves: the embedded store and the table of leases are in it.
    Inside,
    /// Another one.
    Outside,
}

/// Questions on their way about one key.
struct Asked {
    destination: Destination,
    answers: Option<Answers>,
}

struct Answers {
    of: Item,
    item: Answer,
    lease: Option<Answer>,
    won_here: Option<bool>,
}

/// What came back about one key, and the answer to what had to be put right.
struct Heard {
    destination: Destination,
    given_back: Option<Answer>,
}

/// Where each key goes and what is there; or why it cannot be a key. On a current-thread runtime; it takes about as
/// long as the slowest server may.
pub async fn look(snapshot: &Snapshot, keys: &[Vec<u8>], from: Standpoint) -> Vec<Result<Destination, String>> {
    // Dropping it ends the connections.
    LocalSet::new().run_until(look_at_all(snapshot, keys, from)).await
}

/// The same for a process that does nothing else.
pub fn look_from_outside(snapshot: &Snapshot, keys: &[Vec<u8>]) -> io::Result<Vec<Result<Destination, String>>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let looked = runtime.block_on(look(snapshot, keys, Standpoint::Outside));
    // A thread that resolves a name cannot be interrupted.
    runtime.shutdown_background();
    Ok(looked)
}

async fn look_at_all(snapshot: &Snapshot, keys: &[Vec<u8>], from: Standpoint) -> Vec<Result<Destination, String>> {
    let turn = Rc::new(Turn::new());
    spawn_local(turn.clone().run());
    let apart: Arc<Snapshot> = snapshot.apart(PATIENCE);
    let explainer = Explainer::asking(apart, &turn);
    let asked: Vec<_> = keys.iter().map(|key| Ok(ask(explainer.way(key)?, snapshot, from))).collect();
    let mut heard = Vec::with_capacity(asked.len());
    for asked in asked {
        heard.push(match asked {
            Ok(asked) => Ok(hear(asked).await),
            Err(why) => Err(why),
        });
    }
    let mut told = Vec::with_capacity(heard.len());
    for heard in heard {
        told.push(match heard {
            Ok(heard) => Ok(put_right(heard).await),
            Err(why) => Err(why),
        });
    }
    told
}

fn ask(way: Way, snapshot: &Snapshot, from: Standpoint) -> Asked {
    let Way { mut destination, item } = way;
    let Some(of) = item else { return Asked { destination, answers: None } };
    if from == Standpoint::Outside && matches!(of.server, ServerOrStore::Embedded(..)) {
        let why = "the embedded store is inside the leash that serves: ask its admin address, /route?key=…&live=1";
        note(&mut destination, Finding::unknown(why));
        return Asked { destination, answers: None };
    }
    let item = question(&of.server, &of.key, Command::Get(Get { returns: FACTS, no_bump: true, ..Get::default() }));
    let lease = of.refresh.as_ref().map(|(id, _)| {
        let returns = Returns::VALUE.and(Returns::TTL_BEFORE);
        question(&of.server, &id.lease_key(), Command::Get(Get { returns, no_bump: true, ..Get::default() }))
    });
    let won_here = match (from, &of.refresh) {
        (Standpoint::Inside, Some((id, _))) => Some(snapshot.leases.is_won_here(*id, Instant::now())),
        _ => None,
    };
    Asked { destination, answers: Some(Answers { of, item, lease, won_here }) }
}

async fn hear(asked: Asked) -> Heard {
    let Asked { mut destination, answers } = asked;
    let Some(Answers { of, item, lease, won_here }) = answers else { return Heard { destination, given_back: None } };
    let item = item.await;
    let given_back = give_back(&of, &item);
    let lease = match lease {
        Some(lease) => Some(lease.await),
        None => None,
    };
    let policy = of.refresh.as_ref().map(|(_, policy)| policy);
    let evidence = finding::Evidence { policy, item: &item, lease: lease.as_ref(), won_here };
    note(&mut destination, Finding::of(&evidence));
    Heard { destination, given_back }
}

/// Lets the next reader win what this look was made the winner of.
fn give_back(of: &Item, reply: &Reply) -> Option<Answer> {
    let Reply::Hit(item) = reply else { return None };
    let again = Delete { invalidate: true, compare_cas: Some(item.cas), ..Delete::default() };
    item.marks.contains(&b'W').then(|| question(&of.server, &of.key, Command::Delete(again)))
}

async fn put_right(heard: Heard) -> Destination {
    let Heard { mut destination, given_back } = heard;
    let Some(given_back) = given_back else { return destination };
    let is_right = matches!(given_back.await, Reply::Hit(_) | Reply::Exists | Reply::NotFound);
    let live = destination.at_server_mut().and_then(|there| there.live.as_mut()).filter(|_| !is_right);
    if let Some(finding) = live {
        finding.error = Some("this look was given memcached's win token and could not give it back".to_string());
    }
    destination
}

/// Adds what was found at the end of the way.
fn note(destination: &mut Destination, finding: Finding) {
    if let Some(there) = destination.at_server_mut() {
        there.live = Some(finding);
    }
}

/// Asks at once.
fn question(server: &ServerOrStore, key: &Key, command: Command) -> Answer {
    let request = Request { key: key.clone(), command };
    let nobody = Rc::new(());
    let mark = Mark::new(item_hash(key.as_bytes()), Party::of(&nobody));
    Answer::to(|ticket| server.ask(Question::Ask(&request), mark, ticket))
}
