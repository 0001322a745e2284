//! The command line: what can be said, its help, and the configuration that follows from it. Does nothing by itself.

mod demo;

use crate::config::{Config, Origin, Overrides, Problems, Source};
use clap::error::ErrorKind;
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use demo::Demo;

/// Exit code for a command line that makes no sense (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: i32 = 64;
/// Exit code for a configuration that makes no sense (`EX_CONFIG`).
pub const EXIT_CONFIG: i32 = 78;

const AFTER_HELP: &str = "\
Exit codes:
  0   done
  1   it could not be done; of route --live, a server could not be asked; of healthcheck, not healthy
  64  the command line makes no sense
  78  the configuration makes no sense; every problem is listed with file, line and column

Examples:
  leash demo                                    see what it is for, in ten seconds
  leash                                         try it: a memcached on 127.0.0.1:11211, inside this process
  leash --server m0:11211 --server m1:11211     one pool of two servers, no file needed
  leash --config /etc/leash/leash.yaml          everything else
  leash check leash.yaml && echo fine
  leash route user:42 --config leash.yaml       where does this key go?
  leash route user:42 --live -c leash.yaml      and is it there, is it stale, who regenerates it?";

/// A memcached sidecar: no dog-piles, no rehashing, no cold migrations.
///
/// leash listens on localhost as if it were memcached and stands between one application and its pool of memcached
/// servers. Without a file and without servers it is a memcached itself, inside this process.
#[derive(Clone, Debug, Parser)]
#[command(name = "leash", version, after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
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
    /// Read this configuration file
    ///
    /// YAML; config.example.yaml shows every key with its default.
    #[arg(short, long, value_name = "FILE", conflicts_with = "server")]
    pub config: Option<PathBuf>,
    /// Use this memcached; repeat for more
    ///
    /// All servers together are one pool, "main", and every key goes there. Written as host:port (the port is 11211
    /// unless given; IPv6 in brackets) or unix:/path. A server's name, which decides its keys, is its address as written
    /// here, so all sidecars must write it alike.
    #[arg(short, long, value_name = "ADDR")]
    pub server: Vec<String>,
}

/// What to take from the command line rather than from the file.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct OverrideArgs {
    /// Listen here instead; repeat for more [default: 127.0.0.1:11211]
    ///
    /// address:port, or the path of a unix socket (/path or unix:path). Replaces all of the file's "listen".
    #[arg(short, long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Serve metrics and admin pages here instead, or "off" [default: 127.0.0.1:9411]
    #[arg(short, long, value_name = "ADDR|off")]
    pub admin: Option<String>,
    /// Run this many worker threads, or "auto" for one per processor [default: auto]
    #[arg(short, long, value_name = "N|auto")]
    pub workers: Option<String>,
}

/// What leash can do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check a configuration file and list all its problems
    ///
    /// Exits with 0 if leash would start with the file, with 78 if not. Warnings do not count.
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show where keys go: route, policies, pool, slot, server
    ///
    /// Sends nothing, unless --live asks each key's server for its item. Exits with 0 also where there is no item, with
    /// 1 if a server could not be asked.
    Route(Route),
    /// Show what leash does: the same dog-pile without and with it, in seconds
    ///
    /// Many callers share a value that takes long to regenerate. Without leash each of them regenerates it when it goes
    /// stale; with leash one does, and the others get the stale value meanwhile. Both are run, and what happened is
    /// counted.
    Demo(Demo),
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
}

/// `leash route`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Route {
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
    /// Its admin address; where that listens everywhere, it is asked on loopback [default: 127.0.0.1:9411]
    #[arg(short, long, value_name = "ADDR")]
    pub admin: Option<String>,
    /// Read the admin address from this file, whatever else is wrong with it
    #[arg(short, long, value_name = "FILE", conflicts_with = "admin")]
    pub config: Option<PathBuf>,
}

impl Healthcheck {
    /// Whom to ask; `None` if the admin pages are off.
    pub fn admin(&self) -> Result<Option<SocketAddr>, Problems> {
        let source = self.config.clone().map_or(Source::Embedded, Source::File);
        let overrides = Overrides { admin: self.admin.clone(), ..Overrides::default() };
        Origin { source, overrides }.admin()
    }
}

/// The command line of this process. Prints help, version or an error and exits where there is nothing else to do.
pub fn parse() -> Args {
    Args::try_parse().unwrap_or_else(|stop| {
        // Nothing can be done about an output that is closed, and the exit code still tells.
        let _ = stop.print();
        std::process::exit(exit_code(&stop))
    })
}

/// The exit code that goes with what clap has to say: help and version are no errors.
pub fn exit_code(stop: &clap::Error) -> i32 {
    match stop.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => EXIT_USAGE,
    }
}

/// The configuration that the command line asks for.
pub fn config(args: &Args) -> Result<Config, Problems> {
    origin(args).load()
}

/// Where that configuration comes from.
pub fn origin(args: &Args) -> Origin {
    let OverrideArgs { listen, admin, workers } = args.overrides.clone();
    let source = match &args.command {
        Some(Command::Check { file }) => Source::File(file.clone()),
        Some(Command::Route(route)) => route.source.source(),
        Some(Command::Completions { .. } | Command::Demo(_) | Command::Healthcheck(_)) | None => args.source.source(),
    };
    Origin { source, overrides: Overrides { listen, admin, workers } }
}

