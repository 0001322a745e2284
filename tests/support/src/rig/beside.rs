//! What somebody feels who does nothing wrong: a client of small values, and the prober of `/livez`.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::checked_value::{value, version_of};
use crate::{Client, Leash, Memcached, Waits, pause, wait_until};

const KEYS: usize = 16;
const PACE: Duration = Duration::from_millis(1);
/// Others ask as often: a wait of a second is counted as what all of them waited who came in that second.
const OTHERS: Duration = Duration::from_millis(5);
/// A kubelet asks more seldom.
const PROBES: Duration = Duration::from_millis(50);
/// Longer is taken for never.
const HANG: Duration = Duration::from_secs(20);

/// What they felt.
pub struct Felt {
    pub gets: Waits,
    /// Gets that found nothing although the value is there.
    pub misses: usize,
    pub livez: Waits,
    /// What a client of another leash felt meanwhile, to which nothing was done: the machine.
    pub elsewhere: Waits,
}

impl std::fmt::Display for Felt {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Felt { gets, misses, livez, elsewhere } = self;
        write!(to, "small gets {gets}, {misses} missed; /livez {livez}; elsewhere {elsewhere}")
    }
}

impl Felt {
    /// What everybody is promised: no get slower than twice what it is alone, or elsewhere, or `floor`; none missed;
    /// and a prober that is answered. Else why not.
    pub fn judge(&self, alone: &Felt, floor: Duration, livez: Duration) -> Result<(), String> {
        let most = (2 * alone.gets.p99().max(self.elsewhere.p99())).max(floor);
        let probe = livez.max(2 * alone.livez.worst()).max(2 * self.elsewhere.worst());
        let is_bearable = self.gets.p99() <= most && self.misses == 0 && self.livez.worst() <= probe;
        is_bearable.then_some(()).ok_or_else(|| format!("more than {most:?}, or missed, or probed in vain: {self}"))
    }

    #[track_caller]
    pub fn is_bearable(&self, alone: &Felt, floor: Duration, livez: Duration) {
        self.judge(alone, floor, livez).unwrap_or_else(|why| panic!("{why}"));
    }
}

/// Those who do nothing wrong, and another leash to compare with.
pub struct Beside {
    another: Leash,
    _its_server: Memcached,
}

impl Beside {
    pub fn start() -> Beside {
        let server = Memcached::start();
        let pool = format!("{{servers: ['{}']}}", server.address());
        let another = Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\n"));
        Beside { another, _its_server: server }
    }

    /// Keeps all of them busy while something `happens`.
    pub fn feels<T>(&self, leash: &Leash, happens: impl FnOnce() -> T) -> (T, Felt) {
        let (client, other) = (client_of(leash), client_of(&self.another));
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let gets = scope.spawn(|| asks(client, &is_over));
            let elsewhere = scope.spawn(|| asks(other, &is_over));
            let livez = scope.spawn(|| probes(leash.admin(), &is_over));
            let over = Over(&is_over);
            let what = happens();
            drop(over);
            let (gets, misses) = gets.join().expect("the client of small values");
            let (elsewhere, _) = elsewhere.join().expect("that of another leash");
            let livez = livez.join().expect("the prober");
            let [gets, livez, elsewhere] = [gets, livez, elsewhere].map(|waits| Waits::of(waits.into_iter()));
            (what, Felt { gets, misses, livez, elsewhere })
        })
    }
}

/// What a client of small values feels at `address` while something `happens`, without a leash in between.
pub fn felt_directly<T>(address: &str, happens: impl FnOnce() -> T) -> (T, Waits) {
    let (client, is_over) = (filled(Client::connect(address)), AtomicBool::new(false));
    thread::scope(|scope| {
        let gets = scope.spawn(|| asks(client, &is_over));
        let over = Over(&is_over);
        let what = happens();
        drop(over);
        let (gets, _) = gets.join().expect("the client of small values");
        (what, Waits::of(gets.into_iter()))
    })
}

fn client_of(leash: &Leash) -> Client {
    filled(leash.client())
}

/// A client whose keys are all there.
fn filled(mut client: Client) -> Client {
    client.set_bound(HANG);
    for name in names() {
        let value = value(&name, 1, 100);
        let request = [format!("set {name} 0 0 {}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat();
        wait_until("a small value is stored", HANG, || client.ask(&request) == "STORED");
    }
    client
}

/// Ends it, however the story ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn names() -> impl Iterator<Item = String> {
    (0..KEYS).map(|number| format!("beside{number}"))
}

fn asks(mut client: Client, is_over: &AtomicBool) -> (Vec<Duration>, usize) {
    let (mut waits, mut misses) = (Vec::new(), 0);
    for name in names().collect::<Vec<_>>().iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        match client.get(name).expect("an answer, however late") {
            Some(value) => assert!(version_of(name, &value).is_some(), "{name} has a value that is not its own"),
            None => misses += 1,
        }
        let waited = begun.elapsed();
        waits.extend((0..).map_while(|others| waited.checked_sub(others * OTHERS)));
        pause(PACE);
    }
    (waits, misses)
}

fn probes(admin: &str, is_over: &AtomicBool) -> Vec<Duration> {
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let probe = Client::try_connect(admin).and_then(|mut client| {
            client.set_bound(HANG);
            let question = format!("GET /livez HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
            client.stream.write_all(question.as_bytes())?;
            client.read_line()
        });
        // A probe that is turned away is as bad as one that is never answered.
        let is_alive = probe.is_ok_and(|line| line.starts_with(b"HTTP/1.1 200"));
        waits.push(if is_alive { begun.elapsed() } else { HANG });
        pause(PROBES);
    }
    waits
}
