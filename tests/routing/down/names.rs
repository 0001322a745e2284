//! A server that moves to another address under its name is followed, though its old one still answers.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::leash::binary;
use support::{BOUND, Client, free_port, needs, wait_until};

/// Names are looked up every 30 seconds.
const LOOKED_UP: Duration = Duration::from_secs(40);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &str, arguments: &[&str], log: File) -> Running {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    Running(command.spawn().unwrap_or_else(|e| panic!("{program} cannot run: {e}")))
}

fn get(client: &mut Client) -> Option<Vec<u8>> {
    client.get("key").unwrap()
}

/// In a mount namespace of its own, where `/etc/hosts` is the test's. That takes root.
#[test]
fn a_name_that_means_another_address_is_followed_within_half_a_minute_and_no_answer_changes_nothing() {
    if !needs::has("unshare", Command::new("unshare").args(["--mount", "true"])) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (hosts, log) = (directory.path().join("hosts"), directory.path().join("log"));
    let log = || File::options().create(true).append(true).open(&log).unwrap();
    fs::write(&hosts, "127.0.0.1 moved\n").unwrap();
    let (port, listen) = (free_port().to_string(), format!("127.0.0.1:{}", free_port()));
    let at = |address| run("memcached", &["-u", "nobody", "-U", "0", "-l", address, "-p", &port], log());
    let _servers = [at("127.0.0.1"), at("127.0.0.2")];
    let told = format!("--server moved:{port} --listen {listen} --admin off --workers 1");
    let script = format!("mount --bind {} /etc/hosts && exec {} {told}", hosts.display(), binary().display());
    let _leash = run("unshare", &["--mount", "sh", "-c", &script], log());
    let connect = |address: &str| {
        wait_until(&format!("{address} listens"), BOUND, || Client::try_connect(address).is_ok());
        Client::connect(address)
    };
    let mut direct = [connect(&format!("127.0.0.1:{port}")), connect(&format!("127.0.0.2:{port}"))];
    let mut client = connect(&listen);
    direct[1].expect("set key 0 0 3\r\nnew\r\n", "STORED\r\n");
    client.expect("set key 0 0 3\r\nold\r\n", "STORED\r\n");
    assert_eq!(get(&mut direct[0]).as_deref(), Some(&b"old"[..]));
    fs::write(&hosts, "127.0.0.2 moved\n").unwrap();
    wait_until("leash has followed", LOOKED_UP, || {
        let value = get(&mut client).expect("no request fails on the way");
        value == b"new"
    });
    fs::write(&hosts, "").unwrap();
    assert_eq!(get(&mut connect(&listen)).as_deref(), Some(&b"new"[..]));
}
