//! What one client costs the others: floods of every kind beside a client that measures how long its own gets take,
//! peers that vanish, places and descriptors that run out.

mod descriptors;
mod floods;
mod latency;
mod long_gets;
mod probes;
mod refused;
mod vanished;
