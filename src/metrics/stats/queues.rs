//! Queues as `stats queues` tells them, and as Kestrel does in `stats`.

use super::{Lines, QueueStats};

/// `stats queues`, which memcached does not have: how many are told, then a line for each thing that is known of one.
pub(super) fn queues(queues: &[QueueStats]) -> Vec<u8> {
    let mut lines = Lines::new();
    lines.stat("queues", queues.len());
    for queue in queues {
        for (what, value) in [
            ("waiting", queue.waiting),
            ("reserved", queue.reserved),
            ("bytes", queue.bytes),
            ("age", queue.age.as_secs()),
            ("waiters", queue.waiters),
            ("put", queue.put),
            ("taken", queue.taken),
            ("redelivered", queue.redelivered),
            ("expired", queue.expired),
            ("dead", queue.dead),
            ("damaged", queue.damaged),
        ] {
            lines.stat_of(&[&queue.name, b":", what.as_bytes()], value);
        }
    }
    lines.end()
}

/// The lines that Kestrel has of a queue. Its age is in milliseconds; of messages in memory and dropped ones there are
/// none.
pub(super) fn put_kestrel(lines: &mut Lines, queue: &QueueStats) {
    for (what, value) in [
        ("items", queue.waiting),
        ("bytes", queue.bytes),
        ("total_items", queue.put),
        ("logsize", queue.bytes),
        ("expired_items", queue.expired),
        ("mem_items", 0),
        ("mem_bytes", 0),
        ("age", u64::try_from(queue.age.as_millis()).unwrap_or(u64::MAX)),
        ("discarded", 0),
        ("waiters", queue.waiters),
        ("open_transactions", queue.reserved),
    ] {
        lines.stat_of(&[b"queue_", &queue.name, b"_", what.as_bytes()], value);
    }
}
