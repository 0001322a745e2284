//! What a client was told to regenerate, and on the strength of what.

use std::sync::Arc;
use std::time::Instant;

use crate::route::refresh::decide::LeaseToken;
use crate::route::refresh::leases::LeaseSlot;

/// One client's permission to regenerate one item.
pub struct Win {
    /// The CAS unique of the stale item it won; `None` if there was none.
    pub(in crate::route) stale: Option<u64>,
    /// The lease; `None` if the server could not be asked for one.
    pub(in crate::route) lease: Option<Lease>,
    /// When the client was told.
    pub(in crate::route) told: Instant,
    /// Where this process keeps the lease.
    pub(in crate::route) slot: Arc<LeaseSlot>,
}

/// A lease that was granted.
#[derive(Clone)]
pub(in crate::route) struct Lease {
    pub token: LeaseToken,
    /// The CAS unique of the lease's item.
    pub cas: u64,
    /// When it was asked for: it cannot have run out before this and its TTL.
    pub asked: Instant,
}
