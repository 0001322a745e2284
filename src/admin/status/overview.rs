//! Fills the [`Overview`] in: what is in force, what was counted, and what happened lately.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::history::{History, Step};
use super::phases::Phases;
use crate::admin::model::{self, Backfills, Migration, Overview, Point, Pool, Rates, Reads, Route, Saved, Server};
use crate::config::{self, Config, Migrate};
use crate::metrics::{Figures, Process, RouteFigure, RouteFigures, ServerState, ServerTotals};
use crate::snapshot::{Member, Snapshot, prefix_of};
use crate::upstream::{Failing, Spool};

/// What "lately" is for rates.
const LATELY: Duration = Duration::from_secs(10);
/// What "recent" is for sums.
const RECENT: Duration = Duration::from_secs(300);

/// What an overview is made from.
pub struct Sources<'s> {
    pub now: Instant,
    pub snapshot: &'s Snapshot,
    pub figures: &'s Figures,
    pub history: &'s History,
    pub phases: &'s Phases,
}

impl Sources<'_> {
    /// What they tell; the rest is left empty.
    pub fn overview(&self) -> Overview {
        let (took, traffic) = self.history.lately(LATELY);
        let (recent, lately) = self.history.lately(RECENT);
        Overview {
            now: rates(&traffic, took),
            recent: recent.as_secs_f64(),
            history: self.history.steps().map(|step| point(step, self.now)).collect(),
            saved: saved(&lately),
            saved_in_all: saved(&self.figures.traffic_since(&Figures::default())),
            pools: self.pools(),
            servers: self.servers(),
            routes: self.routes(),
            ..Overview::default()
        }
    }

    fn pools(&self) -> Vec<Pool> {
        let pools = self.config().pools.iter().zip(&self.snapshot.pools);
        let is_asked = |state| matches!(state, ServerState::Up | ServerState::Suspect);
        pools
            .map(|(pool, shared)| Pool {
                name: pool.name.to_string(),
                hash: pool.hash.word().to_string(),
                fingerprint: format!("{:016x}", shared.placement.fingerprint()),
                servers: pool.servers.len(),
                up: shared.members.iter().filter(|member| is_asked(member.state())).count(),
            })
            .collect()
    }

    fn servers(&self) -> Vec<Server> {
        let pools = self.config().pools.iter().zip(&self.snapshot.pools);
        let members = pools.flat_map(|(pool, shared)| {
            pool.servers.iter().zip(&shared.members).map(move |(server, member)| (pool, server, member))
        });
        let mut servers: Vec<Server> =
            members.map(|(pool, server, member)| self.server(pool, server, member)).collect();
        servers.sort_by(|a, b| {
            let trouble = |server: &Server| (!server.is_asked(), server.state != ServerState::Up);
            (trouble(b).cmp(&trouble(a)))
                .then(b.failures.total_cmp(&a.failures))
                .then(b.requests.total_cmp(&a.requests))
        });
        servers
    }

    fn server(&self, pool: &config::Pool, server: &config::Server, member: &Member) -> Server {
        let (took, before) = self.history.reading(self.now, LATELY);
        let (now, before) = (self.figures.server(&pool.name, &server.name), before.server(&pool.name, &server.name));
        let since = |count: fn(&ServerTotals) -> u64| count(&now).saturating_sub(count(&before));
        let timed = since(|totals| totals.timed);
        Server {
            pool: pool.name.to_string(),
            name: server.name.to_string(),
            address: server.address.to_string(),
            state: member.state(),
            connections: now.connections,
            in_flight: now.in_flight,
            requests: per_second(since(|totals| totals.requests), took),
            failures: per_second(since(|totals| totals.failures), took),
            reply_time: (timed > 0).then(|| since(|totals| totals.nanos) as f64 / 1e9 / timed as f64),
            spooled: member.spool().map(|spool| spool.depth() as u64).filter(|waiting| *waiting > 0),
            refused: member.spool().map(|spool| spool.refused() as u64).filter(|refused| *refused > 0),
            spool_failing: member
                .spool()
                .and_then(Spool::failing)
                .map(|Failing { since, why }| model::SpoolFailing { since: since as f64, why }),
        }
    }

    fn routes(&self) -> Vec<Route> {
        let mut routes: Vec<Route> = self.config().routes.iter().map(|route| self.route(route)).collect();
        routes.sort_by(|a, b| b.now.errors.total_cmp(&a.now.errors).then(b.now.requests.total_cmp(&a.now.requests)));
        routes
    }

    fn route(&self, route: &config::Route) -> Route {
        let prefix = prefix_of(route);
        let (took, lately) = self.of_route(&prefix, LATELY);
        let (_, recent) = self.of_route(&prefix, RECENT);
        Route {
            pool: self.pool_name(route.pool),
            now: rates(&lately, took),
            saved: route.refresh.as_ref().map(|_| saved(&recent)),
            migration: route.migrate.as_ref().map(|migrate| self.migration(migrate, &prefix)),
            prefix,
        }
    }

    /// Reads of the phase before would say nothing about this one.
    fn migration(&self, migrate: &Migrate, prefix: &str) -> Migration {
        let stayed = self.phases.stayed(self.now, prefix);
        let before = self.history.within(self.now, stayed.min(RECENT)).route(prefix);
        let recent = self.figures.route(prefix).since(&before);
        let stayed = stayed.as_secs_f64();
        let reads = Reads {
            to: recent.get(RouteFigure::ReadTo),
            from: recent.get(RouteFigure::ReadFrom),
            none: recent.get(RouteFigure::ReadNone),
        };
        let backfills = Backfills {
            done: recent.get(RouteFigure::BackfillsDone),
            refused: recent.get(RouteFigure::BackfillsRefused),
            undone: recent.get(RouteFigure::BackfillsUndone),
            skipped: recent.get(RouteFigure::BackfillsSkipped),
        };
        Migration {
            from: self.pool_name(migrate.from),
            to: self.pool_name(migrate.to),
            phase: migrate.phase,
            stayed,
            reads,
            backfills,
            next: model::next(migrate.phase, stayed, reads, backfills),
        }
    }

    /// What happened on a route in about this time, and how long that exactly is.
    fn of_route(&self, prefix: &str, ago: Duration) -> (Duration, RouteFigures) {
        let (took, before) = self.history.reading(self.now, ago);
        (took, self.figures.route(prefix).since(&before.route(prefix)))
    }

    fn config(&self) -> &Config {
        &self.snapshot.config
    }

    fn pool_name(&self, pool: usize) -> String {
        self.config().pools[pool].name.to_string()
    }
}

