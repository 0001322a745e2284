//! Regenerations are counted under steady traffic: with leash, and beside it, for the same traffic, without.
//!
//! Every request is sent twice, through a route that refreshes and through a plain one. Whoever is told that there is
//! nothing sets a value once it has been made, on the same connection, and goes on asking for other keys meanwhile, as
//! an application with many threads does.

use std::collections::{BTreeMap, VecDeque};
use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Leash, Memcached, Random, pause};

use super::house::{set, sum, told};

/// What is asked, for how long and how often.
struct Traffic {
    keys: usize,
    /// Seconds until a value is stale.
    ttl: i64,
    /// How long it takes to make one.
    regeneration: Duration,
    time: Duration,
    /// Between two requests of one sidecar's application.
    pace: Duration,
}

/// The two ways to the same server.
const ROUTES: [&str; 2] = ["leash:", "plain:"];

/// What happened to a key of a route, and when it was known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Told,
    Set,
}

/// What happened, by route and key.
type Log = BTreeMap<(usize, usize), Vec<(Instant, Event)>>;

/// Zipf's law: key n is asked for 1/n as often as the first.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(keys: usize) -> Zipf {
        let mut sum = 0.0;
        Zipf(
            (1..=keys)
                .map(|rank| {
                    sum += 1.0 / rank as f64;
                    sum
                })
                .collect(),
        )
    }

    fn pick(&self, random: &mut Random) -> usize {
        let at = random.below(1 << 30) as f64 / f64::from(1 << 30) * self.0.last().unwrap();
        self.0.partition_point(|sum| *sum <= at)
    }
}

/// The application beside one sidecar.
struct Application {
    client: Client,
    log: Log,
    /// Values that are being made, and when they will be ready.
    making: VecDeque<(Instant, usize, usize)>,
    gets: usize,
}

impl Application {
    fn runs(mut self, traffic: &Traffic, seed: u64) -> Application {
        let (mut random, zipf) = (Random::new(seed), Zipf::new(traffic.keys));
        let start = Instant::now();
        let mut next = start;
        while next < start + traffic.time {
            self.sets_what_is_made(traffic, Instant::now());
            let key = zipf.pick(&mut random);
            (0..ROUTES.len()).for_each(|route| self.gets(traffic, route, key));
            next += traffic.pace;
            pause(next.saturating_duration_since(Instant::now()));
        }
        self.sets_what_is_made(traffic, next + traffic.regeneration);
        self
    }

    fn gets(&mut self, traffic: &Traffic, route: usize, key: usize) {
        self.gets += 1;
        if told(&mut self.client, &name(route, key)).is_none() {
            let now = Instant::now();
            self.log.entry((route, key)).or_default().push((now, Event::Told));
            self.making.push_back((now + traffic.regeneration, route, key));
        }
    }

    fn sets_what_is_made(&mut self, traffic: &Traffic, by: Instant) {
        while let Some((_, route, key)) = self.making.pop_front_if(|(ready, _, _)| *ready <= by) {
            set(&mut self.client, &name(route, key), traffic.ttl, "a value");
            self.log.entry((route, key)).or_default().push((Instant::now(), Event::Set));
        }
    }
}

fn name(route: usize, key: usize) -> String {
    format!("{}{key}", ROUTES[route])
}

fn sidecar(server: &Memcached) -> Leash {
    let address = server.address();
    Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{address}\"], request_timeout: 5s}}}}\nroutes:\n\
         - {{prefix: \"leash:\", pool: main, refresh: {{grace: 120s, lease: 20s}}}}\n- {{prefix: \"plain:\", pool: main}}\n"
    ))
}

