//! Servers that are down, or go down: what is said, what goes on, what stops.

use std::time::Duration;

use support::{BOUND, Memcached, pause, wait_until};

use super::house::{House, client, fill, items, old_server};

#[test]
fn an_old_server_that_is_down_is_told_and_the_others_go_on() {
    let (mut olds, new) = ([old_server(), old_server()], Memcached::start());
    let house = House::moving(&[&olds[0], &olds[1]], &[&new]);
    olds.iter().for_each(|old| fill(old, 1000));
    let address = olds[0].address();
    olds[0].kill();
    let first = house.warm(&[]);
    assert_eq!(first.code, Some(1), "{}", first.said);
    first.says(&format!("old {address}: cannot connect: Connection refused"));
    first.says("not everything. The same command tries the rest again.");
    let copied = first.all("copied");
    assert_eq!((copied, first.figures("listed")), (items(&new), vec![0, 1000, 1000]));
    olds[0].restart();
    fill(&olds[0], 1000);
    let second = house.warms(&[]);
    assert_eq!((second.all("before"), second.all("copied")), (copied, 1000 - copied), "{}", second.said);
}

#[test]
fn an_old_server_that_goes_down_midway_holds_up_nobody() {
    let (mut olds, new) = ([old_server(), old_server()], Memcached::start());
    let house = House::moving(&[&olds[0], &olds[1]], &[&new]);
    olds.iter().for_each(|old| fill(old, 4000));
    let address = olds[0].address();
    let running = house.begins(&["--rate", "1000"]);
    wait_until("something is copied", BOUND, || items(&new) > 200);
    olds[0].kill();
    let ended = running.ends();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.says(&format!("old {address}: server {address}: "));
    let (listed, copied) = (ended.figures("listed"), ended.figures("copied"));
    let of_others = ended.figures("orphans")[1];
    assert_eq!((listed[1], copied[1]), (4000, 4000 - of_others), "the other server is copied: {}", ended.said);
    assert!(copied[0] < 4000 - ended.figures("orphans")[0] && ended.figures("failed")[0] < 1500, "{}", ended.said);
}

#[test]
fn a_new_server_that_goes_down_ends_the_run_early() {
    let (old, mut new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 20_000);
    let running = house.begins(&["--rate", "1000"]);
    wait_until("something is copied", BOUND, || items(&new) > 200);
    let address = new.address();
    new.kill();
    let ended = running.ends();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.says(&format!("then stopped: server {address}: "));
    assert!(ended.all("failed") < 1500, "it does not count failures: {}", ended.said);
    new.restart();
    let second = house.warms(&["--rate", "max"]);
    second.adds_up();
    assert!(second.all("before") > 100, "what was done is remembered: {}", second.said);
    assert_eq!(items(&new), second.all("copied"));
}

/// Servers are waited for from when they were asked, not from when the list was begun.
#[test]
fn a_list_that_takes_longer_than_a_server_may_take_costs_no_copy() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 2000);
    old.freeze();
    let running = house.begins(&["--rate", "max"]);
    pause(Duration::from_millis(2500));
    old.thaw();
    let ended = running.ends();
    assert_eq!((ended.code, ended.all("copied")), (Some(0), 2000), "{}", ended.said);
}

#[test]
fn what_a_new_server_refuses_is_told_and_the_rest_is_copied() {
    let (old, new) = (Memcached::start_with(&["-o", "lru_crawler", "-I", "2m"]), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    fill(&old, 100);
    let value = "x".repeat(1_500_000);
    client(&old).expect(format!("set large 0 0 {}\r\n{value}\r\n", value.len()), "STORED\r\n");
    let ended = house.warm(&[]);
    assert_eq!((ended.code, ended.all("copied"), ended.all("failed")), (Some(1), 100, 1), "{}", ended.said);
    ended.says(&format!("server {}: SERVER_ERROR object too large for cache", new.address()));
    assert_eq!(client(&new).ask("mg large v\r\n"), "EN", "no claim is left in its place");
}
