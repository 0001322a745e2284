//! leash: a memcached sidecar.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod downstream;
pub mod explain;
pub mod hash;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod net;
pub mod protocol;
pub mod route;
pub mod shared;
pub mod status;
pub mod turn;
pub mod upstream;
pub mod worker;
