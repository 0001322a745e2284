//! A way to a real memcached on which every reply takes its time, however many are under way.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use support::{Memcached, pause};

pub struct SlowServer(String);

impl SlowServer {
    /// A way to `server` on which replies come so much later.
    pub fn before(server: &Memcached, later: Duration) -> SlowServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let (address, there) = (listener.local_addr().unwrap().to_string(), server.address());
        // Ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let there = there.clone();
                thread::spawn(move || carry(client, &there, later));
            }
        });
        SlowServer(address)
    }

    pub fn address(&self) -> String {
        self.0.clone()
    }
}

fn carry(client: TcpStream, there: &str, later: Duration) {
    let Ok(server) = TcpStream::connect(there) else { return };
    let (mut asks, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut asks, &mut asked);
        let _ = asked.shutdown(Shutdown::Write);
    });
    let (replies, waiting) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut client = client;
        for (due, bytes) in waiting {
            pause(due.saturating_duration_since(Instant::now()));
            if client.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    let (mut server, mut chunk) = (server, vec![0; 1 << 16]);
    while let Ok(count @ 1..) = server.read(&mut chunk) {
        if replies.send((Instant::now() + later, chunk[..count].to_vec())).is_err() {
            return;
        }
    }
}
