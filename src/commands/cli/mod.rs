//! The command line: what can be said, its help, and the configuration that follows from it. Does nothing by itself.

mod admin_address;
mod check;
mod demo;
mod environment;
mod man;
mod queue;
mod top;
mod warm;

use crate::config::units::show_duration;
use crate::config::{ConfigSource, Origin, Overrides};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use admin_address::AdminAddress;
pub use check::Check;
pub use demo::Demo;
pub use environment::Environment;
pub use man::Man;
pub use queue::Queue;
pub use top::Top;
pub use warm::Warm;

/// Exit code for a command line that makes no sense (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: i32 = 64;
/// Exit code for a configuration that makes no sense (`EX_CONFIG`).
pub const EXIT_CONFIG: i32 = 78;
/// Exit code for a server that cannot be used as configured (`EX_UNAVAILABLE`).
pub const EXIT_UNAVAILABLE: i32 = 69;

const AFTER_HELP: &str = "\
Exit codes:
  0   done
  1   it could not be done; of route --live, a server could not be asked; of healthcheck, not healthy;
      of top --once, no answer; of warm, not everything is copied; of queue, see there
  64  the command line makes no sense
  69  of check --connect, a server cannot be used
  78  the configuration makes no sense; every problem is listed with file, line and column

Environment:
  LEASH_CONFIG   the configuration file, where neither --config nor --server is given
  LEASH_LISTEN, LEASH_ADMIN, LEASH_WORKERS, LEASH_LOG
                 win over that file; the options of the same names win over them
  NO_COLOR       no colours

Examples:
  leash demo                                    see what it is for, in ten seconds
  leash                                         try it: a memcached on 127.0.0.1:11211, inside this process
  leash --server m0:11211 --server m1:11211     one pool of two servers, no file needed
  leash --config /etc/leash/leash.yaml          everything else
  leash check leash.yaml && echo fine
  leash check --connect leash.yaml              can its servers be used?
  leash route user:42 --config leash.yaml       where does this key go?
  leash route user:42 --live -c leash.yaml      and is it there, is it stale, who regenerates it?
  leash warm --config leash.yaml                copy to the new pool what the old one has
  leash queue list --config leash.yaml          how are the queues?
  leash top                                     how is it doing?";

/// A memcached sidecar: no dog-piles, no rehashing, no cold migrations.
///
/// leash listens on localhost as if it were memcached and stands between one application and its pool of memcached
/// servers. Without a file and without servers it is a memcached itself, inside this process.
#[derive(Clone, Debug, Parser)]
#[command(name = "leash", version, after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
    /// Where the pools and routes come from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What to take from the command line rather than from there.
    #[command(flatten)]
    pub overrides: OverrideArgs,
}

/// Where the pools and routes come from.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct SourceArgs {
    /// Read this configuration file [env: LEASH_CONFIG]
    ///
    /// YAML; config.example.yaml shows every key with its default.
    #[arg(short, long, value_name = "FILE", conflicts_with = "server")]
    pub config: Option<PathBuf>,
    /// Use this memcached; repeat for more
    ///
    /// All servers together are one pool, "main", and every key goes there. Written as host:port (the port is 11211
    /// unless given; IPv6 in brackets) or unix:/path. A server's name, which decides its keys, is its address as
    /// written here, so all sidecars must write it alike.
    #[arg(short, long, value_name = "ADDR")]
    pub server: Vec<String>,
}

/// What to take from the command line rather than from the file.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct OverrideArgs {
    /// Listen here instead; repeat for more [default: 127.0.0.1:11211; env: LEASH_LISTEN]
    ///
    /// address:port, or the path of a unix socket (/path or unix:path). Replaces all of the file's "listen". The
    /// variable takes several, separated by commas.
    #[arg(short, long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Serve metrics and admin pages here instead, or "off" [default: 127.0.0.1:11291; env: LEASH_ADMIN]
    #[arg(short, long, value_name = "ADDR|off")]
    pub admin: Option<String>,
    /// Run this many worker threads, or "auto" for one per processor, two at most [default: auto; env: LEASH_WORKERS]
    #[arg(short, long, value_name = "N|auto")]
    pub workers: Option<String>,
    /// Log from this level on instead, such as "warn,leash::upstream=debug" [default: info; env: LEASH_LOG]
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

