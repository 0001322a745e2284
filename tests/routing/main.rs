//! Where requests go: the places of keys, the routes, and servers that are away.

mod discovery;
mod down;
mod hash_golden;
mod hashes;
mod no_rehash;
mod route_live;