/// Writes the completions for `shell`.
pub fn completions(shell: Shell, to: &mut dyn io::Write) {
    clap_complete::generate(shell, &mut Args::command(), "leash", to);
}

impl SourceArgs {
    /// The same in the configuration's words.
    pub fn source(&self) -> Source {
        match &self.config {
            Some(path) => Source::File(path.clone()),
            None if self.server.is_empty() => Source::Embedded,
            None => Source::Servers(self.server.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Address, Listen};

    fn args(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    fn config_of(line: &str) -> Result<Config, String> {
        config(&args(line).unwrap()).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn usage_errors_are_64_and_help_is_no_error() {
        let code = |line| exit_code(&args(line).unwrap_err());
        for line in
            ["leash --nonsense", "leash check", "leash route", "leash --config a --server b", "leash frobnicate"]
        {
            assert_eq!(code(line), EXIT_USAGE, "{line}");
        }
        for line in ["leash demo --callers 0", "leash demo --ttl 500ms", "leash demo --regeneration 5"] {
            assert_eq!(code(line), EXIT_USAGE, "{line}");
        }
        assert_eq!(code("leash --server a check b"), EXIT_USAGE, "options of serving do not go with other commands");
        for line in ["leash --help", "leash -h", "leash --version", "leash route --help", "leash help check"] {
            assert_eq!(code(line), 0, "{line}");
        }
    }

    #[test]
    fn leash_alone_is_the_embedded_default() {
        assert_eq!(config_of("leash"), Ok(Config::embedded_default()));
    }

    #[test]
    fn servers_need_no_file() {
        let config = config_of("leash --server m0:11211 --server unix:/run/m.sock -s [::1]").unwrap();
        assert_eq!(config.pools[0].servers.len(), 3);
        assert_eq!(&*config.pools[0].servers[0].name, "m0:11211");
        assert_eq!(config.pools[0].servers[1].address, Address::Unix("/run/m.sock".into()));
        let route = config_of("leash route some:key --server m9 --json").unwrap();
        assert_eq!(&*route.pools[0].servers[0].name, "m9");
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "listen: [{tcp: 127.0.0.1:1}]\nadmin: 127.0.0.1:2\nworkers: 3\npools: {p: {servers: [m0]}}\n";
        std::fs::write(&file, text).unwrap();
        let path = file.path().display();
        let config = config_of(&format!("leash -c {path} -l 127.0.0.1:4 -l /run/l.sock -a off -w 5")).unwrap();
        assert_eq!(config.listen, [Listen::Tcp(([127, 0, 0, 1], 4).into()), Listen::Unix("/run/l.sock".into())]);
        assert_eq!((config.admin, config.workers), (None, 5));
        let config = config_of(&format!("leash --config {path} --workers auto")).unwrap();
        assert_eq!(config.admin, Some(([127, 0, 0, 1], 2).into()));
        assert_eq!(config.workers, crate::config::Config::embedded_default().workers);
        assert_eq!(config_of(&format!("leash check {path}")).unwrap().workers, 3);
    }

    #[test]
    fn problems_name_the_option_at_fault() {
        let problems = config_of("leash --server m0 --server m1:http --listen 0.0.0.0 --workers many").unwrap_err();
        assert_eq!(
            problems,
            "command line: --listen[0]: 0.0.0.0 has no port; write 0.0.0.0:11211\n\
             command line: --workers: many is neither auto nor a number; write auto\n\
             command line: --server[1]: http is no port; write a number from 1 to 65535"
        );
        assert!(
            config_of("leash --config /no/such/file").unwrap_err().contains("/no/such/file: cannot be read: No such")
        );
    }

    #[test]
    fn a_healthcheck_finds_the_admin_address_whatever_else_is_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "admin: 0.0.0.0:1\npols: {}\n").unwrap();
        let path = file.path().display();
        let admin = |line: &str| match args(line).unwrap().command {
            Some(Command::Healthcheck(check)) => check.admin().map_err(|problems| problems.to_string()),
            _ => panic!("{line}"),
        };
        assert_eq!(admin("leash healthcheck"), Ok(Some(crate::config::ADMIN)));
        assert_eq!(admin(&format!("leash healthcheck --config {path}")), Ok(Some(([0, 0, 0, 0], 1).into())));
        std::fs::write(&file, "admin: {address: 0.0.0.0:3, show_keys: maybe}\n").unwrap();
        assert_eq!(admin(&format!("leash healthcheck --config {path}")), Ok(Some(([0, 0, 0, 0], 3).into())));
        assert_eq!(admin("leash healthcheck --admin [::]:2"), Ok(Some("[::]:2".parse().unwrap())));
        assert_eq!(admin("leash healthcheck --admin off"), Ok(None));
        assert!(admin("leash healthcheck --admin here").unwrap_err().contains("--admin: here"));
    }

    #[test]
    fn completions_know_the_options() {
        let mut bash = Vec::new();
        completions(Shell::Bash, &mut bash);
        assert!(String::from_utf8(bash).unwrap().contains("--workers"));
    }
}
