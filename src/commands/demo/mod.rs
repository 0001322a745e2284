//! `leash demo`: a dog-pile in one terminal, without leash and with it. Counts what happens and assumes nothing.
//!
//! ```text
//!   plan ─▶ half: without leash ─▶ callers ─▶ the servers, or a leash with a plain route instead of them ─┐
//!      └──▶ half: with leash ────▶ callers ─▶ a leash with a route that refreshes ─▶ the same servers     ├─▶ report
//!                                     │         or that loads ─▶ endpoint ─┐                              │
//!                                     ├─▶ maker: regenerates values ◀──────┘                              │
//!                                     └─▶ ledger: what each of them saw ──────────────────────────────────┘
//! ```
//! To leash the callers are clients like any others: a connection each, over the loopback. They are the same in both
//! halves: get, and on a miss make the value and store it.

mod caller;
mod client;
mod endpoint;
mod half;
mod ledger;
mod maker;
mod plan;
mod progress;
mod report;
mod value;

use tokio::runtime::{Builder, LocalOptions};

use crate::app::{AppError, Running};
use crate::config::{Address, Config, Listen};
use client::ClientError;
use endpoint::DemoEndpoint;
use half::Half;
use ledger::{HalfFigures, Storer, Wrong};
pub use plan::DemoPlan;
use progress::DemoProgress;
pub use report::DemoReport;

const WITHOUT: &str = "without leash";
const WITH: &str = "with leash";

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A leash could not be started.
    #[error(transparent)]
    App(#[from] AppError),
    /// A caller could not go on.
    #[error("{half}: {source}")]
    Caller {
        /// Where it was.
        half: &'static str,
        /// What stopped it.
        source: CallerError,
    },
}

/// Why a caller cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// It was not served.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It was told something wrong.
    #[error("wrong value: {0}")]
    Wrong(#[from] Wrong),
    /// It panicked.
    #[error("a caller ended: {0}")]
    Ended(#[from] tokio::task::JoinError),
}

/// Runs both halves, one after the other.
pub fn run(plan: &DemoPlan) -> Result<DemoReport, DemoError> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    runtime.map_err(AppError::Start)?.block_on(both(plan))
}

async fn both(plan: &DemoPlan) -> Result<DemoReport, DemoError> {
    // Keys of a run of their own: what another run may have left is neither a hit nor a wrong value here.
    let run: u64 = rand::random();
    let [first, second] = [0, 1].map(|half| format!("leash-demo:{run:016x}:{half}:"));
    eprintln!("{}", plan.in_words());
    let without = Half::new(plan, &first, Storer::Caller);
    let without = match plan.servers() {
        Some(servers) => counted(plan, WITHOUT, without, &servers).await?,
        None => through(plan, WITHOUT, without, plan.plain()).await?,
    };
    let with = match plan.loads {
        true => loading(plan, &second).await?,
        false => through(plan, WITH, Half::new(plan, &second, Storer::Caller), plan.refreshing()).await?,
    };
    Ok(DemoReport { quick: plan.quick(), loads: plan.loads, without, with })
}

/// The half in which leash asks an endpoint for the values.
async fn loading(plan: &DemoPlan, prefix: &str) -> Result<HalfFigures, DemoError> {
    let half = Half::new(plan, prefix, Storer::Leash);
    let endpoint = DemoEndpoint::start(half.maker(), plan.keys, plan.ttl).await.map_err(AppError::Start)?;
    through(plan, WITH, half, plan.loading(prefix, endpoint.address())).await
}

/// One half, through a leash of its own.
async fn through(
    plan: &DemoPlan,
    name: &'static str,
    half: Half<'_>,
    config: Config,
) -> Result<HalfFigures, DemoError> {
    let running = Running::start(config).await?;
    let addresses = running.listen().iter().filter_map(|listen| match listen {
        Listen::Tcp(address) => Some(Address::Tcp { host: address.ip().to_string(), port: address.port() }),
        Listen::Unix(_) => None,
    });
    let figures = counted(plan, name, half, &addresses.collect::<Vec<_>>()).await;
    running.stop().await;
    figures
}

async fn counted(
    plan: &DemoPlan,
    name: &'static str,
    half: Half<'_>,
    servers: &[Address],
) -> Result<HalfFigures, DemoError> {
    let progress = DemoProgress::start(name, plan.length);
    let figures = half.run(servers, &progress).await;
    progress.finish();
    figures.map_err(|source| DemoError::Caller { half: name, source })
}
