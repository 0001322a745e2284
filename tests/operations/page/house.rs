//! What the page is shown of: three servers of one pool, two of the next, an endpoint that makes values, and a leash with
//! a route of each kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use support::{Client, Leash, Memcached, Origin, Random, pause};

/// What the endpoint says: a value that takes a moment, and of some keys that there is none.
const ANSWER: &str = "time.sleep(0.02)
self.say(404 if path.endswith('gone') else 200, b'<p>news</p>', {'Cache-Control': 'max-age=2'})";

/// Servers, an endpoint, and the leash in front of them.
pub struct House {
    pub servers: Vec<Memcached>,
    pub origin: Origin,
    pub leash: Leash,
}

impl House {
    /// All is well, and the carts are before their migration.
    pub fn start() -> House {
        let (servers, origin) = (Memcached::start_many(5), Origin::start(ANSWER));
        let leash = Leash::with_config(&config(&servers, &origin, "before"));
        House { servers, origin, leash }
    }

    pub fn address(&self) -> String {
        format!("http://{}/", self.leash.admin())
    }

    /// The same with the carts in another phase.
    pub fn config(&self, phase: &str) -> String {
        config(&self.servers, &self.origin, phase)
    }

    /// Clients that read and write until this is dropped.
    pub fn traffic(&self) -> Traffic {
        Traffic::start(self.leash.address(), 3)
    }
}

fn config(servers: &[Memcached], origin: &Origin, phase: &str) -> String {
    let server = |(n, server): (usize, &Memcached)| format!("{{name: m{n}, address: '{}'}}", server.address());
    let all: Vec<String> = servers.iter().enumerate().map(server).collect();
    let cart = match phase {
        "before" => "pool: main".to_string(),
        "after" => "pool: next".to_string(),
        phase => format!("migrate: {{from: main, to: next, phase: {phase}}}"),
    };
    format!(
        "workers: 2
pools:
  main: {{servers: [{main}]}}
  next: {{servers: [{next}]}}
routes:
  - {{prefix: '', pool: main}}
  - {{prefix: 'page:', pool: main, refresh: {{grace: 60s, lease: 10s}}}}
  - {{prefix: 'feed:', pool: main, loader: {{url: '{url}', headers: {{authorization: 'Bearer {SECRET}'}}}}}}
  - {{prefix: 'cart:', {cart}}}
",
        main = all[..3].join(", "),
        next = all[3..].join(", "),
        url = origin.url("/cache/{key}"),
    )
}

/// What no page may show.
pub const SECRET: &str = "cobblestone";

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
        55..70 => (format!("user:{}", random.below(400)), 60, Duration::ZERO),
        70..80 => (format!("feed:/{}", pages[random.below(pages.len())]), 2, Duration::ZERO),
        80..93 => (format!("cart:{}", random.below(CARTS)), 600, Duration::ZERO),
        _ => (format!("session:{:x}", random.below(1 << 20)), 30, Duration::ZERO),
    }
}
