//! A planted fault: somebody between a client and its memcached who says one thing instead of another.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Passes on what both say, but for one saying of the server.
pub struct Forger {
    address: String,
}

impl Forger {
    /// Before the memcached at `address`; `instead` is as long as what is said.
    pub fn before(address: &str, said: &'static [u8], instead: &'static [u8]) -> Forger {
        assert_eq!(said.len(), instead.len());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let own = listener.local_addr().unwrap().to_string();
        let server = address.to_string();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).expect("memcached listens");
                let (asks, answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass(asks, server, |_| ()));
                thread::spawn(move || pass(answers, client, |bytes| forge(bytes, said, instead)));
            }
        });
        Forger { address: own }
    }

    pub fn address(&self) -> &str {
        &self.address
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        change(&mut buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// What is forged is short and written at once, so that it is in one piece.
fn forge(bytes: &mut [u8], said: &[u8], instead: &[u8]) {
    for at in 0..(bytes.len() + 1).saturating_sub(said.len()) {
        if bytes[at..].starts_with(said) {
            bytes[at..at + said.len()].copy_from_slice(instead);
        }
    }
}
