//! A server that is asked for more than it can give: what it can give arrives, the rest is refused at once.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::rig::{Keys, Load, Outcome, Pace, Paced, Tally, Trouble};
use support::{BOUND, Leash, Memcached, Waits, pause, wait_until};

use super::house::{alone, go_on, is_long, promised, share};

/// Replies a second.
pub const CAPACITY: f64 = 2000.0;
const CLIENTS: usize = 1500;
const MODEST: usize = 20;
/// Leashes before one server.
const FLEET: usize = 4;
const DEADLINE: Duration = Duration::from_millis(500);
/// The first second belongs to whoever finds out how much is too much.
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(3);

/// A server of known capacity.
pub struct Saturated {
    paced: Paced,
    _server: Memcached,
}

impl Saturated {
    /// What it has.
    pub fn keys() -> Keys {
        Keys::new("over", 1000, 60)
    }

    pub fn start() -> Saturated {
        Saturated::with(&Saturated::keys())
    }

    /// One that has these instead.
    fn with(keys: &Keys) -> Saturated {
        let server = Memcached::start_with(&["-c", "4096"]);
        keys.fill(&server);
        let pace = Pace { requests: Some(CAPACITY), ..Pace::default() };
        Saturated { paced: Paced::before(&server, pace), _server: server }
    }

    /// A leash before it.
    pub fn leash(&self) -> Leash {
        self.leash_within(&[])
    }

    /// The same, run by this command.
    fn leash_within(&self, command: &[&str]) -> Leash {
        let address = self.paced.address();
        let pool = format!("{{servers: ['{address}'], request_timeout: {}ms}}", DEADLINE.as_millis());
        let yaml = format!("workers: 2\npools: {{main: {pool}}}\nlimits: {{connections: 4000}}\n");
        Leash::within(command, &yaml)
    }
}

/// What comes of as many clients as there are, each of which asks again at once; and of a few more that do something else
/// after a refusal: these wait for leash alone, not for the thread that all the others share.
struct ClosedLoop {
    time: std::ops::Range<Instant>,
    all: Tally,
    modest: Tally,
}

impl ClosedLoop {
    fn of(address: &str) -> ClosedLoop {
        let all = Load::closed(address, CLIENTS, Saturated::keys(), Duration::ZERO);
        let modest = Load::closed(address, MODEST, Saturated::keys(), Duration::from_millis(10));
        pause(WARM_UP);
        let time = go_on(TIME);
        let (all, modest) = (all.stop(), modest.stop());
        all.has_nothing_foreign();
        modest.has_nothing_foreign();
        ClosedLoop { time, all, modest }
    }

    /// The hits a second that all of them get together.
    fn hits(&self) -> f64 {
        self.all.rate(&self.time, Outcome::Hit) + self.modest.rate(&self.time, Outcome::Hit)
    }
}

#[test]
fn more_clients_than_a_saturated_server_can_serve_get_what_it_can_give() {
    let _alone = alone();
    let server = Saturated::start();
    let direct = ClosedLoop::of(&server.paced.address()).hits();
    println!("closed loop of {CLIENTS}: {direct:.0}/s directly");
    assert!(direct > 0.8 * CAPACITY, "the server itself gives {direct:.0}/s");
    let refused = refused_in_a_closed_loop(&server.leash(), direct);
    let alike = memcached_that_only_misses();
    println!("  a memcached that only says that it has nothing: {alike}");
    is_soon(&refused, alike.per_mille(990), Duration::from_millis(250));
}

/// The clients and the server keep the processors busy. What leash itself takes shows where it need not wait for one.
#[test]
fn a_refusal_takes_little_of_leash_itself() {
    let _alone = alone();
    let first = ["chrt", "--rr", "1"];
    if !is_allowed(&first) {
        return println!("NOT TESTED: processes may not have a real-time priority here");
    }
    let server = Saturated::start();
    println!("closed loop of {CLIENTS}, leash with a real-time priority");
    let refused = refused_in_a_closed_loop(&server.leash_within(&first), CAPACITY);
    is_soon(&refused, Duration::ZERO, Duration::from_millis(50));
}

