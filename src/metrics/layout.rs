//! Where in a shard each series has its place. Made once per configuration; ids are resolved when the tree is built,
//! so counting needs no look-up.

use std::collections::HashMap;
use std::sync::Arc;

use super::histogram;
use super::load_words::LoadOutcome;
use super::words::{
    Backfill, ClientDrop, ColdWait, DownstreamCount, LeaseOutcome, ProtocolError, ReadSource, RequestOutcome,
    SetRefusal, StatsCount, UpstreamCount,
};
use crate::protocol::{Cause, CommandClass};

/// The label of the route whose prefix is empty. Prometheus takes an empty label for none at all; a word with a space
/// can be no prefix, as keys have no spaces.
pub const EVERYTHING_ELSE: &str = "everything else";

/// A route of one layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteId(pub(super) u16);

/// A server of one layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerId(pub(super) u16);

/// What the routes of one layout are known as in the next one.
#[derive(Debug)]
pub struct RouteMoves(Vec<Option<RouteId>>);

impl RouteMoves {
    /// The id of the route that was `id` before; `None` if it is gone.
    pub fn of(&self, id: RouteId) -> Option<RouteId> {
        self.0.get(usize::from(id.0)).copied().flatten()
    }
}

/// The cells of one command class of one route: outcomes, and a histogram of the durations.
pub(super) mod per_class {
    use super::{RequestOutcome, histogram};
    pub(crate) const DURATIONS: usize = RequestOutcome::ALL.len();
    pub(crate) const CELLS: usize = DURATIONS + histogram::CELLS;
}

/// The cells of one route.
pub(super) const ROUTE_CELLS: usize = CommandClass::ALL.len() * per_class::CELLS;

/// The cells of one route's refresh policy: words, two counts that have none, and two histograms. `WAITS_STARTED` less
/// the waits that ended is how many wait now.
pub(super) mod per_refresh {
    use super::{ColdWait, LeaseOutcome, SetRefusal, histogram};
    pub(crate) const REFUSED_SETS: usize = LeaseOutcome::ALL.len();
    pub(crate) const WAITS: usize = REFUSED_SETS + SetRefusal::ALL.len();
    pub(crate) const WAITS_STARTED: usize = WAITS + ColdWait::ALL.len();
    pub(crate) const EARLY: usize = WAITS_STARTED + 1;
    pub(crate) const STALE_AGES: usize = EARLY + 1;
    pub(crate) const REGENERATIONS: usize = STALE_AGES + histogram::CELLS;
    pub(crate) const CELLS: usize = REGENERATIONS + histogram::CELLS;
}

/// The cells of one route's migration: words.
pub(super) mod per_migration {
    use super::{Backfill, ReadSource};
    pub(crate) const BACKFILLS: usize = ReadSource::ALL.len();
    pub(crate) const CELLS: usize = BACKFILLS + Backfill::ALL.len();
}

/// The cells of one route's loader: words, a count that has none, and a histogram.
pub(super) mod per_loader {
    use super::{LoadOutcome, histogram};
    pub(crate) const SPARED: usize = LoadOutcome::ALL.len();
    pub(crate) const SECONDS: usize = SPARED + 1;
    pub(crate) const CELLS: usize = SECONDS + histogram::CELLS;
}

/// The cells of one server: what [`UpstreamCount`] names, causes of failure, and durations.
pub(super) mod per_server {
    use super::{Cause, UpstreamCount};
    pub(crate) const CAUSE: usize = UpstreamCount::ALL.len();
    pub(crate) const NANOS: usize = CAUSE + Cause::ALL.len();
    pub(crate) const TIMED: usize = NANOS + 1;
    pub(crate) const CELLS: usize = TIMED + 1;
}

/// The cells of neither route nor server.
pub(super) mod common {
    use super::{ClientDrop, DownstreamCount, ProtocolError, StatsCount};
    pub(crate) const PROTOCOL_ERROR: usize = DownstreamCount::ALL.len();
    pub(crate) const TALLY: usize = PROTOCOL_ERROR + ProtocolError::ALL.len();
    pub(crate) const CLIENT_DROP: usize = TALLY + StatsCount::ALL.len();
    pub(crate) const CELLS: usize = CLIENT_DROP + ClientDrop::ALL.len();
}

/// What a layout has to know about a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLabel {
    /// Its prefix; metrics write the empty one as [`EVERYTHING_ELSE`].
    pub prefix: String,
    /// Whether it has the refresh policy.
    pub refreshes: bool,
    /// Whether it migrates.
    pub migrates: bool,
    /// Whether it has a loader.
    pub loads: bool,
}

