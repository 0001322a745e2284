//! A leash process under test, ready when started and stopped when dropped.
//!
//! `LEASH_BIN` names another binary than the one cargo built, for example a release build.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::memcached::{signal, stands_still};
use super::{BOUND, Client, Memcached, everywhere, free_port, wait_until};

/// A running leash.
pub struct Leash {
    child: Child,
    /// The command that runs it, if another one does, in its place.
    within: Vec<String>,
    arguments: Vec<String>,
    address: String,
    admin: String,
    directory: TempDir,
    is_killed: bool,
}

/// The binary under test: cargo says to every test where it put it.
pub fn binary() -> PathBuf {
    let named = ["LEASH_BIN", "CARGO_BIN_EXE_leash"].into_iter().find_map(std::env::var_os);
    named.expect("tests are run by cargo, or LEASH_BIN names the binary").into()
}

impl Leash {
    /// With command line arguments; the addresses are chosen here.
    pub fn start(arguments: &[&str]) -> Leash {
        let (arguments, directory) =
            (arguments.iter().map(ToString::to_string).collect(), tempfile::tempdir().unwrap());
        Leash::launch(everywhere::completed_arguments(arguments, &directory.path().join("leash.yaml")), directory)
    }

    /// In front of these servers, two workers, `flush_all` allowed.
    pub fn with_servers(servers: &[Memcached]) -> Leash {
        let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
        Leash::with_addresses(&addresses)
    }

    /// In front of servers at these addresses.
    pub fn with_addresses(addresses: &[String]) -> Leash {
        Leash::with_config(&config(&addresses.join(", "), "", ""))
    }

    /// On its embedded store, `flush_all` allowed.
    pub fn embedded() -> Leash {
        Leash::routed(&[], "", "")
    }

    /// In front of these servers, or of its embedded store where there are none, with this `refresh` on every key,
    /// `flush_all` allowed.
    pub fn refreshing(servers: &[Memcached], refresh: &str) -> Leash {
        Leash::routed(servers, "", &format!("refresh: {refresh}"))
    }

    /// In front of these servers, or of its embedded store where there are none, with these settings of the pool and of the route
    /// of every key, `flush_all` allowed.
    pub fn routed(servers: &[Memcached], pool: &str, route: &str) -> Leash {
        let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
        let addresses = if addresses.is_empty() { "embedded".to_string() } else { addresses.join(", ") };
        Leash::with_config(&config(&addresses, pool, route))
    }

    /// With a configuration file; the addresses are chosen here and win over the file's.
    pub fn with_config(yaml: &str) -> Leash {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leash.yaml");
        fs::write(&file, everywhere::completed(yaml)).unwrap();
        Leash::launch(vec!["--config".into(), file.display().to_string()], directory)
    }

    /// The same, run by this command, which becomes leash in the end. It must not leave the process.
    pub fn within(command: &[&str], yaml: &str) -> Leash {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leash.yaml");
        fs::write(&file, everywhere::completed(yaml)).unwrap();
        let within = command.iter().map(ToString::to_string).collect();
        Leash::launch_at(directory, within, |address, admin| {
            let file = file.display().to_string();
            ["--config", &file, "--listen", address, "--admin", admin].map(str::to_string).to_vec()
        })
    }

    /// With a configuration file alone, which says where to listen, too.
    pub fn with_file_alone(yaml: &str) -> Leash {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leash.yaml");
        Leash::launch_at(directory, Vec::new(), |address, admin| {
            let yaml = format!("listen: [{{tcp: '{address}'}}]\nadmin: {admin}\n{yaml}");
            fs::write(&file, everywhere::completed(&yaml)).unwrap();
            vec!["--config".into(), file.display().to_string()]
        })
    }

    /// With a configuration file alone, whose first listener also has these keys (`, namespace: 'a:'`), beside others.
    pub fn with_entrance(keys: &str, others: &str, yaml: &str) -> Leash {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leash.yaml");
        Leash::launch_at(directory, Vec::new(), |address, admin| {
            let listen = format!("listen:\n  - {{tcp: '{address}'{keys}}}\n{others}");
            fs::write(&file, everywhere::completed(&format!("{listen}admin: {admin}\n{yaml}"))).unwrap();
            vec!["--config".into(), file.display().to_string()]
        })
    }

    /// The arguments by which a test that runs leash itself puts it in front of this server; `file` is for one to go by.
    pub fn before(server: &str, file: &Path) -> Vec<String> {
        everywhere::completed_arguments(vec!["--server".to_string(), server.to_string()], file)
    }

