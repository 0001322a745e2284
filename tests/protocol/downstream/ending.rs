//! How leash ends: what had arrived is answered, and nobody keeps it from ending.

use std::time::Duration;

use support::fake_server::{FakeServer, is_closed};
use support::memcached::{signal, signal_often};
use support::{BOUND, Client, Memcached, wait_until};

use super::{END, Mortal};

#[test]
fn every_request_that_had_arrived_is_answered_when_leash_is_told_to_end() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(&leash.address)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.expect(format!("set key{n} 0 0 4\r\n{n:04}\r\n"), "STORED\r\n");
    }
    server.freeze();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(format!("get key{n}\r\nget nothing\r\n").repeat(100));
        client.send("version\r\nget ke");
    }
    // leash has read it all, since it answers who comes after.
    let mut last = Client::connect(&leash.address);
    last.expect("version\r\n", "VERSION ");
    signal(leash.child.id(), "TERM");
    server.thaw();
    for (n, client) in clients.iter_mut().enumerate() {
        client.expect("", format!("VALUE key{n} 0 4\r\n{n:04}\r\nEND\r\nEND\r\n").repeat(100));
        assert!(client.read_line().unwrap().starts_with(b"VERSION "));
        is_closed(client);
    }
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < END, "{took:?}");
    assert!(Client::try_connect(&leash.address).is_err());
}

#[test]
fn a_client_whom_only_the_kernel_had_accepted_is_answered_too() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    Client::connect(&leash.address).expect("set key 0 0 1\r\nv\r\n", "STORED\r\n");
    signal(leash.child.id(), "STOP");
    let mut clients: Vec<Client> = (0..32).map(|_| Client::connect(&leash.address)).collect();
    clients.iter_mut().for_each(|client| client.send("get key\r\n"));
    signal(leash.child.id(), "TERM");
    signal(leash.child.id(), "CONT");
    for client in &mut clients {
        client.expect("", "VALUE key 0 1\r\nv\r\nEND\r\n");
        is_closed(client);
    }
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < END, "{took:?}");
}

#[test]
fn an_idle_leash_ends_at_once() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(&leash.address)).collect();
    clients.iter_mut().for_each(|client| client.expect("get a\r\n", "END\r\n"));
    signal(leash.child.id(), "TERM");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_millis(500), "{took:?}");
    clients.iter_mut().for_each(is_closed);
}

#[test]
fn a_client_that_never_reads_cannot_keep_leash_from_ending() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut client = Client::connect(&leash.address);
    let value = vec![b'v'; 1_000_000];
    client.expect([b"set big 0 0 1000000\r\n", &value[..], b"\r\n"].concat(), "STORED\r\n");
    client.send("get big\r\n".repeat(100));
    client.read_exactly(1000).unwrap();
    signal(leash.child.id(), "TERM");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took > Duration::from_millis(1000) && took < END, "{took:?}");
}

#[test]
fn a_second_signal_ends_leash_at_once() {
    let server = FakeServer::start();
    let mut leash = Mortal::before(&server.address());
    let mut client = Client::connect(&leash.address);
    client.send("get a\r\n");
    let mut backend = server.greets();
    backend.receives("mg a v f");
    signal(leash.child.id(), "TERM");
    wait_until("leash stops listening", BOUND, || Client::try_connect(&leash.address).is_err());
    signal(leash.child.id(), "INT");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_millis(300), "{took:?}");
}

/// `timeout` sends its signal to the process and to its group.
#[test]
fn a_signal_that_is_sent_twice_at_once_is_one() {
    let server = FakeServer::start();
    let mut leash = Mortal::before(&server.address());
    let mut client = Client::connect(&leash.address);
    client.send("get a\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg a v f");
    signal_often(leash.child.id(), "TERM", 100);
    wait_until("leash stops listening", BOUND, || Client::try_connect(&leash.address).is_err());
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
    assert_eq!(leash.ends().0, Some(0));
}
