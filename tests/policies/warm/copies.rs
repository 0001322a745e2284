//! What a copy is like, and what is never copied.

use support::{Client, Memcached};

use super::house::{House, client, fill, items, old_server, pools};

/// Stores straight at a server.
fn set(client: &mut Client, key: &str, flags: u32, ttl: i64, value: &str) {
    client.expect(format!("set {key} {flags} {ttl} {}\r\n{value}\r\n", value.len()), "STORED\r\n");
}

#[test]
fn copies_have_the_value_the_flags_and_the_time_of_the_original() {
    let (olds, news) = ([old_server(), old_server()], [Memcached::start(), Memcached::start()]);
    let house = House::moving(&[&olds[0], &olds[1]], &[&news[0], &news[1]]);
    // Each server has every key, so half of what each has are orphans.
    olds.iter().for_each(|old| fill(old, 3000));
    let ended = house.warms(&[]);
    ended.adds_up();
    assert_eq!((ended.all("listed"), ended.all("copied"), ended.all("orphans")), (6000, 3000, 3000));
    assert_eq!(items(&news[0]) + items(&news[1]), 3000);
    assert!(!house.has_progress(), "nothing is left to be remembered");
    let mut before = client(&olds[0]);
    let mut after = [client(&news[0]), client(&news[1])];
    for n in 0..3000 {
        let key = format!("key{n}");
        let theirs = before.facts(&key, "f t s").expect("the original");
        let mut found = after.iter_mut().filter_map(|client| client.facts(&key, "f t s"));
        let ours = found.next().unwrap_or_else(|| panic!("{key} was not copied"));
        assert_eq!((found.next(), ours[&'f'], ours[&'s']), (None, n, theirs[&'s']), "{key}");
        assert_eq!(ours[&'t'] == -1, n % 4 == 0, "{key}: what has no TTL gets none, and what has one keeps one");
        // A second may end between the look and the copy, and another between the two looks here.
        assert!((ours[&'t'] - theirs[&'t']).abs() <= 2, "{key}: {ours:?} and {theirs:?}");
    }
    let values: Vec<_> = after.iter_mut().filter_map(|client| client.get("key77").unwrap()).collect();
    assert_eq!(values, [b"77".to_vec()]);
    let mut again = house.warms(&[]);
    assert_eq!((again.all("copied"), again.all("there")), (0, 3000), "{}", again.said);
    again = house.warms(&["--prefix", "key99", "--rate", "max"]);
    assert_eq!((again.all("there"), again.all("others")), (11, 6000 - 2 * 11), "key99, and key990 to key999");
}

#[test]
fn a_copy_of_any_size_and_any_key_arrives_whole() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    let (mut before, mut after) = (client(&old), client(&new));
    let large = "0123456789abcdef".repeat(65_000);
    let long = "k".repeat(250);
    for key in ["plain", "per%cent", "sla/sh", "ü", &long] {
        set(&mut before, key, 7, 0, "value");
    }
    set(&mut before, "empty", 1, 0, "");
    set(&mut before, "large", 2, 100, &large);
    // Bytes that only base64 can spell: "a b\n".
    before.expect("ms YSBiCg== 1 b F9\r\nx\r\n", "HD\r\n");
    assert_eq!(house.warms(&[]).all("copied"), 8);
    for key in ["plain", "per%cent", "sla/sh", "ü", &long] {
        assert_eq!(after.get(key).unwrap().as_deref(), Some(b"value".as_slice()), "{key}");
    }
    assert_eq!(after.get("empty").unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!(after.get("large").unwrap().as_deref(), Some(large.as_bytes()));
    after.expect("mg YSBiCg== b f v\r\n", "VA 1 f9\r\nx\r\n");
}

#[test]
fn only_the_items_of_routes_in_warm_are_copied_and_nothing_of_leashs_own() {
    let (old, new) = (old_server(), Memcached::start());
    let moved = |phase: &str| format!("migrate: {{from: old, to: new, phase: {phase}}}");
    let routes = format!(
        "{{prefix: 'page:', namespace: 'shop:', refresh: {{grace: 60s}}, {}}}, {{prefix: 'cart:', {}}}, \
         {{prefix: 'lock:', {}}}, {{prefix: '', pool: old}}",
        moved("warm"),
        moved("warm"),
        moved("drain"),
    );
    let house = House::new(&[&old], &[&new], &routes);
    let (mut before, mut after) = (client(&old), client(&new));
    let marked = 1 << 31 | 5;
    set(&mut before, "shop:page:1", marked, 360, "refreshed");
    set(&mut before, "cart:1", 1, 0, "cart");
    for key in ["page:1", "shop:cart:1", "lock:1", "other", "leash:lease:00000000000000000000000000000000"] {
        set(&mut before, key, 0, 0, "not copied");
    }
    // What a claim of an earlier migration looks like.
    set(&mut before, "cart:claimed", u32::from_be_bytes(*b"lshc"), 5, "leash moves this");
    let ended = house.warms(&[]);
    ended.adds_up();
    ended.says("not copied: route \"lock:\" is in phase drain: a sidecar may have left the old pool");
    assert_eq!((ended.all("copied"), ended.all("others"), ended.all("gone")), (2, 5, 1), "{}", ended.said);
    assert_eq!(items(&new), 2);
    let facts = after.facts("shop:page:1", "f t").expect("the item of a route that refreshes");
    assert_eq!(facts[&'f'], i64::from(marked), "its mark is part of it");
    assert!((358..=360).contains(&facts[&'t']), "and so is its grace: {facts:?}");
    assert_eq!(after.get("cart:1").unwrap().as_deref(), Some(b"cart".as_slice()));
}

#[test]
fn what_the_new_pool_has_is_left_alone() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 1000);
    let mut after = client(&new);
    for n in 0..100 {
        set(&mut after, &format!("key{n}"), 0, 0, "newer");
    }
    let ended = house.warms(&[]);
    assert_eq!((ended.all("copied"), ended.all("there")), (900, 100), "{}", ended.said);
    for n in 0..100 {
        assert_eq!(after.get(&format!("key{n}")).unwrap().as_deref(), Some(b"newer".as_slice()));
    }
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 500);
    let ended = house.warms(&["--dry-run"]);
    ended.says("500 items would be copied; nothing was written.");
    assert_eq!(ended.all("to copy"), 500);
    assert_eq!((items(&new), house.has_progress()), (0, false));
}

/// Without a claim nothing is copied, and a claim whose holder died is waited for.
#[test]
fn an_item_under_a_dead_claim_is_copied_when_the_claim_is_over() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 10);
    set(&mut client(&new), "key3", u32::from_be_bytes(*b"lshc"), 2, "leash moves this");
    assert_eq!(house.warms(&[]).all("copied"), 10);
    assert_eq!(client(&new).get("key3").unwrap().as_deref(), Some(b"3".as_slice()));
}

#[test]
fn the_spools_of_the_sidecar_whose_file_it_reads_are_left_to_that() {
    let (old, new, directory) = (old_server(), Memcached::start(), tempfile::tempdir().unwrap());
    let spool = format!("spool: {{dir: {}}}", directory.path().display());
    let routes = "routes: [{prefix: '', migrate: {from: old, to: new, phase: warm}}]";
    let yaml = format!("{}\n{routes}\n{spool}\n", pools(&[&old], &[&new]));
    fill(&old, 10);
    assert_eq!(House::configured(&yaml).warms(&[]).all("copied"), 10);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
