//! Another configuration while leash runs: what changes, what stays, what is refused, and that no client notices.

#[path = "../support/figures.rs"]
mod figures;
#[path = "../support/mod.rs"]
mod support;

#[path = "../support/fake_server.rs"]
mod fake_server;

mod changed;
mod kept;
mod load;
mod refused;
mod systemd;

use figures::metric;
use support::memcached::signal;
use support::{BOUND, Leash, wait_until};

const RELOADS: &str = "leash_config_reloads_total";

/// How many reloads ended like this.
fn reloads(leash: &Leash, outcome: &str) -> f64 {
    metric(leash, RELOADS, &format!("outcome=\"{outcome}\""))
}

/// Asks for a reload of what is in the file now and waits until it ended like this.
#[track_caller]
fn reload_as(leash: &Leash, outcome: &str) {
    let before = reloads(leash, outcome);
    signal(leash.pid(), "HUP");
    wait_until(&format!("a reload is {outcome}"), BOUND, || reloads(leash, outcome) > before);
}

/// Goes on with another configuration.
#[track_caller]
fn reload(leash: &Leash, yaml: impl AsRef<[u8]>) {
    leash.configure(yaml);
    reload_as(leash, "ok");
}
