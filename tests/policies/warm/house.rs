//! What the stories share: two pools, a configuration, a run of `leash warm` and the table it prints.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use support::leash::binary;
use support::{Client, Memcached, wait_until};

/// How long one run may take.
pub const RUN: Duration = Duration::from_secs(60);

/// A server that lists its keys.
pub fn old_server() -> Memcached {
    Memcached::start_with(&["-o", "lru_crawler"])
}

pub fn client(server: &Memcached) -> Client {
    Client::connect(&server.address())
}

/// Stores many small items at once, `key0` and on, whose value is their number; each fourth has no TTL.
pub fn fill(server: &Memcached, count: usize) {
    let mut client = client(server);
    for block in (0..count).collect::<Vec<_>>().chunks(10_000) {
        let sets: Vec<String> = block.iter().map(|n| set_of(*n)).collect();
        client.send(sets.concat());
        client.expect("mn\r\n", "MN\r\n");
    }
}

fn set_of(n: usize) -> String {
    let (value, ttl) = (n.to_string(), if n.is_multiple_of(4) { 0 } else { 1000 + n % 1000 });
    format!("set key{n} {n} {ttl} {} noreply\r\n{value}\r\n", value.len())
}

/// How many items a server has.
pub fn items(server: &Memcached) -> u64 {
    stat(server, "curr_items")
}

/// One line of a server's `stats`.
pub fn stat(server: &Memcached, name: &str) -> u64 {
    let mut client = client(server);
    client.send("stats\r\n");
    loop {
        let line = String::from_utf8(client.read_line().expect("a line of stats")).unwrap();
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["STAT", this, value] if this == name => return value.parse().unwrap(),
            ["END"] => panic!("stats has no {name}"),
            _ => {}
        }
    }
}

/// Where `leash warm` is run.
pub struct House {
    directory: TempDir,
}

impl House {
    /// With a configuration of these two pools and routes.
    pub fn new(old: &[&Memcached], new: &[&Memcached], routes: &str) -> House {
        House::configured(&format!("{}\nroutes: [{routes}]\n", pools(old, new)))
    }

    /// With this configuration.
    pub fn configured(yaml: &str) -> House {
        let house = House { directory: tempfile::tempdir().unwrap() };
        house.configure(yaml);
        house
    }

    /// With one route, every key.
    pub fn moving(old: &[&Memcached], new: &[&Memcached]) -> House {
        House::new(old, new, "{prefix: '', migrate: {from: old, to: new, phase: warm}}")
    }

    pub fn configure(&self, yaml: &str) {
        fs::write(self.directory.path().join("leash.yaml"), yaml).unwrap();
    }

    /// Whether a progress file is left.
    pub fn has_progress(&self) -> bool {
        self.directory.path().join("leash-warm.progress").exists()
    }

    /// Begins a run.
    pub fn begins(&self, arguments: &[&str]) -> Running {
        let child = Command::new(binary())
            .args(["warm", "--config", "leash.yaml"])
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("leash runs");
        Running(Some(child))
    }

    /// Runs to the end.
    #[track_caller]
    pub fn warm(&self, arguments: &[&str]) -> Ended {
        self.begins(arguments).ends()
    }

    /// Runs to the end, and everything is done.
    #[track_caller]
    pub fn warms(&self, arguments: &[&str]) -> Ended {
        let ended = self.warm(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        ended
    }
}

/// The pools of a configuration.
pub fn pools(old: &[&Memcached], new: &[&Memcached]) -> String {
    let [old, new] = [old, new]
        .map(|pool| pool.iter().map(|server| format!("\"{}\"", server.address())).collect::<Vec<_>>().join(", "));
    format!("admin: off\npools: {{old: {{servers: [{old}]}}, new: {{servers: [{new}]}}}}")
}

/// A run under way.
pub struct Running(Option<Child>);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.as_ref().expect("it runs").id()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(mut self) -> Ended {
        let mut child = self.0.take().expect("it runs");
        // What it says fits into a pipe, so it cannot wait for us.
        let mut is_over = || child.try_wait().unwrap().is_some();
        wait_until("leash warm ends", RUN, &mut is_over);
        Ended::of(child.wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A run that is over.
pub struct Ended {
    pub code: Option<i32>,
    /// The table and everything else.
    pub said: String,
}

impl Ended {
    fn of(output: Output) -> Ended {
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        Ended { code: output.status.code(), said }
    }

    /// The figure in this column of the table, in the last line of it: that of all servers.
    #[track_caller]
    pub fn all(&self, column: &str) -> u64 {
        self.figures(column).pop().expect("a line of figures")
    }

    /// The figures in this column of the table, server by server; of several, the last is that of all.
    #[track_caller]
    pub fn figures(&self, column: &str) -> Vec<u64> {
        let mut lines = self.said.lines().skip_while(|line| !line.starts_with("server "));
        let heads = cells(lines.next().unwrap_or_else(|| panic!("no table in\n{}", self.said)));
        let at = heads.iter().position(|head| head == column).unwrap_or_else(|| panic!("no {column} in {heads:?}"));
        let figure = |line: &str| cells(line)[at].replace(',', "").parse().expect("a figure");
        lines.take_while(|line| !line.is_empty()).map(figure).collect()
    }

    /// Every key that was listed is in exactly one column.
    #[track_caller]
    pub fn adds_up(&self) {
        let columns = ["copied", "there", "gone", "others", "orphans", "failed", "before"];
        let sum: u64 = columns.iter().map(|column| self.all(column)).sum();
        assert_eq!(sum, self.all("listed"), "{}", self.said);
    }

    #[track_caller]
    pub fn says(&self, what: &str) {
        assert!(self.said.contains(what), "no {what:?} in\n{}", self.said);
    }
}

/// The cells of a line of the table.
fn cells(line: &str) -> Vec<String> {
    line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_string).collect()
}