/// What leash can do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum CliCommand {
    /// Check configuration files and list all their problems
    ///
    /// Exits with 0 if leash would start with each of them here, as this user; with 78 if not. Asks no server unless
    /// --connect is given. Warnings do not count.
    Check(Check),
    /// Print what there is to know about the configuration file: its JSON Schema, for editors
    ///
    /// leash config --schema > leash.schema.json, and a file that begins with the line
    /// "# yaml-language-server: $schema=leash.schema.json" is completed, explained and checked as it is written.
    Config {
        /// Print the JSON Schema, with the meaning and the default of every key
        #[arg(long, required = true)]
        schema: bool,
    },
    /// Show where keys go: route, policies, pool, slot, server
    ///
    /// Sends nothing, unless --live asks each key's server for its item. Exits with 0 also where there is no item, with
    /// 1 if a server could not be asked.
    Route(RouteArgs),
    /// Show what leash does: the same dog-pile without and with it, in seconds
    ///
    /// Many callers share a value that takes long to regenerate. Without leash each of them regenerates it when it goes
    /// stale; with leash one does, and the others get the stale value meanwhile. Both are run, and what happened is
    /// counted.
    Demo(Demo),
    /// Copy a pool ahead of the traffic: what a route that migrates still has in the old one
    ///
    /// For routes in phase warm. Copies never cover what an application wrote, and deleted values do not come back.
    Warm(Warm),
    /// Look at queues, move messages from one to another, drop them
    ///
    /// Over the protocol, as clients do: beside the leash that has the queues, and from another machine as well.
    Queue(Queue),
    /// Show how a leash is doing, live: rates, servers, migrations
    ///
    /// Asks its admin address every few seconds. Changes nothing.
    Top(Top),
    /// Ask the leash that serves here whether it is alive
    ///
    /// For Docker's HEALTHCHECK. Exits with 0 if its admin address says so within 2 s, with 1 if not.
    Healthcheck(Healthcheck),
    /// Print the completions for a shell
    ///
    /// For bash: leash completions bash > /etc/bash_completion.d/leash
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, of leash or of one of its commands
    ///
    /// For man: leash man > /usr/local/share/man/man1/leash.1
    Man(Man),
}

/// `leash route`.
#[derive(Clone, Debug, ClapArgs)]
pub struct RouteArgs {
    /// The keys, as the application writes them
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<OsString>,
    /// Where the pools and routes come from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Ask the servers: is it there, is it stale, who regenerates it?
    ///
    /// Shows no value and changes nothing, nor does it count as a read of the item.
    #[arg(long)]
    pub live: bool,
}

/// `leash healthcheck`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Healthcheck {
    /// Whom to ask.
    #[command(flatten)]
    pub admin: AdminAddress,
}

/// The command line of this process. Prints help, version or an error and exits where there is nothing else to do.
pub fn parse() -> Args {
    Args::try_parse().map_err(hinted).unwrap_or_else(|stop| {
        // Nothing can be done about an output that is closed, and the exit code still tells.
        let _ = stop.print();
        std::process::exit(exit_code(&stop))
    })
}

/// The same error with what was probably meant, where a file or a server stands in the place of a command.
fn hinted(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).cloned() else { return error };
    let is_file = [".yaml", ".yml"].iter().any(|end| word.ends_with(end)) || Path::new(&word).is_file();
    let hint = match () {
        () if is_file => format!("to serve with this file, write: leash --config {word}"),
        () if word.contains([':', '.']) => format!("to serve with this memcached, write: leash --server {word}"),
        () => return error,
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    error
}

/// The exit code that goes with what clap has to say: help and version are no errors.
pub fn exit_code(stop: &clap::Error) -> i32 {
    match stop.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => EXIT_USAGE,
    }
}

/// Where the configuration comes from that the command line and the environment ask for.
pub fn origin(args: &Args, environment: &Environment) -> Origin {
    match &args.command {
        Some(CliCommand::Route(route)) => Origin::of(route.source.source(environment)),
        // Commands that read no configuration, or one of their own.
        _ => {
            let OverrideArgs { listen, admin, workers, log } = args.overrides.clone();
            let command_line = Overrides { listen, admin, workers, log };
            Origin { source: args.source.source(environment), environment: environment.overrides.clone(), command_line }
        }
    }
}

/// Writes the completions for `shell`.
pub fn completions(shell: Shell, to: &mut dyn io::Write) {
    clap_complete::generate(shell, &mut Args::command(), "leash", to);
}

impl SourceArgs {
    /// The same in the configuration's words.
    pub fn source(&self, environment: &Environment) -> ConfigSource {
        match &self.config {
            Some(path) => ConfigSource::File(path.clone()),
            None if self.server.is_empty() => environment.source(),
            None => ConfigSource::Servers(self.server.clone()),
        }
    }
}

/// A time that an option allows, or which ones it does.
fn between(time: Duration, least: Duration, most: Duration) -> Result<Duration, String> {
    match (least..=most).contains(&time) {
        true => Ok(time),
        false => {
            let [time, least, most] = [time, least, most].map(show_duration);
            Err(format!("{time} is out of range; write {least} to {most}"))
        }
    }
}

#[cfg(test)]
mod tests;
