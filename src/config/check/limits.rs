//! `limits`: each within bounds that a machine can keep, and together able to serve one item.

use super::setting::{or_off, setting};
use crate::config::checked::{Limits, Pool};
use crate::config::machine::auto_memory;
use crate::config::problem::Problems;
use crate::config::units::{COUNT, DURATION, SIZE, show_size};
use crate::config::written;
use std::time::Duration;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;
/// The word for a share of what the container may have.
const AUTO: &str = "auto";
const MANY: usize = 1_000_000;

/// Checks the limits, which are beside the stores inside the process.
pub(super) fn check(written: &written::Limits, pools: &[Pool], problems: &mut Problems) -> Limits {
    let d = Limits::default();
    let w = written;
    let time = Duration::from_millis(1)..=Duration::from_secs(3600);
    let patience = Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600);
    let auto = w.memory.as_ref().is_none_or(|memory| memory.text == AUTO);
    let memory = w.memory.as_ref().filter(|_| !auto);
    let mut limits = Limits {
        item_size: setting(&SIZE, w.item_size.as_ref(), d.item_size, KIB..=GIB, problems),
        request_line: setting(&SIZE, w.request_line.as_ref(), d.request_line, KIB..=16 * MIB, problems),
        keys_per_get: setting(&COUNT, w.keys_per_get.as_ref(), d.keys_per_get, 1..=MANY, problems),
        in_flight: setting(&COUNT, w.in_flight.as_ref(), d.in_flight, 1..=MANY, problems),
        connections: setting(&COUNT, w.connections.as_ref(), d.connections, 1..=MANY, problems),
        request_time: setting(&DURATION, w.request_time.as_ref(), d.request_time, time, problems),
        unread_time: setting(&DURATION, w.unread_time.as_ref(), d.unread_time, patience.clone(), problems),
        idle: or_off(&DURATION, w.idle.as_ref(), patience, problems),
        unsent_replies: setting(&SIZE, w.unsent_replies.as_ref(), d.unsent_replies, 64 * KIB..=64 * GIB, problems),
        memory: setting(&SIZE, memory, d.memory, MIB..=1024 * GIB, problems),
        server_queue: setting(&COUNT, w.server_queue.as_ref(), d.server_queue, 1..=16 * MANY, problems),
        waiters: setting(&COUNT, w.waiters.as_ref(), d.waiters, 1..=MANY, problems),
    };
    if auto {
        limits.memory = auto_memory(pools, &limits);
    }
    room_for_one_item(written, &limits, problems);
    limits
}

/// An item that fits no buffer could be neither stored nor answered. The complaint stands at the value that was
/// written.
fn room_for_one_item(written: &written::Limits, limits: &Limits, problems: &mut Problems) {
    let item = limits.item_size;
    let bounds = [
        ("unsent_replies", &written.unsent_replies, limits.unsent_replies),
        ("memory", &written.memory, limits.memory),
    ];
    for (name, own, bound) in bounds.into_iter().filter(|(_, _, bound)| *bound < item) {
        let Some(at) = own.as_ref().or(written.item_size.as_ref()) else { continue };
        let (bound, item) = (show_size(bound), show_size(item));
        problems.add(&at.place, format!("item_size ({item}) exceeds {name} ({bound}); raise {name} to {item} or more"));
    }
}
