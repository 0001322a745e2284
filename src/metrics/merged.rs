//! The sum of shards, by name instead of by id, so that shards of different configurations add up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::histogram::{self, Durations, LATENCY};
use super::layout::{
    ROUTE_CELLS, RouteId, ServerId, ShardLayout, common, per_class, per_loader, per_migration, per_refresh, per_server,
};
use super::shard::Shard;
use super::words::{ClientDrop, DownstreamCount, ProtocolError, RequestOutcome, StatsCount, UpstreamCount};
use crate::protocol::{Cause, CommandClass};

/// All counts, for the process, for each route and for each server.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    common: Cells,
    pub routes: BTreeMap<Arc<str>, RouteCells>,
    /// What was counted about the refresh policy of each route that has it.
    pub refreshing: BTreeMap<Arc<str>, Cells>,
    /// The same about its migration.
    pub migrating: BTreeMap<Arc<str>, Cells>,
    /// The same about its loader.
    pub loading: BTreeMap<Arc<str>, Cells>,
    pub servers: BTreeMap<(Arc<str>, Arc<str>), ServerCells>,
    /// How long the replies of each server took, where that is counted.
    pub times: BTreeMap<(Arc<str>, Arc<str>), Cells>,
}

/// Consecutive cells, summed up; empty is all 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells(Vec<u64>);

/// What was counted about one route.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteCells(Cells);

/// What was counted about one server.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerCells(Cells);

impl Cells {
    fn add(&mut self, shard: &Shard, start: usize, cells: usize) {
        self.0.resize(cells, 0);
        for (at, sum) in self.0.iter_mut().enumerate() {
            *sum = sum.wrapping_add(shard.get(start + at));
        }
    }

    pub(super) fn get(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub(super) fn durations<const FIRST_NANOS: u64>(&self, at: usize) -> Durations<FIRST_NANOS> {
        Durations::read(|cell| self.get(at + cell))
    }
}

impl Merged {
    /// Adds a shard's counts.
    pub(super) fn add(&mut self, shard: &Shard) {
        let layout = shard.layout();
        self.common.add(shard, 0, common::CELLS);
        for (id, route) in (0..).map(RouteId).zip(&layout.routes) {
            let cells = self.routes.entry(route.clone()).or_default();
            cells.0.add(shard, layout.route_at(id), ROUTE_CELLS);
        }
        for (route, at) in layout.refreshing() {
            self.refreshing.entry(route.clone()).or_default().add(shard, at, per_refresh::CELLS);
        }
        for (route, at) in layout.migrating() {
            self.migrating.entry(route.clone()).or_default().add(shard, at, per_migration::CELLS);
        }
        for (route, at) in layout.loading() {
            self.loading.entry(route.clone()).or_default().add(shard, at, per_loader::CELLS);
        }
        for (id, server) in (0..).map(ServerId).zip(&layout.servers) {
            let cells = self.servers.entry(server.clone()).or_default();
            cells.0.add(shard, layout.server_at(id), per_server::CELLS);
            if let Some(at) = layout.server_times_at(id) {
                self.times.entry(server.clone()).or_default().add(shard, at, histogram::CELLS);
            }
        }
    }

    /// Forgets the routes, their refresh policies, migrations and loaders, and the servers that none of these layouts knows.
    pub(super) fn keep_only(&mut self, layouts: &[&ShardLayout]) {
        self.routes.retain(|route, _| layouts.iter().any(|layout| layout.routes.contains(route)));
        self.refreshing
            .retain(|route, _| layouts.iter().any(|layout| layout.refreshing().any(|(known, _)| known == route)));
        self.migrating
            .retain(|route, _| layouts.iter().any(|layout| layout.migrating().any(|(known, _)| known == route)));
        self.loading.retain(|route, _| layouts.iter().any(|layout| layout.loading().any(|(known, _)| known == route)));
        self.servers.retain(|server, _| layouts.iter().any(|layout| layout.servers.contains(server)));
        let is_timed = |layout: &&ShardLayout| layout.server_times_at(ServerId(0)).is_some();
        self.times.retain(|server, _| {
            layouts.iter().filter(|layout| is_timed(layout)).any(|layout| layout.servers.contains(server))
        });
    }

    pub(super) fn downstream(&self, what: DownstreamCount) -> u64 {
        self.common.get(what as usize)
    }

    /// Clients that are connected. Two counters read one after the other may seem to disagree; never below 0.
    pub(super) fn downstream_connections(&self) -> u64 {
        self.downstream(DownstreamCount::Accepted).saturating_sub(self.downstream(DownstreamCount::Closed))
    }

    pub(super) fn protocol_errors(&self, kind: ProtocolError) -> u64 {
        self.common.get(common::PROTOCOL_ERROR + kind as usize)
    }

    pub(super) fn client_drops(&self, why: ClientDrop) -> u64 {
        self.common.get(common::CLIENT_DROP + why as usize)
    }

    pub(super) fn tally(&self, what: StatsCount) -> u64 {
        self.common.get(common::TALLY + what as usize)
    }

    /// Requests of a class with an outcome, over all routes.
    pub(super) fn requests(&self, class: CommandClass, outcome: RequestOutcome) -> u64 {
        self.routes.values().map(|route| route.requests(class, outcome)).sum()
    }
}

impl RouteCells {
    pub(super) fn requests(&self, class: CommandClass, outcome: RequestOutcome) -> u64 {
        self.0.get(class as usize * per_class::CELLS + outcome as usize)
    }

    pub(super) fn durations(&self, class: CommandClass) -> Durations<LATENCY> {
        self.0.durations(class as usize * per_class::CELLS + per_class::DURATIONS)
    }
}

impl ServerCells {
    pub(super) fn count(&self, what: UpstreamCount) -> u64 {
        self.0.get(what as usize)
    }

    pub(super) fn failures(&self, cause: Cause) -> u64 {
        self.0.get(per_server::CAUSE + cause as usize)
    }

    pub(super) fn nanos(&self) -> u64 {
        self.0.get(per_server::NANOS)
    }

    pub(super) fn timed(&self) -> u64 {
        self.0.get(per_server::TIMED)
    }

    /// Requests that wait for a reply; never below 0, as with clients that are connected.
    pub(super) fn in_flight(&self) -> u64 {
        self.count(UpstreamCount::Requests).saturating_sub(self.count(UpstreamCount::Finished))
    }

    pub(super) fn connections(&self) -> u64 {
        self.count(UpstreamCount::Opened).saturating_sub(self.count(UpstreamCount::Closed))
    }
}
