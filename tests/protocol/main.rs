//! What leash says and understands: the same bytes as memcached, whatever clients and servers send.

#[path = "../../fuzz/invariants/mod.rs"]
mod invariants;

mod binary;
mod clients;
mod differential;
mod downstream;
mod entrance;
mod fuzz_replay;
mod long_gets;
mod properties;
mod upstream;
