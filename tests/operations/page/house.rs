//! What the page is shown of: three servers of one pool, two of the next, and a leash with a route of each kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use support::{Client, Leash, Memcached, Random, pause};

/// Servers and the leash in front of them.
pub struct House {
    pub servers: Vec<Memcached>,
    pub leash: Leash,
}

impl House {
    /// All is well, and the carts are before their migration.
    pub fn start() -> House {
        let servers = Memcached::start_many(5);
        let leash = Leash::with_config(&config(&servers, "before", false));
        House { servers, leash }
    }

    pub fn address(&self) -> String {
        format!("http://{}/", self.leash.admin())
    }

    /// The same with the carts in another phase.
    pub fn config(&self, phase: &str) -> String {
        config(&self.servers, phase, false)
    }

    /// Clients that read and write until this is dropped.
    pub fn traffic(&self) -> Traffic {
        Traffic::start(self.leash.address(), 3)
    }
}

fn config(servers: &[Memcached], phase: &str, show_keys: bool) -> String {
    let server = |(n, server): (usize, &Memcached)| format!("{{name: m{n}, address: '{}'}}", server.address());
    let all: Vec<String> = servers.iter().enumerate().map(server).collect();
    let cart = match phase {
        "before" => "pool: main".to_string(),
        "after" => "pool: next".to_string(),
        phase => format!("migrate: {{from: main, to: next, phase: {phase}}}"),
    };
    format!(
        "workers: 2\nadmin: {{show_keys: {show_keys}}}\npools:\n  main: {{servers: [{}]}}\n  next: {{servers: [{}]}}\n\
         routes:\n  - {{prefix: '', pool: main}}\n  - {{prefix: 'page:', pool: main, refresh: {{grace: 60s, lease: 10s}}}}\n  \
         - {{prefix: 'cart:', {cart}}}\n",
        all[..3].join(", "),
        all[3..].join(", "),
    )
}

/// So many that it takes a migration a while to bring them over.
pub const CARTS: usize = 20_000;

/// Clients that read, and store what they do not find.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Traffic {
    fn start(address: &str, clients: u64) -> Traffic {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |seed| {
            let (stop, client) = (stop.clone(), Client::connect(address));
            std::thread::spawn(move || go_on(client, Random::new(seed), &stop))
        };
        Traffic { clients: (1..=clients).map(client).collect(), stop }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            let ended = client.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a client failed");
        }
    }
}

fn go_on(mut client: Client, mut random: Random, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..20 {
            let (key, ttl, effort) = pick(&mut random);
            if client.get(&key).expect("an answer").is_none() {
                pause(effort);
                // While its server is down a write fails, which is the point of some tests.
                client.ask(format!("set {key} 0 {ttl} 5\r\nhello\r\n"));
            }
        }
        pause(Duration::from_millis(10));
    }
}

/// A key, its TTL, and how long it takes to make its value.
fn pick(random: &mut Random) -> (String, u32, Duration) {
    let pages = ["home", "about", "news", "shop", "help", "terms", "jobs"];
    match random.below(100) {
        0..55 => (format!("page:/{}", pages[random.below(pages.len())]), 2, Duration::from_millis(20)),
        55..80 => (format!("user:{}", random.below(400)), 60, Duration::ZERO),
        80..93 => (format!("cart:{}", random.below(CARTS)), 600, Duration::ZERO),
        _ => (format!("session:{:x}", random.below(1 << 20)), 30, Duration::ZERO),
    }
}
