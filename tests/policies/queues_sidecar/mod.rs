//! Queues whose holders are other leashes: what sidecars promise of them.

mod crowd;
mod crowds;
mod house;
mod late;
mod ledger;
mod trouble;
mod waits;
mod words;
