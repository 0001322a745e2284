//! Asking a server that is down whether it is back, and telling it what it missed: one prober per server, whichever
//! worker saw it go down. A prober ends when no configuration uses its server any more, or when another target serves
//! under the server's name.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::connect::Connected;
use super::greeting::greet;
use super::replay::replay;
use super::spacing::probe_delay;
use super::spool::SpoolHolder;
use super::target::Target;
use crate::protocol::Cause;

/// Probes until the server is up. The first probe comes after `first`, or when it is due if that is not given.
pub(super) async fn run(target: Weak<Target>, first: Option<Duration>) {
    let mut delay = first;
    let Some(skipped) = target.upgrade().map(|target| target.health.first_probe()) else { return };
    for attempt in skipped.. {
        tokio::time::sleep(delay.take().unwrap_or_else(|| probe_delay(attempt, rand::random()))).await;
        let Some(target) = who_serves(&target) else { return };
        target.health.probing();
        let asked = ask(&target).await;
        let is_up = asked.is_ok() && target.rise();
        target.tell(false);
        match asked {
            Ok(()) if is_up => return,
            Ok(()) => {
                // A client has deleted a key since the last batch was replayed.
                delay = Some(Duration::ZERO);
                target.health.postpone();
            }
            failed => {
                target.health.probed(failed, Instant::now());
            }
        }
    }
}

impl SpoolHolder for Target {
    fn label(&self) -> &Arc<str> {
        &self.label
    }

    fn is_read_from(&self) -> bool {
        !self.health.is_down()
    }

    fn catch_up(&self) {
        tokio::task::spawn_local(catch_up(self.me.clone()));
    }
}

/// Replays deletes to a server that is up and may not have carried them out. If it goes down meanwhile, its prober goes
/// on.
async fn catch_up(target: Weak<Target>) {
    for attempt in 0.. {
        tokio::time::sleep(probe_delay(attempt, rand::random())).await;
        let Some(target) = who_serves(&target) else { return };
        if target.is_down_or_caught_up() {
            return;
        }
        let asked = ask(&target).await;
        target.tell(false);
        if asked.is_ok() && target.is_down_or_caught_up() {
            return;
        }
    }
}

fn who_serves(target: &Weak<Target>) -> Option<Arc<Target>> {
    target.upgrade().filter(|target| target.spool.is_held_by(&target.me))
}

async fn ask(target: &Target) -> Result<(), Cause> {
    let Connected { mut reader, writer, .. } = target.connect().await.map_err(|unusable| unusable.cause)?;
    greet(target, &mut reader, &writer).await.map_err(|unusable| unusable.cause)?;
    replay(target, &mut reader, &writer).await
}
