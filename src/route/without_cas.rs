//! Servers with CAS off (`memcached -C`): their items all have the CAS unique 0, so nothing keeps two writers apart.
//! Leases and claims are items that leash has asked to be told the CAS unique of, so they show it at once. What rests on
//! them is refused with the server's name; plain routes over the same server work on.

use super::Node;
use crate::protocol::{Cause, Failure, Item, Key, Reply};

/// The reply about an item of leash's own beside `key`; a refusal where it has no CAS unique. `below` is the node that
/// knows the server of the key.
pub(super) fn with_cas(reply: Reply, below: &dyn Node, key: &Key) -> Reply {
    match &reply {
        Reply::Hit(Item { cas: 0, .. }) => below.serving(key).map_or(reply, |server| server.refuse_without_cas()),
        _ => reply,
    }
}

/// Whether a server was found to have CAS off.
pub(super) fn is_without_cas(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(Failure { cause: Cause::NoCas, .. }))
}
