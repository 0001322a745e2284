//! What routes add on the way: one regeneration a key, and moving to another pool.

mod loader;
mod migration;
mod migration_rolling;
mod migration_uniques;
mod queue_guide;
mod queues;
mod queues_sidecar;
mod refresh;
mod refresh_races;
mod warm;
mod without_cas;
