//! Asking a server that is down whether it is back: one prober per server, whichever worker saw it go down.

use std::sync::Arc;

use super::connection::greet;
use super::health::probe_delay;
use super::target::Target;

/// Probes until the server is up.
pub(super) async fn run(target: Arc<Target>) {
    for attempt in 0.. {
        tokio::time::sleep(probe_delay(attempt, rand::random())).await;
        target.health.probing();
        if target.health.probed(answers(&target).await) {
            return;
        }
    }
}

async fn answers(target: &Target) -> bool {
    let Ok(stream) = target.connect().await else { return false };
    let (mut reader, writer) = stream.into_split();
    greet(target, &mut reader, &writer).await.is_ok()
}
