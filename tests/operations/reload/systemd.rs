//! systemd's side of `Type=notify`, played by the test: what it is told and when.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::leash::binary;
use support::memcached::signal;
use support::{BOUND, Client, free_port, wait_until};

struct Unit {
    child: Child,
    address: String,
    socket: UnixDatagram,
}

impl Unit {
    fn start(socket: UnixDatagram, name: &str, file: &Path) -> Unit {
        socket.set_read_timeout(Some(BOUND)).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let child = Command::new(binary())
            .args(["--config", file.to_str().unwrap(), "--listen", &address, "--admin", "off"])
            .env("NOTIFY_SOCKET", name)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Unit { child, address, socket }
    }

    /// The assignments of the next message.
    #[track_caller]
    fn hears(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let count = self.socket.recv(&mut bytes).expect("leash tells systemd");
        String::from_utf8_lossy(&bytes[..count]).lines().map(str::to_string).collect()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn systemd_is_told_of_the_start_of_reloads_and_of_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let (file, path) = (directory.path().join("leash.yaml"), directory.path().join("notify"));
    fs::write(&file, "pools: {main: {servers: [embedded]}}\n").unwrap();
    let mut unit = Unit::start(UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap(), &file);
    let serving = format!("STATUS=serving on {}, 1 pools, 1 routes", unit.address);
    assert_eq!(unit.hears(), ["READY=1", &serving]);
    // It is ready when it says so.
    Client::connect(&unit.address).expect("get a\r\n", "END\r\n");

    signal(unit.child.id(), "HUP");
    let reloading = unit.hears();
    let micros = reloading[1].strip_prefix("MONOTONIC_USEC=").and_then(|text| text.parse::<u64>().ok());
    assert!(reloading[0] == "RELOADING=1" && micros.is_some_and(|micros| micros > 0), "{reloading:?}");
    assert_eq!(unit.hears(), ["READY=1", &serving]);

    fs::write(&file, "pols: {}\n").unwrap();
    signal(unit.child.id(), "HUP");
    assert_eq!(unit.hears()[0], "RELOADING=1");
    let refused = unit.hears();
    assert_eq!(refused[0], "READY=1", "it goes on serving");
    assert!(refused[1].starts_with(&format!("{serving}; a reload was refused: ")), "{refused:?}");
    assert!(refused[1].ends_with("leash.yaml:1:1: pols: unknown key, did you mean pools?"), "{refused:?}");

    signal(unit.child.id(), "TERM");
    assert_eq!(unit.hears()[0], "STOPPING=1");
    let mut code = None;
    wait_until("leash ends", BOUND, || {
        code = unit.child.try_wait().unwrap();
        code.is_some()
    });
    assert_eq!(code.and_then(|code| code.code()), Some(0));
}

#[test]
fn the_socket_may_be_an_abstract_one() {
    let name = format!("leash-reload-test-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, "pools: {main: {servers: [embedded]}}\n").unwrap();
    let unit = Unit::start(socket, &format!("@{name}"), file.path());
    assert_eq!(unit.hears()[0], "READY=1");
}
