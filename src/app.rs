//! The life of the process: serve until a signal says otherwise, and end without dropping what has arrived.

mod running;

use std::io;

use tokio::runtime::{Builder, LocalOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
pub use running::Running;

/// Why leash cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", hint(source))]
    Listen {
        /// The address.
        address: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The process cannot be set up.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; something listens there already, choose another with --listen or --admin",
        io::ErrorKind::PermissionDenied => "; ports below 1024 and other users' directories need permission",
        _ => "",
    }
}

/// Runs until told to stop by SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), AppError> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), AppError> {
    let mut signals = Signals::new()?;
    let running = Running::start(config).await?;
    signals.end().await;
    // Whoever asks twice is not willing to wait.
    let in_time = tokio::select! {
        in_time = running.stop() => in_time,
        () = signals.end() => std::process::exit(1),
    };
    if !in_time {
        // A worker that still waits for a server would keep the process.
        std::process::exit(0);
    }
    tracing::info!("ended");
    Ok(())
}

/// The signals that end the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Ready once the process is to end. SIGHUP must not end it, as it would by default.
    async fn end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => tracing::warn!("this version cannot reload, restart it to change anything"),
            }
        }
    }
}
