//! What the stories share: servers with names, which of them a key is of, and how long their health takes to change.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Leash, Memcached, pause, wait_until};

/// What becomes of servers.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    Kill,
    Freeze,
}

impl Harm {
    /// Returns when it is done: a process that is killed may take its time to be gone.
    pub fn is_done_to(self, servers: &mut [Memcached]) {
        match self {
            Harm::Kill => servers.iter_mut().for_each(Memcached::kill),
            Harm::Freeze => servers.iter().for_each(Memcached::freeze),
        }
    }

    /// They are back: empty after they were killed.
    pub fn is_over_for(self, servers: &mut [Memcached]) {
        match self {
            Harm::Kill => servers.iter_mut().for_each(Memcached::restart),
            Harm::Freeze => servers.iter().for_each(Memcached::thaw),
        }
    }
}

/// Servers named by `prefix` and their number, written as a list.
pub fn list(prefix: &str, servers: &[Memcached]) -> String {
    let mut list = String::new();
    for (n, server) in servers.iter().enumerate() {
        write!(list, "{{name: {prefix}{n}, address: \"{}\"}}, ", server.address()).unwrap();
    }
    list
}

/// The number of the server that a key is of.
pub fn server_of(leash: &Leash, key: &str) -> usize {
    let page = leash.page(&format!("/route?key={key}"));
    let name = page.split_once("\"server\": \"m").expect("a server's name").1;
    name.split('"').next().unwrap().parse().expect("its number")
}

/// Waits until leash holds a server for down; how long that takes.
#[track_caller]
pub fn goes_down(leash: &Leash, server: &str) -> Duration {
    let begun = Instant::now();
    wait_until(&format!("{server} is down"), BOUND, || !is_up(leash, server));
    begun.elapsed()
}

/// Waits until leash uses a server again; how long that takes.
#[track_caller]
pub fn comes_back(leash: &Leash, server: &str) -> Duration {
    let begun = Instant::now();
    wait_until(&format!("{server} is up"), 2 * BOUND, || is_up(leash, server));
    begun.elapsed()
}

fn is_up(leash: &Leash, server: &str) -> bool {
    metric(leash, "leash_server_up", &format!("server=\"{server}\"")) == 1.0
}

/// Lets the load go on.
pub fn for_millis(time: u64) {
    pause(Duration::from_millis(time));
}

/// When a server that was away for so long is used again at the latest, counted from its own return: probes are never
/// further apart than that and a tenth of a second.
pub fn latest_return(away: Duration) -> Duration {
    (away + Duration::from_millis(100)).max(Duration::from_secs(1))
}
