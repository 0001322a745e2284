//! `leash top`: how a leash is doing, in a terminal and live, by asking its admin address for `/status` like any HTTP
//! client.
//!
//! ```text
//!   fetch ─▶ answer ─▶ screen ─▶ draw ─▶ terminal
//!            harmless   what is   pure    shown, and
//!            from here  known               restored
//! ```
//! The terminal is left as it was, also after errors. Without a terminal all of it is printed once, as text.

mod answer;
mod draw;
mod live;
mod screen;
pub mod terminal;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::admin::fetch::{fetch, reachable};
use crate::admin::model::Overview;

/// Whom to ask, and how.
#[derive(Clone, Debug)]
pub struct TopPlan {
    /// The admin address.
    pub admin: SocketAddr,
    /// How long it waits between two questions.
    pub interval: Duration,
    /// Whether one answer is enough, also at a terminal.
    pub is_once: bool,
}

/// Shows it until the user leaves; an error says why it cannot.
pub fn run(plan: &TopPlan) -> Result<(), String> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    match plan.is_once || !io::stdout().is_terminal() {
        true => runtime.block_on(print(plan.admin)),
        false => runtime
            .block_on(live::watch(plan))
            .map_err(|error| format!("the terminal cannot be used: {error}; --once prints without one")),
    }
}

async fn print(admin: SocketAddr) -> Result<(), String> {
    let overview = ask(admin).await.map_err(|why| format!("no answer from {}: {why}", reachable(admin)))?;
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(draw::text(&overview).as_bytes());
    Ok(())
}

async fn ask(admin: SocketAddr) -> Result<Overview, String> {
    answer::read(&fetch(admin, "/status").await.map_err(|why| why.to_string())?)
}
