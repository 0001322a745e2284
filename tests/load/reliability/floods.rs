//! Clients that say the same as fast as they can: what that costs, they pay.

use std::time::Duration;

use support::figures::metric;
use support::rig::{Beside, Flood, Reading};
use support::{Leash, Memcached, pause};

use super::house::{alone, go_on, promised};

/// How many offend at once.
const OFFENDERS: usize = 2;
/// How long each flood lasts in the short form.
const TIME: Duration = Duration::from_millis(500);

/// What is said, and how often in one breath.
fn words() -> Vec<(&'static str, String)> {
    let keys = |count: usize| (0..count).map(|n| format!(" flood{n}")).collect::<String>();
    let many = |words: &str| words.repeat(64 * 1024 / words.len() + 1);
    vec![
        ("stats", many("stats\r\n")),
        ("version", many("version\r\n")),
        ("lines that mean nothing", many("junk that is no command\r\n")),
        ("empty lines", many("\r\n")),
        ("empty lines of one byte", many("\n")),
        ("gets of 10,000 keys", format!("get{}\r\n", keys(10_000)).repeat(3)),
        ("gets of a missing key", many("get flood\r\n")),
        ("gets of no key", many("get\r\n")),
        ("quiet meta gets and nothing else", many("mg flood v q\r\n")),
        ("mn", many("mn\r\n")),
        ("meta gets of bad flags", many("mg flood zzzz\r\n")),
        ("sets that are refused", many("set flood 0 0 99999999999\r\n")),
        ("sets of nothing", many("set flood 0 0 0\r\n\r\n")),
        ("deletes without reply", many("delete flood noreply\r\n")),
        ("stats of kinds that are not there", many("stats nothing\r\n")),
        ("flush_all that is not allowed", many("flush_all\r\n")),
    ]
}

#[test]
fn whatever_two_clients_pour_in_a_third_one_and_the_prober_are_answered() {
    let _alone = alone();
    let server = Memcached::start();
    let pool = format!("{{servers: ['{}']}}", server.address());
    let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\n"));
    let beside = Beside::start();
    let ((), quiet) = beside.feels(&leash, || pause(TIME));
    println!("alone: {quiet}");
    let mut unbearable = Vec::new();
    for (what, words) in words() {
        let (flooded, felt) = beside.feels(&leash, || {
            let flood = Flood::start(leash.address(), OFFENDERS, words, Reading::All);
            go_on(TIME);
            flood.stop()
        });
        println!("beside {what}: {felt}; {} MB taken, {} ended", flooded.taken / 1_000_000, flooded.ended);
        let floor = promised(Duration::from_millis(5), Duration::from_millis(100));
        let livez = promised(Duration::from_millis(100), Duration::from_millis(500));
        unbearable.extend(felt.judge(&quiet, floor, livez).err().map(|why| format!("{what}: {why}")));
    }
    assert!(unbearable.is_empty(), "alone: {quiet}\n{}", unbearable.join("\n"));
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 0.0);
}
