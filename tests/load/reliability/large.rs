//! Large values beside small ones, over a link of 20 MB a second: they arrive, however long that takes, and nobody else
//! waits for them.

use std::ops::Range;
use std::time::{Duration, Instant};

use support::checked_value::version_of;
use support::rig::{Beside, Felt, Keys, Pace, Paced, felt_directly};
use support::{Client, Leash, Memcached, Waits, pause};

use super::house::{alone, promised, rounds};

const MEGABYTE: usize = 1_000_000;
const LINK: f64 = 20e6;
/// How long those beside are watched alone.
const ALONE: Duration = Duration::from_secs(1);
/// Small enough for the short form; what is asked for is large all the same.
const ROUNDS: usize = 2;

struct Thin {
    _server: Memcached,
    _link: Paced,
    leash: Leash,
    beside: Beside,
    alone: Felt,
    /// How many of thirty large values arrive without leash.
    directly: usize,
    /// What a client of small values waits beside them, without leash.
    without_leash: Waits,
}

/// A leash behind a thin link, one worker, and what those beside feel while nothing happens.
fn thin(large: &Keys) -> Thin {
    let server = Memcached::start_with(&["-m", "1024", "-I", "2m"]);
    large.fill(&server);
    let link = Paced::before(&server, Pace { bytes: Some(LINK), ..Pace::default() });
    let (pool, limits) = (format!("{{servers: ['{}']}}", link.address()), "{item_size: 2MiB}");
    let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\nlimits: {limits}\n"));
    let beside = Beside::start();
    let ((), alone) = beside.feels(&leash, || pause(ALONE));
    println!("over the link alone: {alone}");
    let mut through_link = Client::connect(&link.address());
    through_link.set_bound(Duration::from_secs(10));
    let thirty = &large.names()[..30];
    let (directly, without_leash) = felt_directly(&link.address(), || arrive(&mut through_link, thirty));
    println!("over the link without leash, beside thirty large values: small gets {without_leash}");
    Thin { _server: server, _link: link, leash, beside, alone, directly, without_leash }
}

impl Thin {
    /// The link itself makes small gets wait for what large values take of it: leash may add half of that.
    #[track_caller]
    fn is_bearable(&self, felt: &Felt) {
        let of_link = self.without_leash.p99() * 3 / 2;
        let floor = promised(Duration::from_millis(5), Duration::from_millis(100)).max(of_link);
        felt.is_bearable(&self.alone, floor, promised(Duration::from_millis(100), Duration::from_millis(500)));
    }
}

/// Asks for all of these at once; how many arrive.
fn arrive(client: &mut Client, keys: &[String]) -> usize {
    let gets: String = keys.iter().map(|key| format!("get {key}\r\n")).collect();
    client.send(gets);
    let answer = |key: &String| client.get_is_answered(key);
    keys.iter().map(answer).filter(|is_hit| *is_hit).count()
}

trait Answered {
    fn get_is_answered(&mut self, key: &str) -> bool;
}

impl Answered for Client {
    fn get_is_answered(&mut self, key: &str) -> bool {
        let value = self.read_get(key).expect("an answer");
        if let Some(value) = &value {
            assert!(version_of(key, value).is_some(), "{key} has a value that is not its own");
        }
        value.is_some()
    }
}

#[test]
fn thirty_large_values_arrive_over_a_thin_link_and_small_gets_do_not_wait_for_them() {
    let _alone = alone();
    let large = Keys::new("large", 30 * rounds(ROUNDS), MEGABYTE);
    let thin = thin(&large);
    let mut client = thin.leash.client();
    let (mut counts, mut times) = (Vec::new(), Vec::new());
    // New ones each time, then the same ones again: leash may know by then that they are large.
    let ranges = (0..rounds(ROUNDS)).map(|round| 30 * round..30 * (round + 1));
    let rounds: Vec<Range<usize>> = ranges.chain([0..30, 0..30]).collect();
    let ((), felt) = thin.beside.feels(&thin.leash, || {
        for range in rounds {
            let begun = Instant::now();
            counts.push(arrive(&mut client, &large.names()[range]));
            times.push(begun.elapsed());
        }
    });
    let directly = thin.directly;
    println!("of 30 large values {directly} arrive directly, {counts:?} through leash, in {times:.1?}; beside: {felt}");
    assert_eq!(directly, 30);
    assert!(counts.iter().all(|count| *count == 30), "{counts:?}");
    thin.is_bearable(&felt);
}

/// Six clients ask for ten large values each and are gone.
fn abandon(leash: &Leash, keys: &[String]) {
    for keys in keys.chunks(10) {
        let gets: String = keys.iter().map(|key| format!("get {key}\r\n")).collect();
        leash.client().send(gets);
    }
}

#[test]
fn sixty_megabytes_that_nobody_waits_for_any_more_delay_nobody() {
    let _alone = alone();
    let large = Keys::new("left", 60 * rounds(ROUNDS), MEGABYTE);
    let thin = thin(&large);
    let ((), felt) = thin.beside.feels(&thin.leash, || {
        let names = large.names();
        for sixty in names.chunks(60).chain(names[..60].chunks(60)) {
            abandon(&thin.leash, sixty);
            pause(Duration::from_millis(1200));
        }
    });
    println!("beside 60 MB of abandoned gets, again and again: {felt}");
    thin.is_bearable(&felt);
}
