//! Waiting for a cold value has bounds: how many wait, for how long, and for whom.

use std::time::{Duration, Instant};

use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached};

use super::house::{fleet, set, sidecar, told};

const WAIT: &str = "{grace: 30s, lease: 30s, cold_wait: 9s}";
/// Much less than anybody would wait.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Callers of a key that somebody regenerates.
fn callers(leash: &Leash, key: &str, count: usize) -> Vec<Client> {
    let mut callers: Vec<Client> = (0..count).map(|_| leash.client()).collect();
    callers.iter_mut().for_each(|caller| caller.send(format!("get {key}\r\n")));
    callers
}

/// The winner of a cold key.
fn winner(leash: &Leash, key: &str) -> Client {
    let mut winner = leash.client();
    assert_eq!(told(&mut winner, key), None);
    winner
}

fn waits(leash: &Leash, outcome: &str) -> f64 {
    metric(leash, "leash_cold_waits_total", &format!("outcome=\"{outcome}\""))
}

#[test]
fn callers_beyond_the_bound_are_told_at_once_that_there_is_nothing() {
    let server = Memcached::start();
    let leash = sidecar(&server, WAIT, "{waiters: 10}");
    let mut winner = winner(&leash, "page");
    let start = Instant::now();
    let mut callers = callers(&leash, "page", 50);
    reaches(&leash, "leash_cold_waits_total", "outcome=\"overflow\"", 40.0);
    assert_eq!(metric(&leash, "leash_cold_waiters", ""), 10.0);
    assert!(start.elapsed() < AT_ONCE);
    set(&mut winner, "page", 100, "new");
    let values = callers.iter_mut().filter_map(|caller| caller.read_get("page").unwrap());
    assert_eq!(values.filter(|value| value == b"new").count(), 10);
    assert_eq!([waits(&leash, "value"), waits(&leash, "overflow")], [10.0, 40.0]);
    // Their places are free again.
    let mut again = self::winner(&leash, "next");
    let mut callers = self::callers(&leash, "next", 10);
    reaches(&leash, "leash_cold_waiters", "", 10.0);
    set(&mut again, "next", 100, "new");
    assert!(callers.iter_mut().all(|caller| caller.read_get("next").unwrap().is_some()));
}

#[test]
fn a_waiter_that_hangs_up_leaves_nothing_behind_while_others_wait_on() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, WAIT).remove(0);
    let mut winner = winner(&leash, "page");
    let mut stay = callers(&leash, "page", 5);
    let leave = callers(&leash, "page", 20);
    reaches(&leash, "leash_cold_waiters", "", 25.0);
    drop(leave);
    reaches(&leash, "leash_cold_waiters", "", 5.0);
    assert_eq!(waits(&leash, "gone"), 20.0);
    set(&mut winner, "page", 100, "new");
    assert!(stay.iter_mut().all(|caller| caller.read_get("page").unwrap().as_deref() == Some(b"new")));
    reaches(&leash, "leash_cold_waiters", "", 0.0);
    reaches(&leash, "leash_downstream_connections", "", 6.0);
}

#[test]
fn waiters_that_all_hang_up_leave_no_waiter_no_connection_and_no_question() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, WAIT);
    let _winner = winner(&sidecars[0], "page");
    // These wait for a winner elsewhere, so one of them polls.
    let waiting = callers(&sidecars[1], "page", 30);
    reaches(&sidecars[1], "leash_cold_waiters", "", 30.0);
    drop(waiting);
    reaches(&sidecars[1], "leash_cold_waiters", "", 0.0);
    reaches(&sidecars[1], "leash_downstream_connections", "", 0.0);
    assert_eq!(waits(&sidecars[1], "gone"), 30.0);
    // The polling ends as well: between two looks nothing is asked of the server.
    let asked = || metric(&sidecars[1], "leash_upstream_requests_total", "");
    let mut last = asked();
    support::wait_until("nobody polls any more", BOUND, || {
        support::pause(Duration::from_millis(500));
        std::mem::replace(&mut last, asked()) == last
    });
}

