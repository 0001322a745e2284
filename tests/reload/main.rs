//! Another configuration while leash runs: what changes, what stays, what is refused, and that no client notices.

#[path = "../support/figures.rs"]
mod figures;
#[path = "../support/reload.rs"]
mod reloading;
#[path = "../support/mod.rs"]
mod support;

#[path = "../support/fake_server.rs"]
mod fake_server;

mod changed;
mod kept;
mod load;
mod refused;
mod systemd;

use reloading::{reload, reload_as, reloads};
use support::memcached::signal;
