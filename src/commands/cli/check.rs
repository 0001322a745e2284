//! `leash check` on the command line.

use std::path::PathBuf;

use clap::Args;

use crate::commands::check::CheckOrder;
use crate::config::ConfigSource;

/// The name by which the standard input is meant.
const STDIN: &str = "-";

const AFTER_HELP: &str = "\
Exit codes:
  0   leash would start with each of the files, and use what they name where --connect asks
  64  the command line makes no sense
  69  leash would start, but --connect found a server or another endpoint that it could not use
  78  with one of them it would not; every problem is listed with file, line and column

Examples:
  leash check /etc/leash/*.yaml
  leash check --connect leash.yaml
  helm template … | yq '.data.\"leash.yaml\"' | leash check --elsewhere -
  leash check --json leash.yaml | jq .problems";

/// `leash check`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Check {
    /// The files; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print JSON, one object a line for each file
    #[arg(long)]
    pub json: bool,
    /// They are for another machine or another user: do not look at addresses, sockets and directories of this one
    #[arg(long)]
    pub elsewhere: bool,
    /// Also ask the servers and discovery endpoints that they name: reached, TLS, password, version, CAS
    ///
    /// Each address of each server, all at once, within the timeouts of its pool and ten seconds at most. Changes nothing
    /// there.
    #[arg(long)]
    pub connect: bool,
}

impl Check {
    /// What is to be done.
    pub fn order(&self) -> CheckOrder {
        let source = |file: &PathBuf| match file.as_os_str() == STDIN {
            true => ConfigSource::StandardInput,
            false => ConfigSource::File(file.clone()),
        };
        let sources = self.files.iter().map(source).collect();
        CheckOrder { sources, is_here: !self.elsewhere, connects: self.connect, as_json: self.json }
    }
}
