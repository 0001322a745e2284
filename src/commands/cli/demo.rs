//! `leash demo` on the command line.

use std::time::Duration;

use clap::{Args, value_parser};

use super::between;
use crate::commands::demo::DemoPlan;
use crate::config::units::{duration, seconds};
use crate::config::{ConfigSource, Origin};
use crate::metrics::most_files;

const AFTER_HELP: &str = "\
Exit codes:
  0   it ran, and every answer was right
  1   a caller got a wrong value, or something failed; the message says what
  64  the command line makes no sense

Examples:
  leash demo                           200 callers, a value that takes 500 ms to regenerate
  leash demo --loader                  the same, and leash makes the value: nobody ever sees a miss
  leash demo --regeneration 2s --ttl 3s --seconds 10
  leash demo --server m0:11211         over a real memcached";

/// `leash demo`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Demo {
    /// How many callers ask for the value
    ///
    /// Each has a connection of its own and asks about ten times a second.
    #[arg(long, value_name = "N", default_value = "200", value_parser = value_parser!(u16).range(1..=10_000))]
    pub callers: u16,
    /// How long it takes to regenerate a value
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = regeneration)]
    pub regeneration: Duration,
    /// After which time a value is stale, in whole seconds as memcached counts them
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = ttl)]
    pub ttl: Duration,
    /// How long each of the two halves takes
    #[arg(long, value_name = "N", default_value = "4", value_parser = value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// How many values the callers share
    #[arg(long, value_name = "N", default_value = "1", value_parser = value_parser!(u16).range(1..=10_000))]
    pub keys: u16,
    /// Let leash make the values: it asks an HTTP endpoint, and no caller ever sees a miss
    ///
    /// As on a route with a loader. The endpoint is in this process, too, and does what a caller that misses does without
    /// leash.
    #[arg(long)]
    pub loader: bool,
    /// Use this memcached rather than a store inside this process; repeat for more
    ///
    /// The demo writes to it: keys that begin with "leash-demo:", a few bytes each, removed at the end and with a TTL
    /// in any case. Without leash callers connect straight to it; keys are spread over several in turn.
    #[arg(short, long, value_name = "ADDR")]
    pub server: Vec<String>,
}

impl Demo {
    /// What is to be done, or why that makes no sense.
    pub fn plan(&self) -> Result<DemoPlan, String> {
        let source = match self.server.is_empty() {
            true => ConfigSource::Embedded,
            false => ConfigSource::Servers(self.server.clone()),
        };
        let plan = DemoPlan {
            callers: self.callers.into(),
            keys: self.keys.into(),
            regeneration: self.regeneration,
            ttl: self.ttl,
            length: Duration::from_secs(self.seconds.into()),
            loads: self.loader,
            store: Origin::of(source).look().map_err(|problems| problems.to_string())?,
        };
        plan.check(most_files()).map(|()| plan)
    }
}

fn regeneration(text: &str) -> Result<Duration, String> {
    between(duration(text)?, Duration::from_millis(1), Duration::from_secs(60))
}

fn ttl(text: &str) -> Result<Duration, String> {
    between(seconds(text)?, Duration::from_secs(1), Duration::from_secs(300))
}
