//! One worker's counters.
//!
//! A shard is written by exactly one thread and read at each scrape. So an addition is a load, an add and a store,
//! without the lock prefix that two writers would need: with two writers counts would be lost, nothing worse.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::histogram::{self, LATENCY, bucket, nanos};
use super::layout::{RouteId, ServerId, ShardLayout, common, per_class, per_server};
use super::words::{ClientDrop, DownstreamCount, ProtocolError, RequestOutcome, StatsCount, UpstreamCount};
use crate::protocol::{Cause, CommandClass};

/// Unused cells at both ends keep neighbours in memory, other workers' shards above all, off our cache lines.
const PADDING: usize = 16;

/// The counters of one worker, under one layout.
///
/// The ids come from that layout; with those of another one it counts the wrong thing or panics.
#[derive(Debug)]
pub struct Shard {
    layout: Arc<ShardLayout>,
    cells: Box<[AtomicU64]>,
}

impl Shard {
    /// A shard with every counter at 0. [`super::Registry::shard`] makes one that is scraped.
    pub fn new(layout: &Arc<ShardLayout>) -> Shard {
        let cells = (0..layout.cells() + 2 * PADDING).map(|_| AtomicU64::new(0)).collect();
        Shard { layout: layout.clone(), cells }
    }

    /// The layout its ids come from.
    pub fn layout(&self) -> &Arc<ShardLayout> {
        &self.layout
    }

    /// Counts a request and what became of it.
    pub fn count(&self, route: RouteId, class: CommandClass, outcome: RequestOutcome) {
        self.count_alike(route, class, outcome, 1);
    }

    /// Counts `n` requests of which the same became.
    pub(crate) fn count_alike(&self, route: RouteId, class: CommandClass, outcome: RequestOutcome, n: u64) {
        self.add(self.class_at(route, class) + outcome as usize, n);
    }

    /// Adds a request's duration, from its arrival to its answer, to the histogram of its route and class.
    pub fn observe(&self, route: RouteId, class: CommandClass, elapsed: Duration) {
        self.add_duration::<LATENCY>(self.class_at(route, class) + per_class::DURATIONS, elapsed);
    }

    /// Counts `n` of something about a server.
    pub fn upstream(&self, server: ServerId, what: UpstreamCount, n: u64) {
        self.add(self.layout.server_at(server) + what as usize, n);
    }

    /// Counts a request a server did not answer.
    pub fn failure(&self, server: ServerId, cause: Cause) {
        self.add(self.layout.server_at(server) + per_server::CAUSE + cause as usize, 1);
    }

    /// Adds to a server's sum and count how long `replies` took together, each from handing over the request to its
    /// reply.
    pub fn observe_upstream(&self, server: ServerId, replies: u64, elapsed: Duration) {
        let at = self.layout.server_at(server);
        self.add(at + per_server::NANOS, nanos(elapsed));
        self.add(at + per_server::TIMED, replies);
    }

    /// Whether [`Shard::time_reply`] counts anything.
    pub fn times_replies(&self, server: ServerId) -> bool {
        self.layout.server_times_at(server).is_some()
    }

    /// Adds how long one reply took to the histogram of its server, if it has one.
    pub fn time_reply(&self, server: ServerId, elapsed: Duration) {
        if let Some(at) = self.layout.server_times_at(server) {
            self.add_duration::<LATENCY>(at, elapsed);
        }
    }

    /// Counts `n` of something about clients.
    pub fn downstream(&self, what: DownstreamCount, n: u64) {
        self.add(what as usize, n);
    }

    /// Counts a client's mistake.
    pub fn protocol_error(&self, kind: ProtocolError) {
        self.add(common::PROTOCOL_ERROR + kind as usize, 1);
    }

    /// Counts a connection that was closed on its client.
    pub fn client_drop(&self, why: ClientDrop) {
        self.add(common::CLIENT_DROP + why as usize, 1);
    }

    /// Counts what only memcached's `stats` tells.
    pub fn tally(&self, what: StatsCount) {
        self.add(common::TALLY + what as usize, 1);
    }

    pub(super) fn get(&self, at: usize) -> u64 {
        self.cells[PADDING + at].load(Relaxed)
    }

    fn class_at(&self, route: RouteId, class: CommandClass) -> usize {
        self.layout.route_at(route) + class as usize * per_class::CELLS
    }

    /// Adds a duration to the histogram that begins there.
    pub(super) fn add_duration<const FIRST_NANOS: u64>(&self, at: usize, elapsed: Duration) {
        let nanos = nanos(elapsed);
        self.add(at + bucket::<FIRST_NANOS>(nanos), 1);
        self.add(at + histogram::NANOS, nanos);
    }

    pub(super) fn add(&self, at: usize, n: u64) {
        let cell = &self.cells[PADDING + at];
        cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{ColdWait, LeaseOutcome, RouteLabel, SetRefusal};

    #[test]
    fn each_count_lands_in_a_cell_of_its_own() {
        let routes = [RouteLabel { prefix: String::new(), refreshes: true, migrates: false, loads: false }];
        let layout = ShardLayout::new(&routes, &[("main".to_string(), "m0".to_string())]);
        let (shard, route, server) = (Shard::new(&layout), RouteId(0), ServerId(0));
        for class in CommandClass::ALL {
            RequestOutcome::ALL.into_iter().for_each(|outcome| shard.count(route, class, outcome));
            (0..19).for_each(|doubling| shard.observe(route, class, Duration::from_micros(50 << doubling)));
        }
        LeaseOutcome::ALL.into_iter().for_each(|outcome| shard.lease(route, outcome));
        SetRefusal::ALL.into_iter().for_each(|why| shard.refused_set(route, why));
        ColdWait::ALL.into_iter().for_each(|how| shard.wait_ended(route, how));
        shard.wait_started(route);
        shard.early_refresh(route);
        for millis in (0..19).map(|doubling| 1 << doubling) {
            shard.stale_served(route, Duration::from_millis(millis));
            shard.regeneration(route, Duration::from_millis(millis));
        }
        UpstreamCount::ALL.into_iter().for_each(|what| shard.upstream(server, what, 1));
        Cause::ALL.into_iter().for_each(|cause| shard.failure(server, cause));
        shard.observe_upstream(server, 1, Duration::from_nanos(1));
        DownstreamCount::ALL.into_iter().for_each(|what| shard.downstream(what, 1));
        ProtocolError::ALL.into_iter().for_each(|kind| shard.protocol_error(kind));
        StatsCount::ALL.into_iter().for_each(|what| shard.tally(what));
        ClientDrop::ALL.into_iter().for_each(|why| shard.client_drop(why));
        let zeros = (0..layout.cells()).filter(|at| shard.get(*at) == 0).count();
        let ones = (0..layout.cells()).filter(|at| shard.get(*at) == 1).count();
        let histograms = CommandClass::ALL.len() + 2;
        assert_eq!((zeros, ones), (0, layout.cells() - histograms), "all 1 but the sums of durations");
    }
}