/// The applications beside these sidecars go on for a while. What happened to each key, and how many gets it took.
fn run(sidecars: &[Leash], traffic: &Traffic) -> (Log, usize) {
    let mut first = sidecars[0].client();
    for key in 0..traffic.keys {
        (0..ROUTES.len()).for_each(|route| set(&mut first, &name(route, key), traffic.ttl, "a value"));
    }
    let ended: Vec<Application> = thread::scope(|scope| {
        let start = |(seed, leash): (usize, &Leash)| {
            let client = leash.client();
            let application = Application { client, log: Log::new(), making: VecDeque::new(), gets: 0 };
            scope.spawn(move || application.runs(traffic, seed as u64 + 1))
        };
        let running: Vec<_> = sidecars.iter().enumerate().map(start).collect();
        running.into_iter().map(|application| application.join().unwrap()).collect()
    });
    let (mut log, mut gets) = (Log::new(), 0);
    for application in ended {
        gets += application.gets;
        application.log.into_iter().for_each(|(key, events)| log.entry(key).or_default().extend(events));
    }
    log.values_mut().for_each(|events| events.sort());
    (log, gets)
}

/// How often somebody was told to regenerate, over all keys of a route.
fn regenerations(log: &Log, route: usize) -> usize {
    let events = log.iter().filter(|((of, _), _)| *of == route).flat_map(|(_, events)| events);
    events.filter(|(_, event)| *event == Event::Told).count()
}

/// How often a key was stale: from the first that is told so to the set that ends it.
fn periods(events: &[(Instant, Event)]) -> usize {
    let mut before = Event::Set;
    let mut begins = |event| std::mem::replace(&mut before, event) == Event::Set && event == Event::Told;
    events.iter().filter(|(_, event)| begins(*event)).count()
}

#[test]
fn five_hundred_keys_that_go_stale_together_are_regenerated_once_each_period() {
    let server = Memcached::start();
    let sidecars: Vec<Leash> = (0..4).map(|_| sidecar(&server)).collect();
    let traffic = Traffic {
        keys: 500,
        ttl: 5,
        regeneration: Duration::from_millis(500),
        time: Duration::from_secs(60),
        pace: Duration::from_millis(4),
    };
    let (log, gets) = run(&sidecars, &traffic);
    let of_leash = log.iter().filter(|((route, _), _)| *route == 0);
    let stale_periods: usize = of_leash.clone().map(|(_, events)| periods(events)).sum();
    let (with, without) = (regenerations(&log, 0), regenerations(&log, 1));
    println!(
        "{} keys, {:?}, 4 sidecars, {} gets: {stale_periods} stale periods, {with} regenerations with leash, {without} without",
        traffic.keys,
        traffic.time,
        gets / 2
    );
    assert_eq!(with, stale_periods, "one regeneration a key and period");
    // A value of 5 s is fresh for more than 4.
    let most = traffic.time.as_secs() as usize / 4;
    for ((_, key), events) in of_leash {
        assert!(periods(events) <= most, "key {key} was regenerated {} times", periods(events));
    }
    assert_eq!(sum(&sidecars, "leash_leases_total", "outcome=\"granted\""), with as f64);
    assert_eq!(sum(&sidecars, "leash_refused_sets_total", ""), 0.0);
    assert!(2 * without > 3 * with, "the dogs pile without leash");
}

/// MintCache's own example: it takes 5 s to make a value that is asked for 10 times a second, which is made 50 times.
/// Here everything happens ten times as fast.
#[test]
fn fifty_attempts_at_one_value_become_one() {
    let server = Memcached::start();
    let sidecars = [sidecar(&server)];
    let traffic = Traffic {
        keys: 1,
        ttl: 3,
        regeneration: Duration::from_millis(500),
        // The value is stale once in this time: after 2 to 3 s, and again 2.5 s later at the earliest.
        time: Duration::from_millis(4300),
        pace: Duration::from_millis(10),
    };
    let (log, _) = run(&sidecars, &traffic);
    let (with, without) = (regenerations(&log, 0), regenerations(&log, 1));
    println!("500 ms to make a value, asked for 100 times a second: {without} attempts without leash, {with} with it");
    assert_eq!(with, 1);
    assert!((25..=75).contains(&without), "{without}");
}
