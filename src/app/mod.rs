//! The life of the process: serve until a signal says otherwise, and end without dropping what has arrived.

pub(crate) mod descriptors;
pub(crate) mod worker;

mod content;
mod fixed;
mod reload;
mod running;
mod steps;
mod systemd;

use std::io;

use tokio::runtime::{Builder, LocalOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::discovery::DiscoveryError;
use crate::logging::Filter;
use crate::runtime::signals::EndSignals;
use crate::snapshot::UnopenedQueues;
pub use reload::Reloader;
pub use running::Running;
use systemd::{State, tell};

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
    /// A pool has no servers yet.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// Queues cannot be had.
    #[error(transparent)]
    Queues(#[from] UnopenedQueues),
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

/// Runs with `config` until told to stop by SIGTERM or SIGINT; `reloader` knows where the next one comes from, and
/// `filter` is what is logged.
pub fn run(config: Config, mut reloader: Reloader, filter: &Filter) -> Result<(), AppError> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let ended = runtime.block_on(serve(config, &mut reloader, filter));
    // Threads that still read a file or rank servers need not be waited for.
    runtime.shutdown_background();
    ended
}

async fn serve(mut config: Config, reloader: &mut Reloader, filter: &Filter) -> Result<(), AppError> {
    let mut ends = EndSignals::new()?;
    // From here on it reloads; before, it would have ended the process.
    let mut hangup = signal(SignalKind::hangup())?;
    reloader.find_servers(&mut config).await?;
    reloader.follow(&config).await;
    let running = Running::start(config).await?;
    reloader.tell_questions(&running);
    tell(State::Ready, &running.in_brief());
    loop {
        tokio::select! {
            () = ends.first() => break,
            () = reload_when_asked(&mut hangup, reloader, filter, &running) => {}
        }
    }
    tell(State::Stopping, "answering what has arrived");
    // A second signal ends leash at once.
    let in_time = tokio::select! {
        in_time = running.stop() => in_time,
        () = ends.second() => std::process::exit(1),
    };
    if !in_time {
        // A worker that still waits for a server would keep the process.
        std::process::exit(0);
    }
    tracing::info!("ended");
    Ok(())
}

/// Waits for a SIGHUP, another content of the file or other servers of a pool, and reloads.
async fn reload_when_asked(hangup: &mut Signal, reloader: &mut Reloader, filter: &Filter, running: &Running) {
    tokio::select! {
        _ = hangup.recv() => tracing::info!("asked to reload by SIGHUP"),
        () = reloader.changed() => {}
        () = reloader.discovered(running) => return reloader.take_servers(running).await,
    }
    reloader.reload(running, filter).await;
}