fn is_allowed(command: &[&str]) -> bool {
    let tried = Command::new(command[0]).args(&command[1..]).arg("true").stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// How long the modest wait for a refusal, while all together get of the `possible` hits a second what they should.
#[track_caller]
fn refused_in_a_closed_loop(leash: &Leash, possible: f64) -> Waits {
    let scene = ClosedLoop::of(leash.address());
    let (through, refused) = (scene.hits(), scene.modest.waits(&scene.time, Outcome::Miss));
    println!("  {through:.0}/s through leash; refused: {refused}");
    println!(
        "  of those that ask again at once: {}; hits: {}; overloaded: {}",
        scene.all.waits(&scene.time, Outcome::Miss),
        scene.all.waits(&scene.time, Outcome::Hit),
        metric(leash, "leash_failures_total", "cause=\"overloaded\"")
    );
    assert!(through >= share(0.9) * possible, "{through:.0}/s instead of {possible:.0}/s");
    let usual = scene.all.waits(&scene.time, Outcome::Hit).per_mille(500);
    assert!(usual <= DEADLINE / 4, "half of the hits came after {usual:?}: more wait than keep the server busy");
    refused
}

#[test]
fn a_fleet_gets_together_what_a_saturated_server_can_give_and_each_its_part() {
    let _alone = alone();
    let server = Saturated::start();
    let fleet: Vec<Leash> = (0..FLEET).map(|_| server.leash()).collect();
    let pause_after_refusal = Duration::from_millis(10);
    let ask = |leash: &Leash| Load::closed(leash.address(), CLIENTS / FLEET, Saturated::keys(), pause_after_refusal);
    let loads: Vec<Load> = fleet.iter().map(ask).collect();
    pause(2 * WARM_UP);
    let time = go_on(TIME);
    let tallies: Vec<Tally> = loads.into_iter().map(Load::stop).collect();
    tallies.iter().for_each(Tally::has_nothing_foreign);
    let parts: Vec<f64> = tallies.iter().map(|tally| tally.rate(&time, Outcome::Hit)).collect();
    let through: f64 = parts.iter().sum();
    let usual = tallies.iter().map(|tally| tally.waits(&time, Outcome::Hit).per_mille(500)).max().unwrap_or_default();
    println!("{FLEET} leashes before a server of {CAPACITY}/s: {parts:.0?}; half of the hits within {usual:?}");
    assert!(through >= share(0.9) * CAPACITY, "{through:.0}/s of {CAPACITY:.0}/s");
    assert!(usual <= DEADLINE / 4, "half of the hits came after {usual:?}");
    let fair = through / FLEET as f64;
    assert!(parts.iter().all(|part| *part >= fair / 5.0), "one got little: {parts:.0?}");
}

/// How long a memcached takes for as little as a refusal, as nothing limits it but this machine: so many clients that ask
/// again at once keep each other waiting.
fn memcached_that_only_misses() -> Waits {
    let server = Memcached::start_with(&["-c", "4096"]);
    let scene = ClosedLoop::of(&server.address());
    scene.modest.waits(&scene.time, Outcome::Miss)
}

/// What is refused is refused within 5 ms, 99 times in 100, or within what `else_within` says; in the short form, which a busy
/// machine may interrupt, within `short` nine times in ten.
fn is_soon(refused: &Waits, else_within: Duration, short: Duration) {
    let usual = refused.per_mille(if is_long() { 990 } else { 900 });
    let allowed = promised(Duration::from_millis(5), short).max(else_within);
    assert!(usual <= allowed, "refused within {usual:?}, {allowed:?} allowed");
}

#[test]
fn three_times_what_a_server_can_give_leaves_it_giving_that_and_it_is_well_again_at_once() {
    let _alone = alone();
    let server = Saturated::start();
    let leash = server.leash();
    let load = Load::open(leash.address(), CLIENTS, Saturated::keys(), (3.0 * CAPACITY) as u64);
    pause(WARM_UP);
    let over = go_on(TIME);
    load.goes_on_at((CAPACITY / 2.0) as u64);
    let fell = Instant::now();
    pause(Duration::from_secs(1));
    let well = go_on(Duration::from_secs(2));
    let tally = load.stop();
    tally.has_nothing_foreign();
    let (through, refused) = (tally.rate(&over, Outcome::Hit), tally.waits(&over, Outcome::Miss));
    let after = tally.rate(&well, Outcome::Hit);
    println!(
        "open loop of 3 x {CAPACITY}/s: {through:.0}/s; refused: {refused}; hits: {}",
        tally.waits(&over, Outcome::Hit)
    );
    println!(
        "  then at half load: {after:.0}/s from {:?} on, {} missed",
        well.start - fell,
        tally.ended(&well, Outcome::Miss)
    );
    assert!(through >= share(0.9) * CAPACITY, "{through:.0}/s of {CAPACITY:.0}/s");
    is_soon(&refused, Duration::ZERO, Duration::from_millis(50));
    assert!(after >= share(0.9) * CAPACITY / 2.0, "a second later {after:.0}/s of {:.0}/s", CAPACITY / 2.0);
}

#[test]
fn a_saturated_server_gives_what_it_can_though_one_value_in_twenty_is_large() {
    let _alone = alone();
    let keys = Keys::new("mixed", 1000, 60).with_larger(20, 70_000);
    let server = Saturated::with(&keys);
    let leash = server.leash();
    let load = Load::open(leash.address(), CLIENTS, keys, (3.0 * CAPACITY) as u64);
    pause(WARM_UP);
    let time = go_on(TIME);
    let tally = load.stop();
    tally.has_nothing_foreign();
    let (through, hits) = (tally.rate(&time, Outcome::Hit), tally.waits(&time, Outcome::Hit));
    println!("3 x {CAPACITY}/s, one value in twenty of 70 KB: {through:.0}/s; hits: {hits}");
    assert!(through >= share(0.9) * CAPACITY, "{through:.0}/s of {CAPACITY:.0}/s");
    assert!(hits.per_mille(500) <= DEADLINE / 4, "half of the hits came after {:?}", hits.per_mille(500));
}

#[test]
fn a_server_that_drips_is_down_within_three_deadlines() {
    let _alone = alone();
    let server = Memcached::start();
    Saturated::keys().fill(&server);
    let paced = Paced::before(&server, Pace::default());
    let pool = format!("{{servers: ['{}'], request_timeout: {}ms}}", paced.address(), DEADLINE.as_millis());
    let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\n"));
    let load = Load::closed(leash.address(), 8, Saturated::keys(), Duration::from_millis(5));
    wait_until("it serves", BOUND, || metric(&leash, "leash_requests_total", "outcome=\"hit\"") > 100.0);
    paced.suffers(Trouble::Drips(Duration::from_millis(100)));
    let begun = Instant::now();
    wait_until("the dripping server is down", BOUND, || metric(&leash, "leash_server_up", "") == 0.0);
    let took = begun.elapsed();
    paced.suffers(Trouble::None);
    wait_until("it serves again", BOUND, || metric(&leash, "leash_server_up", "") == 1.0);
    let tally = load.stop();
    tally.has_nothing_foreign();
    println!("a server that drips is down after {took:?}");
    assert!(took <= 3 * DEADLINE + promised(Duration::from_millis(100), Duration::from_millis(500)), "{took:?}");
}

#[test]
fn what_a_saturated_server_refuses_is_regenerated_by_one_caller_at_a_time() {
    let _alone = alone();
    let server = Memcached::start();
    let paced = Paced::before(&server, Pace { requests: Some(100.0), ..Pace::default() });
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: ['{}']}}}}\nroutes: [{{prefix: \"\", pool: main, refresh: {{grace: 30s, lease: 5s}}}}]\n",
        paced.address()
    ));
    let mut first = leash.client();
    first.expect("set page 0 100 3\r\nold\r\n", "STORED\r\n");
    let (at_once, most, misses, hits) = Default::default();
    let (at_once, most, misses, hits): (&AtomicUsize, &AtomicUsize, &AtomicUsize, &AtomicUsize) =
        (&at_once, &most, &misses, &hits);
    // At first nobody knows how slow it is, and some wait in vain.
    let (since, until) = (Instant::now() + WARM_UP, Instant::now() + WARM_UP + Duration::from_secs(3));
    thread::scope(|scope| {
        for mut client in (0..50).map(|_| leash.client()) {
            scope.spawn(move || {
                while Instant::now() < until {
                    if client.get("page").expect("an answer").is_some() {
                        hits.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    let others = at_once.fetch_add(1, Ordering::Relaxed);
                    if Instant::now() > since {
                        misses.fetch_add(1, Ordering::Relaxed);
                        most.fetch_max(others + 1, Ordering::Relaxed);
                    }
                    pause(Duration::from_millis(50));
                    client.ask("set page 0 100 3\r\nnew\r\n");
                    at_once.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
    });
    let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let refused = metric(&leash, "leash_failures_total", "cause=\"overloaded\"");
    println!(
        "50 callers of one page of a saturated server: {} hits, {refused} refused, {} regenerations, {} at once",
        read(hits),
        read(misses),
        read(most)
    );
    assert!(refused > 100.0, "{refused} refused");
    // One after the other, and a few more where the machine lets all wait in vain.
    assert!(read(misses) < refused as usize / 10, "{} regenerated for {refused} refused", read(misses));
    assert!(read(most) <= 25, "{} of 50 regenerated at once", read(most));
}
