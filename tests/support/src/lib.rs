//! What the integration tests share: real memcached and leash processes, a raw client, seeded chance, bounded waits.
//!
//! Not a test itself. Nothing here sleeps for a result: every wait names an event and has a bound.

pub mod authority;
pub mod checked_value;
pub mod chromium;
pub mod client;
pub mod command;
pub mod documents;
mod everywhere;
pub mod fake_server;
pub mod figures;
pub mod leash;
pub mod memcached;
pub mod needs;
pub mod origin;
pub mod packets;
pub mod random;
pub mod reload;
pub mod repository;
pub mod rig;
pub mod script;
pub mod secured;
pub mod terminal;
pub mod turn;
pub mod waits;

pub use authority::{Authority, Identity};
pub use client::Client;
pub use leash::Leash;
pub use memcached::Memcached;
pub use origin::Origin;
pub use random::Random;
pub use terminal::Terminal;
pub use waits::Waits;

use std::collections::HashSet;
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long anything may take that has no tighter bound of its own. Machines that tests share stand still for seconds.
pub const BOUND: Duration = Duration::from_secs(20);

/// Looks every millisecond until `ready` says yes; panics with `what` once the bound has passed.
#[track_caller]
pub fn wait_until(what: &str, bound: Duration, ready: impl FnMut() -> bool) {
    assert!(comes_true(bound, ready), "waited {bound:?} in vain until {what}");
}

/// Looks every millisecond until `ready` says yes; false if it does not within the bound. It is looked at once more
/// behind the bound: where the whole machine stood still meanwhile, nobody had the time.
pub fn comes_true(bound: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        let is_last = start.elapsed() >= bound;
        if ready() {
            return true;
        }
        if is_last {
            return false;
        }
        pause(Duration::from_millis(1));
    }
}

/// Lets time pass: between two looks at an event, or as the rhythm of a disturbance. Never to wait for a result.
#[allow(clippy::disallowed_methods, reason = "the one place where tests let time pass")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Whether a process listens at this loopback port. Where none does, the kernel may connect a socket with itself, as it
/// gives out the same ports: that is nobody, and would take the port from the process that is to listen.
pub fn listens(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.local_addr().is_ok_and(|own| own.port() != port)
}

/// A loopback port that was free a moment ago and is given out once per test process.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut given = GIVEN.lock().unwrap();
    let given = given.get_or_insert_default();
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let port = listener.local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}
