//! Asking a running leash for another configuration, and waiting for what comes of it.

use crate::figures::metric;
use crate::memcached::signal;
use crate::{BOUND, Leash, wait_until};

/// How many reloads ended like this.
pub fn reloads(leash: &Leash, outcome: &str) -> f64 {
    metric(leash, "leash_config_reloads_total", &format!("outcome=\"{outcome}\""))
}

/// Asks for a reload of what is in the file now and waits until it ended like this.
#[track_caller]
pub fn reload_as(leash: &Leash, outcome: &str) {
    let before = reloads(leash, outcome);
    signal(leash.pid(), "HUP");
    wait_until(&format!("a reload is {outcome}"), BOUND, || reloads(leash, outcome) > before);
}

/// Goes on with another configuration.
#[track_caller]
pub fn reload(leash: &Leash, yaml: impl AsRef<[u8]>) {
    leash.configure(yaml);
    reload_as(leash, "ok");
}
