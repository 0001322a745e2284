//! A crowd of producers and consumers through four sidecars over two holders, and who dies meanwhile: no message is lost
//! whose producer was told that it is stored.
//!
//! The long form has 200,000 messages and twenty deaths of each kind; it wants a release build:
//! `LEASH_TEST_LONG=1 LEASH_BIN=… cargo test --test policies queues_sidecar::crowds -- --nocapture --test-threads=1`.

use std::time::{Duration, Instant};

use support::{Leash, turn, wait_until};

use super::crowd::{Crowd, PRODUCERS, PROGRAMS, QUEUES};
use super::house::{Holder, get, sidecar_yaml};

/// Longer than anything takes on a machine that has much else to do.
const BOUND: Duration = Duration::from_secs(60);
const SIDECARS: usize = 4;

fn is_long() -> bool {
    std::env::var_os("LEASH_TEST_LONG").is_some()
}

/// Messages of each producer.
fn each() -> usize {
    if is_long() { 200_000 / PRODUCERS } else { 60 }
}

fn deaths() -> usize {
    if is_long() { 20 } else { 3 }
}

struct House {
    holders: [Holder; 2],
    sidecars: Vec<Leash>,
}

impl House {
    fn with(reserve: &str, request_timeout: &str) -> House {
        let reserve = format!(", reserve: {reserve}");
        let holders = [(); 2].map(|()| Holder::start(&reserve));
        let addresses: Vec<String> = holders.iter().map(Holder::address).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let pool = format!(", request_timeout: {request_timeout}");
        let yaml = sidecar_yaml(&addresses, &reserve, &pool);
        House { holders, sidecars: (0..SIDECARS).map(|_| Leash::with_config(&yaml)).collect() }
    }

    fn crowd(&self, each: usize, deaths: usize) -> Crowd {
        let addresses: Vec<&str> = self.sidecars.iter().map(Leash::address).collect();
        Crowd::begin(&addresses, each, deaths)
    }

    /// Waits until all that is stored has come, and nothing is left.
    fn settles(&self, crowd: &Crowd) {
        wait_until("all producers are done", BOUND * 10, || crowd.has_stored_enough());
        let ledger = &crowd.common.ledger;
        while ledger.counts().missing > 0 {
            let missing = ledger.counts().missing;
            wait_until("another message has come", BOUND, || ledger.counts().missing < missing);
        }
        let mut looks = self.sidecars[0].client();
        wait_until("nothing is left", BOUND, || {
            (0..QUEUES).all(|queue| get(&mut looks, &format!("q{queue}/len")).as_deref() == Some("0"))
        });
        assert!(ledger.counts().stored >= PRODUCERS * each());
    }
}

fn tell(what: &str, crowd: &Crowd, begun: Instant) {
    println!("{what}, {:.1?}: {:?}", begun.elapsed(), crowd.common.ledger.counts());
}

#[test]
fn where_no_one_dies_each_message_comes_once_and_in_its_order() {
    let _turn = turn::beside_others();
    let (house, begun) = (House::with("120s", "30s"), Instant::now());
    let crowd = house.crowd(each(), 0);
    house.settles(&crowd);
    tell("no one dies", &crowd, begun);
    let counts = crowd.common.ledger.counts();
    assert_eq!((counts.again, counts.done_twice, counts.out_of_order), (0, 0, 0));
    // A program that has stored enough may be stopped before it has said of the last one.
    assert!(counts.doubtful <= PROGRAMS);
}

#[test]
fn where_consumers_die_each_message_comes() {
    let _turn = turn::beside_others();
    let (house, begun) = (House::with("120s", "30s"), Instant::now());
    let crowd = house.crowd(each(), 5);
    house.settles(&crowd);
    tell("consumers die", &crowd, begun);
    let counts = crowd.common.ledger.counts();
    assert!(counts.again > 0, "none of those that died had a message");
    assert_eq!(counts.done_twice, 0);
    assert!(counts.doubtful <= PROGRAMS);
}

/// Lets a process die so many times under load, and come back.
fn die(house: &mut House, crowd: &Crowd, times: usize, which: impl Fn(&mut House, usize) -> &mut Leash) {
    let (common, step) = (&crowd.common, PRODUCERS * each() / (2 * times));
    for time in 0..times {
        let before = common.ledger.counts().delivered;
        wait_until("work goes on", BOUND * 5, || common.ledger.counts().delivered >= before + step);
        let refused = common.refused.load(std::sync::atomic::Ordering::SeqCst);
        which(house, time).crash();
        wait_until("it is missed", BOUND, || common.refused.load(std::sync::atomic::Ordering::SeqCst) > refused);
        which(house, time).restart();
    }
}

#[test]
fn where_holders_die_no_message_is_lost() {
    let _turn = turn::beside_others();
    let (mut house, begun) = (House::with("5s", "2s"), Instant::now());
    let crowd = house.crowd(each(), 1);
    die(&mut house, &crowd, deaths(), |house, time| &mut house.holders[time % 2].leash);
    house.settles(&crowd);
    tell("holders die", &crowd, begun);
}

#[test]
fn where_sidecars_die_no_message_is_lost() {
    let _turn = turn::beside_others();
    let (mut house, begun) = (House::with("5s", "2s"), Instant::now());
    let crowd = house.crowd(each(), 1);
    die(&mut house, &crowd, deaths(), |house, time| &mut house.sidecars[time % SIDECARS]);
    house.settles(&crowd);
    tell("sidecars die", &crowd, begun);
}
