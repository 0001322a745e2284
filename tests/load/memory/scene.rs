//! One leash under a limit, watched from outside while somebody tries to make it grow.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::rig::Resident;
use support::{Client, Leash, pause, wait_until};

use super::ordinary;

const MIB: u64 = 1 << 20;
/// The limit of every scene.
pub const LIMIT: u64 = 64 * MIB;
/// Code that a crowd was the first to need, what the allocator remembers of the memory it had, holes between what is in use.
const NOISE: u64 = 5 * MIB;
/// The same in the long form, with a build for release: one part in so many of what was held before.
const SHARE: u64 = 6;
/// How long what was taken may take to be given back.
const RELEASE: Duration = Duration::from_secs(10);
/// The same for what ordinary clients took, in the short form.
const SETTLE: Duration = Duration::from_millis(500);

/// The crowds of the published table, or what shows the same in a short time.
pub fn crowd(long: usize, short: usize) -> usize {
    if is_long() { long } else { short }
}

fn is_long() -> bool {
    std::env::var_os("LEASH_TEST_LONG").is_some()
}

/// A leash whose memory is measured.
pub struct Scene {
    pub leash: Leash,
    base: u64,
}

impl Scene {
    /// In front of a pool, with two workers; `more` stands in the file as it is.
    pub fn new(pool: &str, more: &str) -> Scene {
        Scene::limited(pool, "", more)
    }

    /// The same with further limits.
    pub fn limited(pool: &str, limits: &str, more: &str) -> Scene {
        Scene::of(Leash::with_config(&configured(pool, limits, more)))
    }

    /// With another listener at this address, of these keys.
    pub fn with_listener(address: &str, keys: &str, pool: &str) -> Scene {
        let listener = format!("  - {{tcp: '{address}'{keys}}}\n");
        Scene::of(Leash::with_entrance("", &listener, &configured(pool, "", "")))
    }

    fn of(leash: Leash) -> Scene {
        Scene { leash, base: 0 }.used_to(ordinary::service)
    }

    /// The same once it has done this as well: what that leaves behind is not what others took.
    pub fn used_to(mut self, service: impl FnOnce(&Leash)) -> Scene {
        service(&self.leash);
        pause(if is_long() { RELEASE } else { SETTLE });
        self.base = Resident::of(self.leash.pid()).now;
        Resident::forget_peak(self.leash.pid());
        self
    }

    /// How much more it holds now, in bytes.
    pub fn grown(&self) -> u64 {
        Resident::of(self.leash.pid()).now.saturating_sub(self.base)
    }

    /// Fails if it ever held more than it may, and says what it held.
    #[track_caller]
    pub fn stayed_below(&self, what: &str) {
        let (held, most) = (Resident::of(self.leash.pid()), self.base + LIMIT * 5 / 4);
        println!("{what}: base {} MiB, {held}, {}", self.base / MIB, self.told());
        assert!(held.peak <= most, "{what}: {held}, though {} MiB may be\n{}", most / MIB, self.told());
    }

    /// Fails if what was taken is not given back soon.
    #[track_caller]
    pub fn gives_back(&self, what: &str) -> u64 {
        self.falls_to(what, self.base + if is_long() { self.base / SHARE } else { NOISE })
    }

    /// Fails if it does not soon hold `most` at most. How much it holds then; in the long form, at the end of that time.
    #[track_caller]
    pub fn falls_to(&self, what: &str, most: u64) -> u64 {
        let begun = Instant::now();
        let mut now = u64::MAX;
        while (now > most || is_long()) && begun.elapsed() < RELEASE {
            pause(Duration::from_millis(100));
            now = Resident::of(self.leash.pid()).now;
        }
        let told = format!("{:.1} MiB, of {:.1}", in_mib(now), in_mib(self.base));
        println!("{what}: {told} {:.1?} after they left", begun.elapsed());
        assert!(now <= most, "{what}: {told} are kept");
        now
    }

    /// What was given up, as metrics tell it.
    pub fn told(&self) -> String {
        let page = self.leash.page("/metrics");
        let shed = page.lines().filter_map(|line| line.strip_prefix("leash_memory_shed_total"));
        shed.filter(|line| !line.ends_with(" 0")).collect::<Vec<_>>().join(" ")
    }

    /// A client of small values that goes on as if nothing was.
    pub fn bystander(&self) -> Bystander {
        let mut client = self.leash.client();
        client.expect("set bystander 0 0 5\r\nsmall\r\n", "STORED\r\n");
        Bystander { client }
    }
}

fn in_mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

fn configured(pool: &str, limits: &str, more: &str) -> String {
    format!("workers: 2\npools: {{main: {pool}}}\nlimits: {{memory: {LIMIT}, connections: 10000{limits}}}\n{more}")
}

/// Somebody who does nothing wrong.
pub struct Bystander {
    client: Client,
}

impl Bystander {
    /// Reads and writes small values, all of which must succeed.
    #[track_caller]
    pub fn is_served(&mut self) {
        for _ in 0..50 {
            self.client.expect("get bystander\r\n", "VALUE bystander 0 5\r\nsmall\r\nEND\r\n");
            self.client.expect("set bystander 0 0 5\r\nsmall\r\n", "STORED\r\n");
        }
    }
}

/// A client that says as much as is taken, in the background of a test, without waiting.
pub struct Pusher {
    stream: TcpStream,
    words: Vec<u8>,
    said: usize,
    is_over: bool,
}

impl Pusher {
    pub fn new(leash: &Leash, words: impl Into<Vec<u8>>) -> Pusher {
        Pusher::at(leash.address(), words)
    }

    /// The same at another address.
    pub fn at(address: &str, words: impl Into<Vec<u8>>) -> Pusher {
        let stream = TcpStream::connect(address).expect("leash accepts");
        stream.set_nonblocking(true).unwrap();
        Pusher { stream, words: words.into(), said: 0, is_over: false }
    }

    /// Has more to say.
    pub fn says(&mut self, words: &str) {
        self.words.extend_from_slice(words.as_bytes());
    }

    /// Says what is taken now. False once nothing more is.
    pub fn push(&mut self) -> bool {
        while !self.is_over && self.said < self.words.len() {
            match self.stream.write(&self.words[self.said..]) {
                Ok(0) => self.is_over = true,
                Ok(count) => self.said += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => self.is_over = true,
            }
        }
        false
    }

    /// What it was told so far.
    pub fn hears(&mut self) -> String {
        let (mut all, mut chunk) = (Vec::new(), [0; 64 * 1024]);
        while let Ok(count @ 1..) = self.stream.read(&mut chunk) {
            all.extend_from_slice(&chunk[..count]);
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// Lets all of them say what they can for so long.
pub fn push_all(pushers: &mut [Pusher], time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        let busy = pushers.iter_mut().filter_map(|pusher| pusher.push().then_some(())).count();
        let is_busy = busy > 0;
        pause(Duration::from_millis(if is_busy { 1 } else { 20 }));
    }
}

/// Waits until leash has answered everything that it asked servers.
pub fn comes_to_rest(leash: &Leash) {
    wait_until("no request is in flight", Duration::from_secs(30), || {
        leash
            .page("/metrics")
            .lines()
            .filter(|line| line.starts_with("leash_upstream_in_flight"))
            .all(|line| line.ends_with(" 0"))
    });
}
