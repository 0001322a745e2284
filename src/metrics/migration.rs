//! What is counted about the migration of a route: where values were read, and what became of bringing them over.
//!
//! Only routes that migrate have cells and series for it, and those from the start, as with the refresh policy.

use super::layout::{RouteId, per_migration};
use super::merged::Cells;
use super::samples::Samples;
use super::series::Series;
use super::shard::Shard;
use super::words::{Backfill, ReadSource};

impl Shard {
    /// Counts a read by where its value came from.
    pub fn migration_read(&self, route: RouteId, source: ReadSource) {
        self.count_migration(route, source as usize);
    }

    /// Counts what became of bringing an item over.
    pub fn backfill(&self, route: RouteId, outcome: Backfill) {
        self.count_migration(route, per_migration::BACKFILLS + outcome as usize);
    }

    fn count_migration(&self, route: RouteId, cell: usize) {
        if let Some(at) = self.layout().migration_at(route) {
            self.add(at + cell, 1);
        }
    }
}

/// Tells what was counted about the migration of a route.
pub(super) fn put(samples: &mut Samples, route: &str, cells: &Cells) {
    for source in ReadSource::ALL {
        samples.put(Series::MigrationReads, &[route, source.name()], cells.get(source as usize) as f64);
    }
    for outcome in Backfill::ALL {
        let count = cells.get(per_migration::BACKFILLS + outcome as usize);
        samples.put(Series::Backfills, &[route, outcome.name()], count as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Exposition, Registry, RouteLabel, ShardLayout};

    #[test]
    fn a_route_that_migrates_tells_zeros_from_the_start_and_another_tells_nothing() {
        let label = |prefix: &str, migrates| RouteLabel {
            prefix: prefix.to_string(),
            refreshes: false,
            migrates,
            loads: false,
        };
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&ShardLayout::new(&[label("cart:", true), label("page:", false)], &[]));
        shard.migration_read(RouteId(0), ReadSource::From);
        shard.migration_read(RouteId(1), ReadSource::From);
        shard.backfill(RouteId(0), Backfill::Undone);
        let text = registry.text(Exposition::Text);
        let told: Vec<&str> = text.lines().filter(|line| line.contains("route=")).collect();
        let expected = [
            r#"leash_migration_reads_total{route="cart:",source="from"} 1"#,
            r#"leash_migration_reads_total{route="cart:",source="none"} 0"#,
            r#"leash_migration_reads_total{route="cart:",source="to"} 0"#,
            r#"leash_backfills_total{outcome="done",route="cart:"} 0"#,
            r#"leash_backfills_total{outcome="refused",route="cart:"} 0"#,
            r#"leash_backfills_total{outcome="skipped",route="cart:"} 0"#,
            r#"leash_backfills_total{outcome="undone",route="cart:"} 1"#,
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        let sorted = |line: &str| {
            let mut words: Vec<String> = line.split(['{', '}', ',', ' ']).map(str::to_string).collect();
            words.sort();
            words
        };
        for line in expected {
            assert!(told.iter().any(|told| sorted(told) == sorted(line)), "{line} is not in {told:?}");
        }
    }
}
