//! `leash warm` over real memcached processes: what it copies, what it leaves alone, and how it goes on.

#[path = "../support/fake_server.rs"]
mod fake_server;
#[path = "../support/mod.rs"]
mod support;

mod busy;
mod copies;
mod house;
mod interrupted;
mod refusals;
mod speed;
mod troubles;
mod writers;