/// The routes and servers that shards of one configuration count.
#[derive(Debug, PartialEq, Eq)]
pub struct ShardLayout {
    pub(super) routes: Vec<Arc<str>>,
    /// For each route, which of the blocks for refresh policies is its own, if any.
    refreshing: Vec<Option<usize>>,
    /// For each route, which of the blocks for migrations is its own, if any.
    migrating: Vec<Option<usize>>,
    /// For each route, which of the blocks for loaders is its own, if any.
    loading: Vec<Option<usize>>,
    /// Whether each server has a histogram of how long its replies take.
    times_servers: bool,
    pub(super) servers: Vec<(Arc<str>, Arc<str>)>,
}

impl ShardLayout {
    /// A layout for these routes and these servers, each as (pool, name).
    ///
    /// # Panics
    /// If there are more than 65,536 of either.
    pub fn new(routes: &[RouteLabel], servers: &[(String, String)]) -> Arc<ShardLayout> {
        ShardLayout::timing(routes, servers, false)
    }

    /// The same, where each server may have a histogram of how long its replies take.
    ///
    /// # Panics
    /// If there are more than 65,536 of either.
    pub fn timing(routes: &[RouteLabel], servers: &[(String, String)], times_servers: bool) -> Arc<ShardLayout> {
        let most = usize::from(u16::MAX) + 1;
        assert!(routes.len() <= most && servers.len() <= most, "ids of routes and servers have 16 bits");
        let (mut blocks, mut moves, mut loads) = (0.., 0.., 0..);
        Arc::new(ShardLayout {
            routes: routes.iter().map(|route| route_label(&route.prefix).into()).collect(),
            refreshing: routes.iter().map(|route| route.refreshes.then(|| blocks.next()).flatten()).collect(),
            migrating: routes.iter().map(|route| route.migrates.then(|| moves.next()).flatten()).collect(),
            loading: routes.iter().map(|route| route.loads.then(|| loads.next()).flatten()).collect(),
            times_servers,
            servers: servers.iter().map(|(pool, name)| (pool.as_str().into(), name.as_str().into())).collect(),
        })
    }

    /// The id of the route with this prefix.
    pub fn route(&self, prefix: &str) -> Option<RouteId> {
        let place = self.routes.iter().position(|known| **known == *route_label(prefix))?;
        u16::try_from(place).ok().map(RouteId)
    }

    /// The id of the server of this name in this pool.
    pub fn server(&self, pool: &str, name: &str) -> Option<ServerId> {
        let place = self.servers.iter().position(|(in_pool, known)| **in_pool == *pool && **known == *name)?;
        u16::try_from(place).ok().map(ServerId)
    }

    /// What each route of this layout is known as in `next`; `None` if it is not there.
    pub fn routes_in(&self, next: &ShardLayout) -> RouteMoves {
        let ids: HashMap<&Arc<str>, RouteId> = next.routes.iter().zip((0..).map(RouteId)).collect();
        RouteMoves(self.routes.iter().map(|route| ids.get(route).copied()).collect())
    }

    pub(super) fn cells(&self) -> usize {
        let timed = if self.times_servers { self.servers.len() } else { 0 };
        self.times_at() + timed * histogram::CELLS
    }

    /// Where the histogram of a server is, if it has one.
    pub(super) fn server_times_at(&self, server: ServerId) -> Option<usize> {
        self.times_servers.then(|| self.times_at() + usize::from(server.0) * histogram::CELLS)
    }

    fn times_at(&self) -> usize {
        self.loading_at() + self.loading.iter().flatten().count() * per_loader::CELLS
    }

    pub(super) fn route_at(&self, route: RouteId) -> usize {
        common::CELLS + usize::from(route.0) * ROUTE_CELLS
    }

    pub(super) fn server_at(&self, server: ServerId) -> usize {
        common::CELLS + self.routes.len() * ROUTE_CELLS + usize::from(server.0) * per_server::CELLS
    }

    /// Where the cells of a route's refresh policy are, if it has the policy.
    pub(super) fn refresh_at(&self, route: RouteId) -> Option<usize> {
        let block = self.refreshing.get(usize::from(route.0)).copied().flatten()?;
        Some(self.refreshing_at() + block * per_refresh::CELLS)
    }

    /// The labels of the routes with the refresh policy, and where their cells for it are.
    pub(super) fn refreshing(&self) -> impl Iterator<Item = (&Arc<str>, usize)> {
        let routes = (0..).map(RouteId).zip(&self.routes);
        routes.filter_map(|(id, route)| Some((route, self.refresh_at(id)?)))
    }

    /// Where the cells of a route's migration are, if it migrates.
    pub(super) fn migration_at(&self, route: RouteId) -> Option<usize> {
        let block = self.migrating.get(usize::from(route.0)).copied().flatten()?;
        Some(self.migrating_at() + block * per_migration::CELLS)
    }

