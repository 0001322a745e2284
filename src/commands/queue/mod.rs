//! `leash queue`: looks at queues, moves messages from one to another, and drops them.
//!
//! ```text
//!   route ─▶ holders ─▶ talk ─▶ list, peek: what there is
//!                         └───▶ shift: reserved, put into another queue if there is one, acknowledged
//! ```
//! It is a client like any other, over the protocol: the leash that has the queues serves on beside it, and may be on another
//! machine. It reads no file of theirs.

mod holders;
mod list;
mod outcome;
mod peek;
mod questions;
mod shift;
mod talk;

use std::io;

use tokio::runtime::{Builder, LocalOptions};

use crate::config::Config;
use crate::discovery::{DiscoveryError, find_now};
use holders::{QueueAt, QueueRoute};
pub use outcome::QueueOutcome;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueErrand {
    /// The routes, and the pools of their holders.
    pub config: Config,
    /// What people call the configuration.
    pub file: String,
    /// The prefix of the route; `None`: all, or that of the queue.
    pub route: Option<String>,
    /// What.
    pub deed: QueueDeed,
}

/// What is to be done with queues, by the names that clients have for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueDeed {
    /// Tells how all are.
    List,
    /// Shows the oldest message of one.
    Peek(String),
    /// Moves messages.
    Move {
        /// Out of this queue,
        from: String,
        /// to the end of this one,
        to: String,
        /// so many at most.
        most: u64,
    },
    /// Drops the messages of one that wait.
    Drop {
        /// Which.
        queue: String,
        /// Whether nobody need be asked.
        is_sure: bool,
    },
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is no such thing.
    #[error("{0}")]
    Usage(String),
    /// It could not be done.
    #[error("{0}")]
    Failed(String),
    /// A pool has no servers.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The process cannot do what it needs to.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Does it.
///
/// # Errors
/// Nothing was done.
pub fn run(mut errand: QueueErrand) -> Result<QueueOutcome, QueueError> {
    find_now(&mut errand.config)?;
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(errand.done())
}

impl QueueErrand {
    async fn done(&self) -> Result<QueueOutcome, QueueError> {
        match &self.deed {
            QueueDeed::List => Ok(list::list(&QueueRoute::all(self)?).await),
            QueueDeed::Peek(queue) => peek::peek(&QueueAt::find(self, queue)?).await,
            QueueDeed::Move { from, to, .. } if from == to => {
                Err(QueueError::Usage(format!("{from:?} cannot be moved into itself")))
            }
            QueueDeed::Move { from, to, most } => {
                let (from, to) = (QueueAt::find(self, from)?, QueueAt::find(self, to)?);
                shift::move_all(&from, &to, *most).await
            }
            QueueDeed::Drop { queue, is_sure } => shift::drop_all(&QueueAt::find(self, queue)?, *is_sure).await,
        }
    }
}
