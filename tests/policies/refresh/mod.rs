//! One regeneration per key, over real memcached processes and several real leash processes.
//!
//! Each file tells the stories of one promise. What they are told with is in `house.rs` and `crowd.rs`.

pub mod crowd;
mod house;

mod cold_waits;
mod counters;
mod crowds;
mod dead_winners;
mod early;
mod expired;
mod foreign_items;
mod interference;
mod meta_clients;
mod pipelines;
mod rolling;
mod slow_winners;
mod traffic;
mod troubled_servers;
