//! What the replies of two pools mean together, and CAS uniques that tell of which pool they are.

use crate::protocol::{Cause, Command, Failure, Reply, Uniques};

/// A client that was told a CAS unique by `from` must not store over what `to` has by then. Within the migration those of
/// `to` stand as `to` gives them and those of `from` are turned. Between it and its clients all are turned once more: so
/// clients know those of `from` as they did before the migration, and none of these is ever taken for one of `to`.
const OF_TO: Uniques = Uniques::OF_A_NEW_POOL;

/// Whether the server is known to be down, so that it was not asked. A delete that the spool remembers is answered as
/// one of no item; a delete with this answer was not remembered.
pub fn is_down(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(Failure { cause: Cause::Down, .. }))
}

/// Whether a store or its like has changed the item, or may have. A server that refuses a set drops the old value; a
/// set without an answer may have arrived.
pub fn may_have_changed(reply: &Reply) -> bool {
    match reply {
        Reply::Failed(Failure { cause, .. }) => cause.may_be_done(),
        Reply::Miss | Reply::NotFound | Reply::NotStored | Reply::Exists => false,
        Reply::Hit(_) | Reply::Error(_) | Reply::Debug(_) | Reply::Done | Reply::Version(_) => true,
    }
}

/// The failure that forbids to acknowledge a delete, unless the server is down. A down server is told what it missed
/// before it is used again. If the spool is full, or all servers of a pool are gone at once, as when an old pool was
/// switched off too early, failing the other side's clients for it is not worthwhile.
pub fn delete_failure(reply: Reply) -> Option<Reply> {
    match reply {
        Reply::Failed(_) if is_down(&reply) => None,
        Reply::Failed(_) | Reply::Error(_) => Some(reply),
        _ => None,
    }
}

/// The reply to a set that was answered `stored` on one side and whose key was `deleted` on the other.
pub fn set_reply(stored: Reply, deleted: Reply) -> Reply {
    match stored {
        Reply::Hit(_) => delete_failure(deleted).unwrap_or(stored),
        refused => refused,
    }
}

/// The reply to a delete on both sides: done if either had the item. If one side is down, the other's reply counts.
pub fn delete_reply(from: Reply, to: Reply) -> Reply {
    match (from, to) {
        (from, to) if is_down(&from) => to,
        (from, to) if is_down(&to) => from,
        (from @ (Reply::Failed(_) | Reply::Error(_)), _) => from,
        (_, to @ (Reply::Failed(_) | Reply::Error(_))) => to,
        (from @ Reply::Hit(_), _) => from,
        (_, to) => to,
    }
}

/// A command as `from` is asked it.
pub fn as_sent_to_from(command: &Command) -> Command {
    OF_TO.sent(command)
}

/// The reply of `from` to a command as it stands within the migration.
pub fn as_told_by_from(command: &Command, reply: Reply) -> Reply {
    OF_TO.told(command, reply)
}

/// A client's command as it stands within the migration.
pub fn as_taken_in(command: &Command) -> Command {
    OF_TO.sent(command)
}

/// The migration's reply to a command as a client is told it.
pub fn as_told_to_client(command: &Command, reply: Reply) -> Reply {
    OF_TO.told(command, reply)
}
