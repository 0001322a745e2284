//! A real memcached on a loopback port of its own, stopped when dropped.
//!
//! It can be killed, brought back on the same port, and frozen, because a dead server and a silent one are different
//! troubles.

use std::process::{Child, Command, Stdio};

use super::{BOUND, Client, comes_true, everywhere, free_port, wait_until};

/// A running (or killed) memcached.
pub struct Memcached {
    child: Child,
    port: u16,
    more: Vec<String>,
    environment: Vec<(String, String)>,
}

/// Whether a server is left as it is where all others are [secured](super::everywhere).
#[derive(Clone, Copy, PartialEq)]
enum Stays {
    Plain,
    AsTheOthers,
}

impl Memcached {
    pub fn start() -> Memcached {
        Memcached::start_with(&[])
    }

    /// With more command line arguments.
    pub fn start_with(more: &[&str]) -> Memcached {
        Memcached::launch(more, &[], Stays::AsTheOthers)
    }

    /// One that leash is compared with, or that is asked by others than leash and [`Client`]: always without TLS.
    pub fn start_plain() -> Memcached {
        Memcached::launch(&[], &[], Stays::Plain)
    }

    /// The same with arguments, and with variables in its environment.
    pub fn start_plain_in(more: &[&str], environment: &[(&str, &str)]) -> Memcached {
        Memcached::launch(more, environment, Stays::Plain)
    }

    fn launch(own: &[&str], environment: &[(&str, &str)], stays: Stays) -> Memcached {
        let own: Vec<String> = own.iter().map(ToString::to_string).collect();
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let environment: Vec<(String, String)> = environment.iter().map(owned).collect();
        for _ in 0..5 {
            let port = free_port();
            let secured = if stays == Stays::Plain { Vec::new() } else { everywhere::arguments(port, &own) };
            let more = [own.clone(), secured].concat();
            let mut child = spawn(port, &more, &environment);
            if has_begun(&mut child, port) {
                return Memcached { child, port, more, environment };
            }
        }
        panic!("memcached did not start; is it installed? tests/run does that");
    }

    /// Several at once.
    pub fn start_many(count: usize) -> Vec<Memcached> {
        (0..count).map(|_| Memcached::start()).collect()
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would: SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Brings it back on the same port, empty.
    pub fn restart(&mut self) {
        self.kill();
        for _ in 0..5 {
            self.child = spawn(self.port, &self.more, &self.environment);
            if has_begun(&mut self.child, self.port) {
                return;
            }
        }
        panic!("memcached did not come back on port {}", self.port);
    }

    /// Freezes it: connections stay open, nobody answers.
    pub fn freeze(&self) {
        signal(self.child.id(), "STOP");
        wait_until("every thread of it stands still", BOUND, || stands_still(self.child.id()));
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    /// Moves its CAS uniques on, so that two servers never hand out the same one in a test.
    pub fn advance_cas(&self, by: usize) {
        let mut client = Client::connect(&self.address());
        client.expect("set cas-ahead 0 0 1\r\n1\r\n", "STORED\r\n");
        for _ in 0..by / 1000 {
            client.send("incr cas-ahead 1 noreply\r\n".repeat(1000));
        }
        client.expect("delete cas-ahead\r\n", "DELETED\r\n");
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        self.kill();
        everywhere::forget(self.port);
    }
}

/// Without the LRU maintainer: it holds items at its own whim, and counting pads with spaces only while nobody does.
fn spawn(port: u16, more: &[String], environment: &[(String, String)]) -> Child {
    Command::new("memcached")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .args([
            "-u",
            "nobody",
            "-o",
            "no_lru_maintainer,no_lru_crawler",
            "-l",
            "127.0.0.1",
            "-U",
            "0",
            "-t",
            "1",
            "-m",
            "256",
            "-c",
            "2048",
        ])
        .args(["-p", &port.to_string()])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("memcached runs; if it is not installed, tests/run does that")
}

/// Waits until it listens; false if it did not begin to, as where another process has the port.
fn has_begun(child: &mut Child, port: u16) -> bool {
    let mut ended = false;
    let listens = comes_true(BOUND, || {
        ended = child.try_wait().unwrap().is_some();
        ended || has_listener(child.id(), port)
    });
    if !listens {
        let _ = child.kill();
        let _ = child.wait();
    }
    listens && !ended
}

/// Whether a process itself listens at an IPv4 port.
fn has_listener(pid: u32, port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let sockets: Vec<String> = table.lines().filter_map(|line| listening_socket(line, port)).collect();
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files
        .filter_map(|file| file.path().read_link().ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == &**socket))
}

/// What a line of the kernel's table calls the socket, if it listens at this port.
fn listening_socket(line: &str, port: u16) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_it = words.get(1)?.ends_with(&format!(":{port:04X}")) && *words.get(3)? == "0A";
    is_it.then(|| words.get(9).map(|inode| format!("socket:[{inode}]"))).flatten()
}

/// Whether no thread of a process runs: a signal takes its time to reach them.
pub fn stands_still(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process is there");
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    })
}

/// Sends a signal to one process that a test started.
pub fn signal(pid: u32, name: &str) {
    signal_often(pid, name, 1);
}

/// Sends it so many times, with nothing between them.
pub fn signal_often(pid: u32, name: &str, times: usize) {
    let targets = vec![pid.to_string(); times];
    let done = Command::new("kill").arg(format!("-{name}")).args(targets).status().expect("kill runs");
    assert!(done.success(), "kill -{name} {pid}");
}
