//! Unix sockets to listen on, and the files that they leave.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use support::leash::binary;
use support::memcached::signal;
use support::{BOUND, wait_until};

use super::Mortal;

/// A leash that is told to listen on this socket.
fn listens_at(path: &Path) -> Mortal {
    let child = Command::new(binary())
        .args(["--listen", path.to_str().unwrap(), "--admin", "off"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Mortal { child, address: String::new(), _directory: None }
}

#[test]
fn a_unix_socket_is_listened_on_and_its_file_goes_with_leash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("leash.sock");
    let start = || {
        let leash = listens_at(&path);
        wait_until("leash listens", BOUND, || UnixStream::connect(&path).is_ok());
        leash
    };
    let mut leash = start();
    let mut client = UnixStream::connect(&path).unwrap();
    client.set_read_timeout(Some(BOUND)).unwrap();
    client.write_all(b"set a 0 0 1\r\nx\r\nget a\r\n").unwrap();
    let mut reply = [0; 27];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n".first_chunk::<27>().unwrap());
    signal(leash.child.id(), "TERM");
    assert_eq!(leash.ends().0, Some(0));
    assert!(!path.exists());

    let mut leash = start();
    signal(leash.child.id(), "KILL");
    leash.ends();
    assert!(path.exists(), "a crash leaves the file");
    drop(start());
}

#[test]
fn a_file_that_is_no_socket_is_not_taken_for_one_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(listens_at(&path).ends().0, Some(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}
