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
    /// Whose queues.
    pub queues: QueuesOf,
    /// The prefix of the route; `None`: all, or that of the queue.
    pub route: Option<String>,
    /// What.
    pub deed: QueueDeed,
}

/// The queues that one configuration knows.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuesOf {
    /// The routes, and the pools of their holders.
    pub config: Config,
    /// What people call the configuration.
    pub file: String,
}

/// What is to be done with queues, by the names that clients have for them.
#[derive(Clone, Debug, PartialEq)]
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
        /// which another configuration knows,
        there: Option<Box<QueuesOf>>,
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
    find_now(&mut errand.queues.config)?;
    if let QueueDeed::Move { there: Some(there), .. } = &mut errand.deed {
        find_now(&mut there.config)?;
    }
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(errand.done())
}

impl QueueErrand {
    async fn done(&self) -> Result<QueueOutcome, QueueError> {
        let at = |queue: &str| QueueAt::find(&self.queues, self.route.as_deref(), queue);
        match &self.deed {
            QueueDeed::List => Ok(list::list(&QueueRoute::all(&self.queues, self.route.as_deref())?).await),
            QueueDeed::Peek(queue) => peek::peek(&at(queue)?).await,
            QueueDeed::Move { from, to, there, most } => {
                let to = there.as_ref().map_or_else(|| at(to), |there| QueueAt::find(there, None, to))?;
                shift::move_all(&at(from)?, &to, *most).await
            }
            QueueDeed::Drop { queue, is_sure } => shift::drop_all(&at(queue)?, *is_sure).await,
        }
    }
}