    /// The labels of the routes that migrate, and where their cells for it are.
    pub(super) fn migrating(&self) -> impl Iterator<Item = (&Arc<str>, usize)> {
        let routes = (0..).map(RouteId).zip(&self.routes);
        routes.filter_map(|(id, route)| Some((route, self.migration_at(id)?)))
    }

    /// Where the cells of a route's loader are, if it has one.
    pub(super) fn loader_at(&self, route: RouteId) -> Option<usize> {
        let block = self.loading.get(usize::from(route.0)).copied().flatten()?;
        Some(self.loading_at() + block * per_loader::CELLS)
    }

    /// The labels of the routes with a loader, and where their cells for it are.
    pub(super) fn loading(&self) -> impl Iterator<Item = (&Arc<str>, usize)> {
        let routes = (0..).map(RouteId).zip(&self.routes);
        routes.filter_map(|(id, route)| Some((route, self.loader_at(id)?)))
    }

    fn loading_at(&self) -> usize {
        self.migrating_at() + self.migrating.iter().flatten().count() * per_migration::CELLS
    }

    fn migrating_at(&self) -> usize {
        self.refreshing_at() + self.refreshing.iter().flatten().count() * per_refresh::CELLS
    }

    fn refreshing_at(&self) -> usize {
        common::CELLS + self.routes.len() * ROUTE_CELLS + self.servers.len() * per_server::CELLS
    }
}

/// What metrics and people call the route with this prefix.
pub fn route_label(prefix: &str) -> &str {
    if prefix.is_empty() { EVERYTHING_ELSE } else { prefix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Arc<ShardLayout> {
        let servers = [("main", "m0"), ("main", "m1"), ("spare", "m0")].map(|(p, n)| (p.to_string(), n.to_string()));
        let routes = [("", false), ("page:", true), ("cart:", false), ("feed:", true)]
            .map(|(prefix, refreshes)| (prefix.to_string(), refreshes))
            .map(|(prefix, refreshes)| RouteLabel { prefix, refreshes, migrates: !refreshes, loads: refreshes });
        ShardLayout::new(&routes, &servers)
    }

    #[test]
    fn routes_are_found_by_prefix_and_servers_by_pool_and_name() {
        let layout = layout();
        assert_eq!(layout.route(""), Some(RouteId(0)));
        assert_eq!(layout.route("page:"), Some(RouteId(1)));
        assert_eq!(layout.route("user:"), None);
        assert_eq!(layout.server("spare", "m0"), Some(ServerId(2)));
        assert_eq!(layout.server("spare", "m1"), None);
    }

    #[test]
    fn a_route_is_found_again_in_the_next_layout() {
        let next = [("page:", true), ("new:", false), ("", false)];
        let next = next.map(|(prefix, refreshes)| RouteLabel {
            prefix: prefix.to_string(),
            refreshes,
            migrates: false,
            loads: false,
        });
        let moves = layout().routes_in(&ShardLayout::new(&next, &[]));
        let moved = [0, 1, 2, 3].map(|id| moves.of(RouteId(id)));
        assert_eq!(moved, [Some(RouteId(2)), Some(RouteId(0)), None, None]);
    }

    #[test]
    fn no_two_blocks_of_cells_overlap() {
        let layout = layout();
        let starts = [
            0,
            layout.route_at(RouteId(0)),
            layout.route_at(RouteId(1)),
            layout.route_at(RouteId(2)),
            layout.route_at(RouteId(3)),
            layout.server_at(ServerId(0)),
            layout.server_at(ServerId(1)),
            layout.server_at(ServerId(2)),
            layout.refresh_at(RouteId(1)).expect("it refreshes"),
            layout.refresh_at(RouteId(3)).expect("it refreshes"),
            layout.migration_at(RouteId(0)).expect("it migrates"),
            layout.migration_at(RouteId(2)).expect("it migrates"),
            layout.loader_at(RouteId(1)).expect("it loads"),
            layout.loader_at(RouteId(3)).expect("it loads"),
            layout.cells(),
        ];
        let sizes = starts.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
        let (route, server, refresh, moves, loads) =
            (ROUTE_CELLS, per_server::CELLS, per_refresh::CELLS, per_migration::CELLS, per_loader::CELLS);
        let expected = [
            common::CELLS,
            route,
            route,
            route,
            route,
            server,
            server,
            server,
            refresh,
            refresh,
            moves,
            moves,
            loads,
            loads,
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn only_routes_that_refresh_or_migrate_have_cells_for_it() {
        let layout = layout();
        assert_eq!([0, 2, 4].map(|route| layout.refresh_at(RouteId(route))), [None; 3]);
        let routes: Vec<&str> = layout.refreshing().map(|(route, _)| &**route).collect();
        assert_eq!(routes, ["page:", "feed:"]);
        let routes: Vec<&str> = layout.migrating().map(|(route, _)| &**route).collect();
        assert_eq!(routes, [EVERYTHING_ELSE, "cart:"]);
    }
}