#[test]
fn the_same_key_twice_in_one_get_does_not_wait_for_itself() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, WAIT).remove(0);
    let (mut first, mut second) = (leash.client(), leash.client());
    let start = Instant::now();
    first.expect("get page page\r\n", "END\r\n");
    assert!(start.elapsed() < AT_ONCE);
    second.send("get page page\r\n");
    reaches(&leash, "leash_cold_waiters", "", 2.0);
    // Nor does the winner wait for itself when it asks again.
    first.expect("get page page\r\n", "END\r\n");
    set(&mut first, "page", 100, "new");
    second.expect("", "VALUE page 0 3\r\nnew\r\nVALUE page 0 3\r\nnew\r\nEND\r\n");
    assert!(start.elapsed() < AT_ONCE);
}

#[test]
fn who_waits_in_vain_is_told_that_there_is_nothing_after_the_cold_wait() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, "{grace: 30s, lease: 20s, cold_wait: 500ms}");
    let _winner = winner(&sidecars[0], "page");
    for leash in &sidecars {
        let start = Instant::now();
        let mut callers = callers(leash, "page", 10);
        for caller in &mut callers {
            assert_eq!(caller.read_get("page").unwrap(), None);
            assert!(start.elapsed() >= Duration::from_millis(500));
        }
        assert!(start.elapsed() < AT_ONCE);
        assert_eq!(waits(leash, "timeout"), 10.0);
        reaches(leash, "leash_cold_waiters", "", 0.0);
    }
}

#[test]
fn a_delete_lets_one_of_those_who_wait_win_and_the_others_wait_for_it() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, WAIT).remove(0);
    let mut first = winner(&leash, "page");
    let mut callers = callers(&leash, "page", 10);
    reaches(&leash, "leash_cold_waiters", "", 10.0);
    leash.client().expect("delete page\r\n", "NOT_FOUND\r\n");
    reaches(&leash, "leash_leases_total", "outcome=\"granted\"", 2.0);
    reaches(&leash, "leash_cold_waiters", "", 9.0);
    set(&mut first, "page", 100, "outdated");
    let answered = |caller: &mut Client| {
        caller.set_bound(Duration::from_millis(100));
        let answer = caller.read_get("page");
        caller.set_bound(BOUND);
        answer.is_ok_and(|value| value.is_none())
    };
    let second = callers.iter_mut().position(answered).expect("one of them won");
    let mut second = callers.remove(second);
    set(&mut second, "page", 100, "new");
    for caller in &mut callers {
        assert_eq!(caller.read_get("page").unwrap().as_deref(), Some(b"new".as_slice()));
    }
}

#[test]
fn a_value_the_server_does_not_take_is_no_less_what_the_others_wait_for() {
    let server = Memcached::start();
    let leash = sidecar(&server, WAIT, "{item_size: 4MiB}");
    let mut winner = winner(&leash, "page");
    let mut callers = callers(&leash, "page", 10);
    reaches(&leash, "leash_cold_waiters", "", 10.0);
    let value = "v".repeat(1_500_000);
    let answer = winner.ask(format!("set page 0 100 1500000\r\n{value}\r\n"));
    assert!(answer.starts_with("SERVER_ERROR"), "{answer}");
    for caller in &mut callers {
        assert_eq!(caller.read_get("page").unwrap().map(|value| value.len()), Some(1_500_000));
    }
}

#[test]
fn a_waiter_that_has_no_more_to_say_is_told_at_once_that_there_is_nothing() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, WAIT).remove(0);
    let _winner = winner(&leash, "page");
    let start = Instant::now();
    let mut callers = callers(&leash, "page", 1);
    reaches(&leash, "leash_cold_waiters", "", 1.0);
    callers[0].finish_sending();
    assert_eq!(callers[0].read_to_end().unwrap(), b"END\r\n");
    assert!(start.elapsed() < AT_ONCE);
}
