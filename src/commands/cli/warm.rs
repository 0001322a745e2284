//! `leash warm` on the command line.

use std::path::PathBuf;

use clap::Args;

use crate::commands::warm::Order;
use crate::config::{ConfigSource, Origin, Problems};

/// What one memcached hardly notices.
const RATE: &str = "10000";
const MOST: u32 = 1_000_000;
const UNLIMITED: &str = "max";

const AFTER_HELP: &str = "\
Exit codes:
  0   everything is copied, or needs no copy
  1   something is not: it was interrupted, a server did not answer, or the phase does not allow it; the message says what
  64  the command line makes no sense
  78  the configuration makes no sense; every problem is listed with file, line and column

Examples:
  leash warm --config leash.yaml --dry-run      how much is it?
  leash warm --config leash.yaml                copy it; once more after an interruption: go on
  leash warm -c leash.yaml --prefix page: --prefix cart: --rate 2000
  leash warm -c leash.yaml --rate max           at night";

/// `leash warm`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Warm {
    /// Read pools and routes from this configuration file: the one that the sidecars have
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Copy only keys that begin with this, as the application writes them; repeat for more
    #[arg(short, long, value_name = "PREFIX")]
    pub prefix: Vec<String>,
    /// Copy so many items a second over all servers, or "max" for as many as it can
    #[arg(short, long, value_name = "N|max", default_value = RATE, value_parser = rate)]
    pub rate: Rate,
    /// Count what would be copied, and write nothing
    ///
    /// Lists the keys of each server of the old pool. Nothing is asked of the new one.
    #[arg(long)]
    pub dry_run: bool,
    /// Note here what is done, so that the same command can go on after an interruption
    ///
    /// It holds keys and takes as much room as those of one server, and 9 bytes more for each. It is removed when
    /// everything is done.
    #[arg(long, value_name = "FILE", default_value = "leash-warm.progress")]
    pub progress: PathBuf,
    /// Begin anew: forget what is noted there
    #[arg(long)]
    pub restart: bool,
}

/// Items a second; `None`: as many as there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<u32>);

impl Warm {
    /// What is to be done.
    pub fn order(&self) -> Result<Order, Problems> {
        let origin = Origin::of(ConfigSource::File(self.config.clone()));
        Ok(Order {
            config: origin.look()?,
            only: self.prefix.clone(),
            rate: self.rate.0,
            is_dry: self.dry_run,
            progress: self.progress.clone(),
            anew: self.restart,
        })
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    match text.parse::<u32>() {
        Ok(rate @ 1..=MOST) => Ok(Rate(Some(rate))),
        Ok(_) => Err(format!("write 1 to {MOST}, or {UNLIMITED}")),
        Err(_) if text == UNLIMITED => Ok(Rate(None)),
        Err(_) => Err(format!("write a number, such as {RATE}, or {UNLIMITED}")),
    }
}
