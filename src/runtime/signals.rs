//! The signals that end a process, SIGTERM and SIGINT: at the first, what is under way comes to its end; at the second
//! the process ends at once.

use std::io;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The same signal so soon after the first is the first. `timeout`, and a terminal with a supervisor below it, send a
/// signal to the process and to its group: that is two, with nothing between them.
const ONCE: Duration = Duration::from_millis(100);

/// Both signals, heeded for as long as this lives.
pub(crate) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
    /// Which was the first, and when.
    first: Option<(SignalKind, Instant)>,
}

impl EndSignals {
    /// From now on they no longer end the process by themselves.
    pub(crate) fn new() -> io::Result<EndSignals> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(EndSignals { terminate, interrupt, first: None })
    }

    /// Ready at the first.
    pub(crate) async fn first(&mut self) {
        self.first = Some((self.next().await, Instant::now()));
    }

    /// Ready at the second.
    pub(crate) async fn second(&mut self) {
        loop {
            let signal = self.next().await;
            let is_first = |(first, at): (SignalKind, Instant)| signal == first && at.elapsed() < ONCE;
            if !self.first.is_some_and(is_first) {
                return;
            }
        }
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }
}
