//! Queues as `stats queues` tells them, and as Kestrel does in `stats`.

use super::{Lines, QueueStats};

/// `stats queues`, which memcached does not have: how many are told, then a line for each thing that is known of one.
pub(super) fn queues(queues: &[QueueStats]) -> Vec<u8> {
    let mut lines = Lines::new();
    lines.stat("queues", queues.len());
    for QueueStats { name, figures, .. } in queues {
        for (what, value) in [
            ("waiting", figures.waiting),
            ("reserved", figures.reserved),
            ("bytes", figures.bytes),
            ("age", figures.age.as_secs()),
            ("waiters", figures.waiters),
            ("put", figures.counts.put),
            ("taken", figures.counts.taken),
            ("redelivered", figures.counts.redelivered),
            ("expired", figures.counts.expired),
            ("dead", figures.counts.dead),
            ("damaged", figures.counts.damaged),
        ] {
            lines.stat_of(&[name, b":", what.as_bytes()], value);
        }
    }
    lines.end()
}

/// The lines that Kestrel has of a queue. Its age is in milliseconds; of messages in memory and dropped ones there are
/// none.
pub(super) fn put_kestrel(lines: &mut Lines, QueueStats { name, figures, .. }: &QueueStats) {
    for (what, value) in [
        ("items", figures.waiting),
        ("bytes", figures.bytes),
        ("total_items", figures.counts.put),
        ("logsize", figures.bytes),
        ("expired_items", figures.counts.expired),
        ("mem_items", 0),
        ("mem_bytes", 0),
        ("age", u64::try_from(figures.age.as_millis()).unwrap_or(u64::MAX)),
        ("discarded", 0),
        ("waiters", figures.waiters),
        ("open_transactions", figures.reserved),
    ] {
        lines.stat_of(&[b"queue_", name, b"_", what.as_bytes()], value);
    }
}
