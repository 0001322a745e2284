//! Holders that die, connections that rest, reservations that are over: nothing is lost, nothing is taken from its next
//! consumer.

use support::figures::metric;
use support::reload::reload;
use support::{BOUND, Leash, wait_until};

use super::house::{Holder, get, put, sidecar, sidecar_yaml};

#[test]
fn a_holder_that_is_down_has_nothing_and_takes_nothing() {
    let mut holder = Holder::start("");
    let leash = sidecar(&[&holder.address()], "");
    let mut client = leash.client();
    put(&mut client, "q", "a");
    holder.leash.crash();
    for _ in 0..4 {
        assert_eq!(get(&mut client, "q"), None);
        let refused = client.ask("set q 0 0 1\r\nb\r\n");
        assert!(refused.starts_with("SERVER_ERROR server "), "{refused}");
    }
    assert!(metric(&leash, "leash_failures_total", "cause=\"down\"") > 0.0);
    let gets = |outcome: &str| metric(&leash, "leash_requests_total", &format!("class=\"get\",outcome=\"{outcome}\""));
    assert_eq!(
        (gets("failed"), gets("miss")),
        (4.0, 0.0),
        "whoever reads END because of that is told from who finds nothing"
    );
    holder.leash.restart();
    wait_until("the message is there again", BOUND, || get(&mut client, "q").as_deref() == Some("a"));
    client.expect("delete q\r\nget q\r\n", "DELETED\r\nEND\r\n");
}

#[test]
fn what_clients_of_a_sidecar_have_that_ends_goes_to_others_at_once() {
    let holder = Holder::start("");
    let [mut ends, stays] = [(); 2].map(|()| sidecar(&[&holder.address()], ""));
    let mut next = stays.client();
    for ending in [Leash::terminate, Leash::crash] {
        let mut client = ends.client();
        put(&mut client, "q", "a");
        assert_eq!(get(&mut client, "q").as_deref(), Some("a"));
        assert_eq!(get(&mut next, "q"), None);
        ending(&mut ends);
        wait_until("another client has it", BOUND, || get(&mut next, "q").as_deref() == Some("a"));
        next.expect("delete q\r\n", "DELETED\r\n");
        ends.restart();
    }
}

#[test]
fn a_late_consumer_takes_nothing_from_the_next_one() {
    let holder = Holder::start(", reserve: 1s");
    let sidecars = [(); 2].map(|()| sidecar(&[&holder.address()], ", reserve: 1s"));
    let [mut late, mut next] = [sidecars[0].client(), sidecars[1].client()];
    put(&mut next, "q", "a");
    assert_eq!(get(&mut late, "q").as_deref(), Some("a"));
    assert_eq!(get(&mut next, "q"), None);
    wait_until("its time is over", BOUND, || get(&mut next, "q").as_deref() == Some("a"));
    late.expect("get q/abort\r\ndelete q\r\n", "END\r\nNOT_FOUND\r\n");
    drop(late);
    let mut third = sidecars[0].client();
    assert_eq!(get(&mut third, "q"), None, "the next one has it");
    next.expect("delete q\r\n", "DELETED\r\n");
    assert_eq!(get(&mut third, "q"), None);
}

#[test]
fn a_message_stays_with_its_consumer_over_a_reload_that_changes_its_holders() {
    let holders = [Holder::start(""), Holder::start("")];
    let leash = sidecar(&[&holders[0].address()], "");
    let mut client = leash.client();
    put(&mut client, "q", "a");
    put(&mut client, "q", "b");
    assert_eq!(get(&mut client, "q").as_deref(), Some("a"));
    reload(&leash, sidecar_yaml(&[&holders[1].address()], "", ", request_timeout: 2s"));
    assert_eq!(get(&mut client, "q"), None, "it has one");
    client.expect("delete q\r\nget q\r\n", "DELETED\r\nEND\r\n");
    assert_eq!(get(&mut holders[0].leash.client(), "q").as_deref(), Some("b"), "the first is done with");
    reload(&leash, sidecar_yaml(&[&holders[0].address()], "", ""));
    assert_eq!(get(&mut client, "q/len").as_deref(), Some("1"));
}
