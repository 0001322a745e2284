//! `leash queue` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Environment;
use crate::commands::queue::{QueueDeed, QueueErrand, QueuesOf};
use crate::config::{ConfigSource, Origin, Overrides, Problems};

const AFTER_HELP: &str = "\
Exit codes:
  0   done
  1   it could not be done, or not all of it; of peek, no message waits; the message says which holder did not do what
  64  the command line makes no sense, or drop was to ask and there is no terminal
  78  the configuration makes no sense; every problem is listed with file, line and column

Examples:
  leash queue list --config leash.yaml               how are they?
  leash queue peek mail -c leash.yaml                what is next?
  leash queue move mail+dead mail -c leash.yaml      try once more what failed too often
  leash queue move mail later --count 1000 -c leash.yaml
  leash queue move mail mail -c old.yaml --to-config new.yaml
                                                     when new.yaml has one holder more
  leash queue drop mail -c leash.yaml                asks first";

/// `leash queue`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = AFTER_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Queue {
    /// What to do.
    #[command(subcommand)]
    pub command: QueueCommand,
}

/// What can be done with queues.
#[derive(Clone, Debug, Subcommand)]
pub enum QueueCommand {
    /// Show how all queues are: messages that wait, messages that consumers have, the age of the oldest
    ///
    /// One line for each queue that has messages, or had some since its holder began.
    List {
        /// Whose queues.
        #[command(flatten)]
        at: QueueArgs,
    },
    /// Show the oldest message of a queue that waits, and leave it there
    Peek {
        /// The queue, as clients name it
        #[arg(value_name = "QUEUE")]
        queue: String,
        /// Whose queues.
        #[command(flatten)]
        at: QueueArgs,
    },
    /// Move the messages of a queue that wait to the end of another, the oldest first
    ///
    /// A message is put there before it is acknowledged here, so none is lost whatever happens; if a connection ends at
    /// the wrong moment, up to 64 are in both. The two queues may have different holders.
    Move {
        /// The queue they are in, as clients name it
        #[arg(value_name = "FROM")]
        from: String,
        /// The queue they go to
        #[arg(value_name = "TO")]
        to: String,
        /// TO is a queue of this configuration file: of other holders, or of more of them
        #[arg(long, value_name = "FILE")]
        to_config: Option<PathBuf>,
        /// Move so many at most
        #[arg(short = 'n', long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
        count: u64,
        /// Whose queues.
        #[command(flatten)]
        at: QueueArgs,
    },
    /// Drop the messages of a queue that wait
    ///
    /// Those that consumers have, and those that come meanwhile, stay.
    Drop {
        /// The queue, as clients name it
        #[arg(value_name = "QUEUE")]
        queue: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Whose queues.
        #[command(flatten)]
        at: QueueArgs,
    },
}

/// Whose queues.
#[derive(Clone, Debug, Args)]
pub struct QueueArgs {
    /// Read routes and pools from this file: that of a holder, or of a sidecar [env: LEASH_CONFIG]
    ///
    /// With that of a holder its first listener is asked that lets everybody do everything; with that of a sidecar, the
    /// holders of its pool.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only the route of this prefix
    #[arg(short, long, value_name = "PREFIX")]
    pub route: Option<String>,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

impl QueueCommand {
    /// Whose queues, and how they are told of.
    pub fn args(&self) -> &QueueArgs {
        match self {
            QueueCommand::List { at }
            | QueueCommand::Peek { at, .. }
            | QueueCommand::Move { at, .. }
            | QueueCommand::Drop { at, .. } => at,
        }
    }

    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn errand(&self, environment: &Environment) -> Result<QueueErrand, Problems> {
        let QueueArgs { config, route, .. } = self.args();
        let source = config.clone().map_or_else(|| environment.source(), ConfigSource::File);
        let overrides = environment.overrides.clone();
        let queues = known(&Origin { source, environment: overrides, command_line: Overrides::default() })?;
        let deed = match self.clone() {
            QueueCommand::List { .. } => QueueDeed::List,
            QueueCommand::Peek { queue, .. } => QueueDeed::Peek(queue),
            QueueCommand::Move { from, to, to_config, count, .. } => {
                let there =
                    to_config.map(|file| known(&Origin::of(ConfigSource::File(file)))).transpose()?.map(Box::new);
                QueueDeed::Move { from, to, there, most: count }
            }
            QueueCommand::Drop { queue, yes, .. } => QueueDeed::Drop { queue, is_sure: yes },
        };
        Ok(QueueErrand { queues, route: route.clone(), deed })
    }
}

fn known(origin: &Origin) -> Result<QueuesOf, Problems> {
    Ok(QueuesOf { config: origin.look()?, file: origin.source.name() })
}
