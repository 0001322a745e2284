//! Queues whose holders are other leashes: what sidecars promise of them.

mod house;
mod trouble;
mod waits;
mod words;
