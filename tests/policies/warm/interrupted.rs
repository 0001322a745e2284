//! Whatever ends a run, the next one goes on where it ended.

use std::collections::HashMap;

use support::fake_server::FakeServer;
use support::memcached::signal;
use support::{BOUND, Memcached, wait_until};

use super::house::{House, RUN, Running, client, fill, items, old_server, pools, stat};

const KEYS: usize = 20_000;
/// What a claim looks like.
const CLAIM: i64 = u32::from_be_bytes(*b"lshc") as i64;

/// A run that is slow enough to be interrupted, and has copied something.
fn under_way(house: &House, new: &Memcached) -> Running {
    let running = house.begins(&["--rate", "1000"]);
    wait_until("something is copied", BOUND, || items(new) > 500);
    running
}

/// The CAS unique of each item a server has.
fn uniques(server: &Memcached) -> HashMap<usize, i64> {
    let mut client = client(server);
    let facts = (0..KEYS).filter_map(|n| Some((n, client.facts(&format!("key{n}"), "c f")?)));
    facts.filter(|(_, facts)| facts[&'f'] != CLAIM).map(|(n, facts)| (n, facts[&'c'])).collect()
}

#[test]
fn an_interrupted_run_finishes_what_is_under_way_and_the_next_goes_on() {
    for name in ["INT", "TERM"] {
        let (old, new) = (old_server(), Memcached::start());
        let house = House::moving(&[&old], &[&new]);
        fill(&old, KEYS);
        let running = under_way(&house, &new);
        signal(running.pid(), name);
        let first = running.ends();
        assert_eq!(first.code, Some(1), "{}", first.said);
        first.says("stopping: what is under way is finished");
        first.says("then stopped: interrupted. The same command goes on where this one ended.");
        let copied = first.all("copied");
        assert_eq!(uniques(&new).len() as u64, copied, "no claim is left");
        // What is done is known to be done, whatever becomes of it.
        let gone = *uniques(&new).keys().next().expect("a copy");
        client(&new).expect(format!("delete key{gone}\r\n"), "DELETED\r\n");
        let before = uniques(&new);
        let second = house.warms(&["--rate", "max"]);
        second.adds_up();
        second.says(&format!("{copied} of"));
        assert_eq!((second.all("before"), second.all("copied")), (copied, KEYS as u64 - copied), "{}", second.said);
        let after = uniques(&new);
        assert_eq!((after.len(), after.contains_key(&gone)), (KEYS - 1, false), "key{gone} is not copied twice");
        assert!(before.iter().all(|(n, cas)| after[n] == *cas), "nothing is written twice");
        assert!(!house.has_progress());
    }
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, KEYS);
    let running = under_way(&house, &new);
    signal(running.pid(), "KILL");
    assert_eq!(running.ends().code, None);
    let before = uniques(&new);
    let second = house.warms(&["--rate", "max"]);
    second.adds_up();
    assert!(second.all("before") > 0, "something is remembered: {}", second.said);
    assert!(second.all("before") + second.all("there") >= before.len() as u64, "{}", second.said);
    let after = uniques(&new);
    assert_eq!(after.len(), KEYS, "what was under way when it was killed is copied, too");
    assert!(before.iter().all(|(n, cas)| after[n] == *cas), "nothing is written twice");
}

#[test]
fn servers_that_are_done_are_not_asked_again() {
    let (olds, new) = ([old_server(), old_server()], Memcached::start());
    let house = House::moving(&[&olds[0], &olds[1]], &[&new]);
    olds.iter().for_each(|old| fill(old, KEYS));
    let running = house.begins(&["--rate", "4000"]);
    wait_until("the second server is begun", RUN, || stat(&olds[1], "get_hits") > 0);
    signal(running.pid(), "INT");
    let first = running.ends();
    let done = first.figures("copied")[0];
    let second = house.warms(&["--rate", "max"]);
    assert_eq!(second.figures("before")[0], done, "{}", second.said);
    assert_eq!(items(&new), KEYS as u64);
}

#[test]
fn progress_of_another_plan_is_refused_until_it_is_to_be_forgotten() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, KEYS);
    let running = under_way(&house, &new);
    let other = house.warm(&[]);
    assert_eq!(other.code, Some(1));
    other.says("leash-warm.progress is in use by another leash warm");
    signal(running.pid(), "INT");
    running.ends();
    let route = "{prefix: 'key1', migrate: {from: old, to: new, phase: warm}}";
    house.configure(&format!("{}\nroutes: [{route}]\n", pools(&[&old], &[&new])));
    let refused = house.warm(&[]);
    assert_eq!(refused.code, Some(1));
    refused.says("progress file leash-warm.progress was made for\nroute \"\" namespace \"\" from old");
    refused.says("--restart begins anew");
    let anew = house.warms(&["--restart", "--rate", "max"]);
    assert_eq!(anew.all("before"), 0);
    assert!(anew.all("there") > 0 && anew.all("copied") > 0, "{}", anew.said);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (old, new) = (old_server(), FakeServer::start());
    fill(&old, 10);
    let pools = format!(
        "old: {{servers: [\"{}\"]}}, new: {{servers: [\"{}\"], request_timeout: 60s}}",
        old.address(),
        new.address()
    );
    let route = "{prefix: '', migrate: {from: old, to: new, phase: warm}}";
    let house = House::configured(&format!("pools: {{{pools}}}\nroutes: [{route}]\n"));
    let running = house.begins(&[]);
    // A claim that is asked for and not answered: what is under way does not come to its end.
    let mut server = new.greets();
    assert!(server.receives_any().line.starts_with("ms key"));
    signal(running.pid(), "INT");
    signal(running.pid(), "TERM");
    let ended = running.ends();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(!ended.said.contains("server  "), "it prints no table any more: {}", ended.said);
}
