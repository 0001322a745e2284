//! A process that has a queue: Debian's beanstalkd and redis-server, and leash as a holder; each on a port and in a directory
//! of its own, on the disk where this program was built, and ended by its number when it is dropped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{BOUND, Leash, free_port, listens, wait_until};
use tempfile::TempDir;

use super::tongues::Tongue;
use crate::cost::ran;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In memory alone.
    Beanstalkd,
    /// With its log: on the disk 50 ms later, or before it answers.
    BeanstalkdLogs { always: bool },
    /// With its log: on the disk a second later, or before it answers; consumers reserve, or remove at once.
    Redis { always: bool, reserves: bool },
    /// On the disk a tenth of a second later, or before it answers.
    Leash { always: bool },
}

/// A running one.
pub struct Broker {
    process: Process,
    address: String,
    kind: Kind,
    directory: TempDir,
}

enum Process {
    Other(Child),
    Leash(Leash),
}

impl Kind {
    /// All of them, those beside each other that promise the same.
    pub const ALL: [Kind; 9] = [
        Kind::Beanstalkd,
        Kind::BeanstalkdLogs { always: false },
        Kind::Redis { always: false, reserves: false },
        Kind::Redis { always: false, reserves: true },
        Kind::Leash { always: false },
        Kind::BeanstalkdLogs { always: true },
        Kind::Redis { always: true, reserves: false },
        Kind::Redis { always: true, reserves: true },
        Kind::Leash { always: true },
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Beanstalkd => "beanstalkd, no log",
            Kind::BeanstalkdLogs { always: false } => "beanstalkd -b",
            Kind::BeanstalkdLogs { always: true } => "beanstalkd -b -f0",
            Kind::Redis { always: false, reserves: true } => "redis, everysec",
            Kind::Redis { always: false, reserves: false } => "redis, everysec, RPOP",
            Kind::Redis { always: true, reserves: true } => "redis, always",
            Kind::Redis { always: true, reserves: false } => "redis, always, RPOP",
            Kind::Leash { always: false } => "leash, sync: 100ms",
            Kind::Leash { always: true } => "leash, sync: always",
        }
    }

    pub fn tongue(self) -> Tongue {
        match self {
            Kind::Beanstalkd | Kind::BeanstalkdLogs { .. } => Tongue::Beanstalk,
            Kind::Redis { reserves: true, .. } => Tongue::RedisReserving,
            Kind::Redis { reserves: false, .. } => Tongue::RedisRemoving,
            Kind::Leash { .. } => Tongue::Leash,
        }
    }

    fn command(self, port: u16, directory: &Path) -> Command {
        let port = port.to_string();
        let directory = directory.to_str().expect("a path of this machine");
        let (program, arguments) = match self {
            Kind::Redis { always, .. } => {
                let fsync = if always { "always" } else { "everysec" };
                let address = ["--bind", "127.0.0.1", "--port", &port, "--dir", directory];
                (
                    "redis-server",
                    [&address[..], &["--save", "", "--appendonly", "yes", "--appendfsync", fsync]].concat(),
                )
            }
            Kind::BeanstalkdLogs { always } => {
                let log = if always { ["-b", directory, "-f0"] } else { ["-b", directory, "-f50"] };
                ("beanstalkd", [&["-l", "127.0.0.1", "-p", &port, "-z", "1000000"], &log[..]].concat())
            }
            _ => ("beanstalkd", vec!["-l", "127.0.0.1", "-p", &port, "-z", "1000000"]),
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Broker {
    pub fn start(kind: Kind) -> Broker {
        let directory = directory();
        match kind {
            Kind::Leash { always } => Broker::holder(directory, always),
            _ => Broker::other(kind, directory),
        }
    }

    /// leash with the queues of this directory.
    pub fn holder(directory: TempDir, always: bool) -> Broker {
        let sync = if always { "always" } else { "100ms" };
        let leash = Leash::with_config(&format!(
            "routes: [{{prefix: '', queue: {{dir: '{}', mode: reserve, reserve: 10m, sync: {sync}}}}}]\n",
            directory.path().display()
        ));
        let address = leash.address().to_string();
        Broker { process: Process::Leash(leash), address, kind: Kind::Leash { always }, directory }
    }

    fn other(kind: Kind, directory: TempDir) -> Broker {
        let port = free_port();
        let mut command = kind.command(port, directory.path());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
        wait_until("it listens", BOUND, || {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} ended");
            listens(port)
        });
        Broker { process: Process::Other(child), address: format!("127.0.0.1:{port}"), kind, directory }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn tongue(&self) -> Tongue {
        self.kind.tongue()
    }

    pub fn pid(&self) -> u32 {
        match &self.process {
            Process::Other(child) => child.id(),
            Process::Leash(leash) => leash.pid(),
        }
    }

    /// Nanoseconds that its threads have run, and the processes that it started and that have ended: redis writes its log
    /// anew in one.
    pub fn ran(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let behind_name = stat.rsplit(") ").next().expect("fields behind the name");
        let ticks = behind_name.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
        ran(self.pid()) + ticks * 10_000_000
    }

    /// Bytes of its files.
    pub fn on_disk(&self) -> u64 {
        let files = fs::read_dir(self.directory.path()).expect("its directory");
        files.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Process::Other(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A directory where what is built is, and not where temporary files are: these may be in memory.
pub fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory below target/")
}
