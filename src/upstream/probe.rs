//! Asking a server that is down whether it is back: one prober per server, whichever worker saw it go down.

use std::sync::Arc;
use std::time::Instant;

use super::greeting::greet;
use super::health::probe_delay;
use super::target::Target;
use crate::protocol::Cause;

/// Probes until the server is up, or until nobody uses it any more.
pub(super) async fn run(target: Arc<Target>) {
    let (used, first) = (Arc::downgrade(&target), target.health.first_probe());
    drop(target);
    for attempt in first.. {
        tokio::time::sleep(probe_delay(attempt, rand::random())).await;
        let Some(target) = used.upgrade() else { return };
        target.health.probing();
        let result = ask(&target).await;
        if target.health.probed(result, Instant::now()) {
            return;
        }
    }
}

async fn ask(target: &Target) -> Result<(), Cause> {
    let stream = target.connect().await.map_err(|_| Cause::Connect)?;
    let (mut reader, writer) = stream.into_split();
    greet(target, &mut reader, &writer).await
}
