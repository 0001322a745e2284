//! Looks after a server for as long as it serves under its name: looks the name up again, keeps the file of its spool,
//! and has the prober replay the deletes that earlier processes left.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::spawn_local;
use tokio::time::sleep;

use super::probe;
use super::spacing::look_up_delay;
use super::spool::keep;
use super::target::Target;
use crate::config::Address;

/// How long one look-up may take; no request waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Target {
    /// From now on this target serves under its name, once the deletes that wait for it are replayed. Call it on a
    /// local runtime that outlives the target; once is enough.
    pub fn tend(&self) {
        let is_first = !self.is_tended.swap(true, Ordering::Relaxed);
        if is_first {
            self.follow_name();
            self.spool.hold(&self.me);
            keep::begin(&self.spool, &self.me);
        }
        let found = self.spool.open(&self.label);
        let has_fallen = (found > 0 || (is_first && self.spool.depth() > 0)) && self.health.hold_back(Instant::now());
        if has_fallen || (is_first && self.health.is_down()) {
            spawn_local(probe::run(self.me.clone(), Some(Duration::ZERO)));
        }
    }

    fn follow_name(&self) {
        let Address::Tcp { host, port } = self.address.clone() else { return };
        if host.parse::<std::net::IpAddr>().is_err() {
            spawn_local(follow(self.me.clone(), host, port));
        }
    }
}

/// Looks a name up again and again while leash is connected to the server, for as long as there is the server.
async fn follow(target: Weak<Target>, host: String, port: u16) {
    loop {
        sleep(look_up_delay(rand::random())).await;
        let Some(target) = target.upgrade() else { return };
        // Where there is no connection, the next one looks the name up anyway.
        if target.open.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let before = target.addresses.changes();
        // A failed look-up is told by the next connection attempt, which looks the name up again.
        let _ = target.addresses.resolve(&host, port, PATIENCE).await;
        if target.addresses.changes() != before {
            let addresses = format!("{:?}", target.addresses.known());
            tracing::info!(server = %target.label, addresses, "the name of a server means other addresses now");
        }
    }
}
