//! Every order of events that a seed or a model checker can think of.

mod engine;
mod fleet;
mod leases;
mod loader;
mod migration;
mod queue;
mod refresh;
