//! `leash warm` over real memcached processes: what it copies, what it leaves alone, and how it goes on.

mod busy;
mod copies;
mod house;
mod interrupted;
mod refusals;
mod speed;
mod troubles;
mod writers;
