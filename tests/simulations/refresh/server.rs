//! The server at the end of the wires. Here, and not in the product, is where a simulation is told to misbehave: a test
//! of the test.

use std::time::SystemTime;

use leash::protocol::{Command, Item, Reply, Store, StoreMode};
use leash::route::refresh::decide::REVOKED;
use leash::store::EmbeddedStore;

use crate::engine::{Asked, is_about_lease};

/// How the server breaks its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// It answers revocations and forgets them.
    ForgetsRevocations,
    /// It answers revocations at once and does them later: after what was sent behind them.
    RevokesLate,
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

pub fn is_revocation(asked: &Asked) -> bool {
    matches!(&asked.request.command, Command::Store(Store { value, .. }) if is_about_lease(&asked.request) && *value == REVOKED)
}

/// What the server does with a request, if it does what it should.
pub fn carry_out(store: &EmbeddedStore, asked: &Asked, fault: Fault, now: SystemTime) -> Reply {
    let mut request = asked.request.clone();
    let is_about_lease = is_about_lease(&asked.request);
    match (fault, &mut request.command) {
        (Fault::ForgetsRevocations | Fault::RevokesLate, _) if is_revocation(asked) => return Reply::NotStored,
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