    fn launch(arguments: Vec<String>, directory: TempDir) -> Leash {
        Leash::launch_at(directory, Vec::new(), |address, admin| {
            let addresses = ["--listen", address, "--admin", admin].map(str::to_string);
            [&arguments[..], &addresses].concat()
        })
    }

    /// With the arguments that go with the addresses chosen here.
    fn launch_at(directory: TempDir, within: Vec<String>, arguments: impl Fn(&str, &str) -> Vec<String>) -> Leash {
        for _ in 0..5 {
            let address = format!("127.0.0.1:{}", free_port());
            let admin = format!("127.0.0.1:{}", free_port());
            let arguments = arguments(&address, &admin);
            let mut child = spawn(&within, &arguments, &directory);
            if listens(&mut child, [&address, &admin]) {
                return Leash { child, within, arguments, address, admin, directory, is_killed: false };
            }
            let log = fs::read_to_string(directory.path().join("log")).unwrap_or_default();
            assert!(log.contains("in use"), "leash {} ended instead of serving:\n{log}", arguments.join(" "));
        }
        panic!("no free port for leash");
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn admin(&self) -> &str {
        &self.admin
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn client(&self) -> Client {
        Client::connect(&self.address)
    }

    /// Stops it where it is: what is sent to it meanwhile is all there at once when it goes on.
    pub fn freeze(&self) {
        signal(self.pid(), "STOP");
        wait_until("every thread of it stands still", BOUND, || stands_still(self.pid()));
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        signal(self.pid(), "CONT");
    }

    /// Ends it as a crash would: SIGKILL.
    pub fn kill(mut self) {
        self.crash();
    }

    /// The same, and it may be started again.
    pub fn crash(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.is_killed = true;
    }

    /// Ends it as an operator does: SIGTERM. It may be started again.
    pub fn terminate(&mut self) {
        signal(self.pid(), "TERM");
        wait_until("leash has ended", BOUND, || self.child.try_wait().unwrap().is_some());
        self.is_killed = true;
    }

    /// Starts it again after its end, where it was.
    pub fn restart(&mut self) {
        self.child = spawn(&self.within, &self.arguments, &self.directory);
        self.is_killed = false;
        assert!(listens(&mut self.child, [&self.address, &self.admin]), "it ended instead of serving:\n{}", self.log());
    }

    /// The file it was started with by `with_config`.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("leash.yaml")
    }

    /// Puts another configuration in its file, whole at once.
    pub fn configure(&self, yaml: impl AsRef<[u8]>) {
        let next = self.directory.path().join("next.yaml");
        match std::str::from_utf8(yaml.as_ref()) {
            Ok(text) => fs::write(&next, everywhere::completed(text)).unwrap(),
            Err(_) => fs::write(&next, yaml).unwrap(),
        }
        fs::rename(next, self.file()).unwrap();
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The body of an admin page; panics unless the answer is 200.
    pub fn page(&self, path: &str) -> String {
        let mut client = Client::connect(&self.admin);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: leash\r\nConnection: close\r\n\r\n"));
        let answer = String::from_utf8_lossy(&client.read_to_end().expect("an HTTP answer")).to_string();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.to_string()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if self.is_killed {
            return;
        }
        if self.child.try_wait().unwrap().is_some() {
            eprintln!("leash ended before the test did; its log:\n{}", self.log());
            return;
        }
        if std::thread::panicking() {
            eprintln!("the log of leash:\n{}", self.log());
        }
        signal(self.child.id(), "KILL");
        let _ = self.child.wait();
    }
}

fn spawn(within: &[String], arguments: &[String], directory: &TempDir) -> Child {
    let log = File::create(directory.path().join("log")).unwrap();
    let mut command = match within {
        [] => Command::new(binary()),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest).arg(binary());
            command
        }
    };
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {}: {e}", binary().display()))
}

/// Waits until it accepts at both; false if it ended instead.
fn listens(child: &mut Child, addresses: [&str; 2]) -> bool {
    let mut ended = false;
    wait_until("leash listens", BOUND, || {
        ended = child.try_wait().unwrap().is_some();
        ended || addresses.iter().all(|address| Client::try_connect(address).is_ok())
    });
    !ended
}

/// Two workers, one pool and one route, with these settings.
fn config(servers: &str, pool: &str, route: &str) -> String {
    let mut yaml = String::from("workers: 2\n");
    writeln!(yaml, "pools: {{main: {{servers: [{servers}], {pool}}}}}").unwrap();
    writeln!(yaml, "routes: [{{prefix: \"\", pool: main, allow_flush: true, {route}}}]").unwrap();
    yaml
}
