//! leash: a memcached sidecar.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod admin;
pub mod logging;
pub mod metrics;
pub mod protocol;
