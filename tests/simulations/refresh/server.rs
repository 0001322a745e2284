//! The server at the end of the wires. Here, and not in the product, is where a simulation is told to misbehave: a test
//! of the test.

use std::collections::VecDeque;
use std::time::SystemTime;

use leash::protocol::{Command, Item, Reply, Store, StoreMode};
use leash::route::refresh::decide::REVOKED;
use leash::store::EmbeddedStore;

use crate::engine::Asked;

/// How the server breaks its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// It answers revocations and forgets them.
    ForgetsRevocations,
    /// It does a revocation after what was sent behind it.
    RevokesLast,
    /// It takes every lease for free.
    GrantsEveryLease,
    /// It takes an add for a set.
    AddsOverAnything,
    /// It compares no CAS unique when it stores.
    ComparesNothing,
    /// It answers a delete by CAS and does nothing.
    UndoesNothing,
    /// It says that an item is gone which has another CAS unique than the delete named.
    DeniesChanges,
}

pub fn is_about_lease(asked: &Asked) -> bool {
    asked.request.key.as_bytes().starts_with(b"leash:lease:")
}

pub fn is_revocation(asked: &Asked) -> bool {
    matches!(&asked.request.command, Command::Store(Store { value, .. }) if is_about_lease(asked) && *value == REVOKED)
}

/// The request the server takes next.
pub fn next(asked: &mut VecDeque<Asked>, fault: Fault) -> Option<Asked> {
    let first = asked.pop_front()?;
    let goes_last = fault == Fault::RevokesLast && is_revocation(&first);
    match asked.iter().rposition(|behind| goes_last && behind.op == first.op) {
        Some(last) => {
            asked.insert(last + 1, first);
            asked.pop_front()
        }
        None => Some(first),
    }
}

/// What the server does with a request, if it does what it should.
pub fn carry_out(store: &EmbeddedStore, asked: &Asked, fault: Fault, now: SystemTime) -> Reply {
    let mut request = asked.request.clone();
    let is_about_lease = is_about_lease(asked);
    match (fault, &mut request.command) {
        (Fault::ForgetsRevocations, _) if is_revocation(asked) => return Reply::NotStored,
        (Fault::GrantsEveryLease, Command::Store(store)) if is_about_lease && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::AddsOverAnything, Command::Store(store)) if !is_about_lease && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::ComparesNothing, Command::Store(store)) if !is_about_lease => store.compare_cas = None,
        (Fault::UndoesNothing, Command::Delete(delete)) if !is_about_lease && delete.compare_cas.is_some() => {
            return Reply::Hit(Item::default());
        }
        _ => {}
    }
    let reply = store.ask(&request, now);
    let is_denied = fault == Fault::DeniesChanges && !is_about_lease && reply == Reply::Exists;
    match request.command {
        Command::Delete(_) if is_denied => Reply::NotFound,
        _ => reply,
    }
}
