//! What a leash is asked about its queues: the same in both modes, whatever clients there say.

use std::time::{SystemTime, UNIX_EPOCH};

use super::talk::Reserved;
use crate::protocol::Exptime;

/// How all queues are.
pub(super) const STATS: &[u8] = b"stats queues\r\n";

/// Shows the oldest message of a queue.
pub(super) fn peek(queue: &str) -> Vec<u8> {
    format!("mg {queue}/peek v f c t\r\n").into_bytes()
}

/// How many messages of a queue wait.
pub(super) fn length(queue: &str) -> Vec<u8> {
    format!("mg {queue}/len v\r\n").into_bytes()
}

/// Reserves so many messages.
pub(super) fn open(queue: &str, count: usize) -> Vec<u8> {
    format!("mg {queue}/open v f c t\r\n").repeat(count).into_bytes()
}

/// Puts a message into a queue, to be over when it would have been where it was.
pub(super) fn put(queue: &str, message: &Reserved) -> Vec<u8> {
    let Reserved { client_flags, ttl, body, .. } = message;
    let head = format!("ms {queue} {} F{client_flags} T{}\r\n", body.len(), exptime(*ttl).as_written());
    [head.as_bytes(), body, b"\r\n"].concat()
}

/// Is done with a message that is reserved.
pub(super) fn acknowledge(queue: &str, message: &Reserved) -> Vec<u8> {
    format!("md {queue} C{}\r\n", message.id).into_bytes()
}

/// Gives it back.
pub(super) fn give_back(queue: &str, message: &Reserved) -> Vec<u8> {
    format!("md {queue} C{} I\r\n", message.id).into_bytes()
}

/// A message in its last second has one more: "at once" would be said alike of one that is over.
fn exptime(ttl: Option<i64>) -> Exptime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed();
    ttl.map_or(Exptime::NEVER, |seconds| Exptime::lasting(seconds.max(1), now).unwrap_or(Exptime::NEVER))
}
