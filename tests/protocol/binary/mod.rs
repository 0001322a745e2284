//! The binary protocol: leash answers it as memcached does, on every kind of route.

mod answers;
mod differential;
mod generator;
mod login;
mod routes;
mod scenes;
