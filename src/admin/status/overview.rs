//! Fills the [`Overview`] in: what is in force, what was counted, and what happened lately.

use std::time::{Duration, Instant};

use super::history::HistoryStep;
use super::sources::{LATELY, RECENT, Sources, per_second};
use super::{loaders, queues, servers};
use crate::admin::model::{self, Backfills, Migration, Overview, Point, Rates, Reads, Saved, ShownRoute};
use crate::config::{self, Config, Migrate};
use crate::metrics::{Figures, ProcessUsage, RouteFigure, RouteFigures};
use crate::snapshot::prefix_of;

impl Sources<'_> {
    /// What they tell; the rest is left empty.
    pub(super) fn overview(&self) -> Overview {
        let (took, traffic) = self.past.history.lately(LATELY);
        let (recent, lately) = self.past.history.lately(RECENT);
        Overview {
            now: rates(&traffic, took),
            recent: recent.as_secs_f64(),
            history: self.past.history.steps().map(|step| point(step, self.now)).collect(),
            saved: saved(&lately),
            saved_in_all: saved(&self.figures.traffic_since(&Figures::default())),
            pools: servers::pools(self),
            servers: servers::servers(self),
            routes: self.routes(),
            ..Overview::default()
        }
    }

    fn routes(&self) -> Vec<ShownRoute> {
        let mut routes: Vec<ShownRoute> = self.config().routes.iter().map(|route| self.route(route)).collect();
        routes.sort_by(|a, b| b.now.errors.total_cmp(&a.now.errors).then(b.now.requests.total_cmp(&a.now.requests)));
        routes
    }

    fn route(&self, route: &config::Route) -> ShownRoute {
        let prefix = prefix_of(route);
        let (took, lately) = self.of_route(&prefix, LATELY);
        let (_, recent) = self.of_route(&prefix, RECENT);
        ShownRoute {
            pool: self.config().end_of(route).to_string(),
            now: rates(&lately, took),
            saved: route.refresh.as_ref().map(|_| saved(&recent)),
            migration: route.migrate.as_ref().map(|migrate| self.migration(migrate, &prefix)),
            loader: route.loader.as_ref().map(|loader| loaders::of_route(self, loader, &prefix, &saved(&recent))),
            queues: queues::of_route(self.snapshot, route).map(|queues| queues.shown()),
            prefix,
        }
    }

    /// Reads of the phase before would say nothing about this one.
    fn migration(&self, migrate: &Migrate, prefix: &str) -> Migration {
        let stayed = self.past.phases.stayed(self.now, prefix);
        let before = self.past.history.within(self.now, stayed.min(RECENT)).route(prefix);
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
        let (took, before) = self.past.history.reading(self.now, ago);
        (took, self.figures.route(prefix).since(&before.route(prefix)))
    }

    /// The process, as far as the kernel and the configuration know it.
    pub(super) fn process(&self, uptime: Duration) -> model::Process {
        model::Process {
            instance: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            unix_time: self.unix_time,
            uptime: uptime.as_secs_f64(),
            listen: self.config().listen.iter().map(ToString::to_string).collect(),
            workers: self.config().workers,
            clients: self.figures.clients,
            memory: ProcessUsage::read().unwrap_or_default().resident,
        }
    }

    fn config(&self) -> &Config {
        &self.snapshot.config
    }

    fn pool_name(&self, pool: usize) -> String {
        self.config().pools[pool].name.to_string()
    }
}

fn point(step: &HistoryStep, now: Instant) -> Point {
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