/// The process, as far as the kernel and the configuration know it.
pub fn process(snapshot: &Snapshot, uptime: Duration, clients: u64) -> model::Process {
    model::Process {
        version: env!("CARGO_PKG_VERSION").to_string(),
        unix_time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()),
        uptime: uptime.as_secs_f64(),
        listen: snapshot.config.listen.iter().map(ToString::to_string).collect(),
        workers: snapshot.config.workers,
        clients,
        memory: Process::read().unwrap_or_default().resident,
    }
}

fn point(step: &Step, now: Instant) -> Point {
    let ago = now.saturating_duration_since(step.ended).as_secs_f64();
    Point { ago, rates: rates(&step.traffic, step.took) }
}

fn rates(traffic: &RouteFigures, took: Duration) -> Rates {
    let rate = |figure| per_second(traffic.get(figure), took);
    let gets = traffic.get(RouteFigure::Gets);
    Rates {
        requests: rate(RouteFigure::Requests),
        hit_ratio: (gets > 0).then(|| traffic.get(RouteFigure::Hits) as f64 / gets as f64),
        errors: rate(RouteFigure::Errors),
        p99: traffic.quantile(0.99),
        stale_served: rate(RouteFigure::StaleServed),
        avoided: per_second(saved(traffic).avoided(), took),
    }
}

fn saved(traffic: &RouteFigures) -> Saved {
    Saved {
        stale_served: traffic.get(RouteFigure::StaleServed),
        waited: traffic.get(RouteFigure::Waited),
        winners: traffic.get(RouteFigure::Winners),
        expired: traffic.get(RouteFigure::LeasesExpired),
    }
}

/// Nothing happens in no time.
fn per_second(count: u64, took: Duration) -> f64 {
    if took.is_zero() { 0.0 } else { count as f64 / took.as_secs_f64() }
}
