//! `leash top` on the command line.

use std::time::Duration;

use clap::Args;

use super::{AdminAddress, Environment, between};
use crate::commands::top::TopPlan;
use crate::config::units::duration;

const AFTER_HELP: &str = "\
Keys:
  q, Esc, Ctrl-C   leave
  p                pause
  s                sort servers: worst first, by name, by requests
  ?                help

Exit codes:
  0   you have left it, or with --once it is printed
  1   with --once there was no answer, or the terminal cannot be used; the message says what
  64  the command line makes no sense

Examples:
  leash top                                     the leash of this machine
  leash top --config /etc/leash/leash.yaml      the one that serves with this file
  leash top --once > how-it-is.txt              as text, for a ticket";

/// `leash top`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Top {
    /// Whom to ask.
    #[command(flatten)]
    pub admin: AdminAddress,
    /// Print it once, as text
    ///
    /// Without a terminal that is done anyway. An answer is waited for 2 s at most.
    #[arg(long)]
    pub once: bool,
    /// How long to wait between two questions
    #[arg(short, long, value_name = "TIME", default_value = "2s", value_parser = pause)]
    pub interval: Duration,
}

impl Top {
    /// What is to be done, or why that cannot be.
    pub fn plan(&self, environment: &Environment) -> Result<TopPlan, String> {
        Ok(TopPlan { admin: self.admin.socket(environment)?, interval: self.interval, is_once: self.once })
    }
}

fn pause(text: &str) -> Result<Duration, String> {
    between(duration(text)?, Duration::from_millis(200), Duration::from_secs(3600))
}
