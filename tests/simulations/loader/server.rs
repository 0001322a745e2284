//! The server at the end of the wires, and the ways in which a simulation is told to misbehave: a test of the test.

use std::time::SystemTime;

use leash::protocol::{Command, Exptime, Reply, Store, StoreMode};
use leash::route::refresh::decide::{Lack, REVOKED};
use leash::store::EmbeddedStore;

use crate::engine::{Asked, is_about_lease};

/// How leash, or the server for it, breaks its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// A delete leaves the lease as it is.
    DeletesRevokeNothing,
    /// What a client stored is stored over.
    SetsAreNoEvidence,
    /// A loaded value stays whatever the lease says.
    StoresWithoutLooking,
    /// Every caller gets the lease.
    GrantsEveryLease,
    /// More calls are under way than may be.
    AsksWithoutBound,
    /// More calls wait for their turn than may.
    QueuesWithoutBound,
    /// What is loaded for a caller that has hung up reaches nobody.
    LoadsEndWithTheirCaller,
    /// That there is no value is remembered without an end.
    RemembersNothingForEver,
    /// What is past its grace is served as if it were not.
    TakesOutlivedForStale,
}

/// What the server does with a request; `ours` is the token that was put into the lease for the same caller.
pub fn carry_out(store: &EmbeddedStore, asked: &Asked, ours: Option<&Reply>, fault: Fault, now: SystemTime) -> Reply {
    let mut request = asked.request.clone();
    let is_lease = is_about_lease(&asked.request);
    match (fault, &mut request.command) {
        (Fault::DeletesRevokeNothing, Command::Store(Store { value, .. })) if is_lease && *value == REVOKED => {
            return Reply::NotStored;
        }
        (Fault::GrantsEveryLease, Command::Store(Store { mode, .. })) if is_lease => *mode = StoreMode::Set,
        (Fault::SetsAreNoEvidence, Command::Store(Store { mode, compare_cas, .. })) if !is_lease => {
            (*mode, *compare_cas) = (StoreMode::Set, None);
        }
        (Fault::RemembersNothingForEver, Command::Store(Store { value, ttl, .. }))
            if is_lease && *value == Lack::Absent.word() =>
        {
            *ttl = Some(Exptime::NEVER);
        }
        (Fault::StoresWithoutLooking, Command::Get(_)) if is_lease && ours.is_some() => {
            return ours.cloned().unwrap_or(Reply::Miss);
        }
        _ => {}
    }
    store.ask(&request, now)
}
