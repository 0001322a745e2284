//! `leash demo`: a dog-pile in one terminal, without leash and with it. Counts what happens and assumes nothing.
//!
//! ```text
//!   plan ─▶ half: without leash ─▶ callers ─▶ the servers, or a leash with a plain route instead of them ─┐
//!      └──▶ half: with leash ────▶ callers ─▶ a leash with a route that refreshes ─▶ the same servers     ├─▶ report
//!                                     └─────▶ ledger: what each of them saw ──────────────────────────────┘
//! ```
//! To leash the callers are clients like any others: a connection each, over the loopback.

mod caller;
mod client;
mod half;
mod ledger;
mod plan;
mod progress;
mod report;
mod value;

use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions};

use crate::app::{AppError, Running};
use crate::config::{Address, Config, Listen};
use client::ClientError;
use half::Half;
use ledger::{HalfFigures, Wrong};
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
    eprintln!("{}", plan.in_words());
    let without = match plan.servers() {
        Some(servers) => half(plan, WITHOUT, format!("leash-demo:{run:016x}:0:"), servers).await?,
        None => through(plan, WITHOUT, format!("leash-demo:{run:016x}:0:"), plan.plain()).await?,
    };
    let with = through(plan, WITH, format!("leash-demo:{run:016x}:1:"), plan.refreshing()).await?;
    Ok(DemoReport { quick: plan.quick(), without, with })
}

/// One half, through a leash of its own.
async fn through(
    plan: &DemoPlan,
    name: &'static str,
    prefix: String,
    config: Config,
) -> Result<HalfFigures, DemoError> {
    let running = Running::start(config).await?;
    let addresses = running.listen().iter().filter_map(|listen| match listen {
        Listen::Tcp(address) => Some(Address::Tcp { host: address.ip().to_string(), port: address.port() }),
        Listen::Unix(_) => None,
    });
    let tally = half(plan, name, prefix, addresses.collect()).await;
    running.stop().await;
    tally
}

async fn half(
    plan: &DemoPlan,
    name: &'static str,
    prefix: String,
    servers: Vec<Address>,
) -> Result<HalfFigures, DemoError> {
    let progress = DemoProgress::start(name, plan.length);
    let tally = Half::new(plan, Arc::from(prefix), servers).run(&progress).await;
    progress.finish();
    tally.map_err(|source| DemoError::Caller { half: name, source })
}
