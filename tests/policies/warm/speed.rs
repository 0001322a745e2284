//! Many items are under way at once, and no more a second than was asked for. Ratios and lower bounds, never times.

use std::time::{Duration, Instant};

use support::Memcached;

use super::house::{House, client, fill, items, old_server};

const KEYS: usize = 20_000;

/// Three round trips an item, as a copy needs, by somebody who waits for each of them.
fn one_after_the_other(old: &Memcached) -> Duration {
    let new = Memcached::start();
    let (mut before, mut after) = (client(old), client(&new));
    let begun = Instant::now();
    for n in 0..KEYS {
        after.expect(format!("ms key{n} 5 ME T5\r\nclaim\r\n"), "HD\r\n");
        assert!(before.get(&format!("key{n}")).unwrap().is_some());
        after.expect(format!("ms key{n} 5 T50\r\nvalue\r\n"), "HD\r\n");
    }
    begun.elapsed()
}

fn together(old: &Memcached) -> Duration {
    let new = Memcached::start();
    let begun = Instant::now();
    let ended = House::moving(&[old], &[&new]).warms(&["--rate", "max"]);
    assert_eq!((ended.all("copied"), items(&new)), (KEYS as u64, KEYS as u64));
    begun.elapsed()
}

/// One good round of three is enough: others use the machine, too.
#[test]
fn many_items_are_copied_faster_than_one_after_the_other() {
    let old = old_server();
    fill(&old, KEYS);
    let is_faster = (0..3).any(|_| {
        let (alone, together) = (one_after_the_other(&old), together(&old));
        println!("{KEYS} items: {together:?} together, {alone:?} one after the other");
        together < alone
    });
    assert!(is_faster, "items are not under way together");
}

#[test]
fn no_more_items_a_second_than_were_asked_for() {
    let (old, new) = (old_server(), Memcached::start());
    fill(&old, 1000);
    let begun = Instant::now();
    assert_eq!(House::moving(&[&old], &[&new]).warms(&["--rate", "1000"]).all("copied"), 1000);
    assert!(begun.elapsed() > Duration::from_millis(900), "1000 items in {:?}", begun.elapsed());
}
