//! Items that others wrote, readers that bypass leash, and what the server itself is told of TTLs and flags.

use std::time::{SystemTime, UNIX_EPOCH};

use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::house::{GRACE, MARKER, at_server, fleet, goes_stale, set, stale, sum, told};

const REFRESH: &str = "{grace: 30s, lease: 20s}";
const DAY: i64 = 86_400;

fn one() -> (Memcached, Leash, Client, Client) {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let (through, direct) = (leash.client(), Client::connect(&server.address()));
    (server, leash, through, direct)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

#[test]
fn an_item_written_directly_is_never_judged_before_its_ttl_nor_served_past_it() {
    let (_server, leash, mut through, mut direct) = one();
    // All of its time is shorter than the grace.
    direct.expect("set page 5 3 5\r\nvalue\r\n", "STORED\r\n");
    let mut reads = 0;
    wait_until("it expires", BOUND, || {
        let before = direct.ask("mg page t\r\n");
        let value = told(&mut through, "page");
        let after = direct.ask("mg page t\r\n");
        // Between two looks that agree there is no doubt.
        if after != "EN" {
            assert_eq!(value.as_deref(), Some("value"), "judged before its TTL");
            reads += 1;
        }
        if before == "EN" {
            assert_eq!(value, None, "served past its TTL");
        }
        before == "EN"
    });
    println!("an item of 3 s was read {reads} times, never judged");
    assert!(reads > 100);
    assert_eq!(sum(&[leash], "leash_leases_total", ""), 0.0);
}

#[test]
fn an_item_written_directly_over_a_stale_one_is_fresh_to_all() {
    let (server, leash, mut through, mut direct) = one();
    stale(&server, &mut through, "page", "old");
    assert_eq!(told(&mut through, "page"), None);
    direct.expect("set page 0 10 3\r\nnew\r\n", "STORED\r\n");
    assert_eq!(told(&mut leash.client(), "page").as_deref(), Some("new"));
    set(&mut through, "page", 100, "outdated");
    assert_eq!(told(&mut leash.client(), "page").as_deref(), Some("new"));
}

#[test]
fn a_reader_that_bypasses_leash_gets_the_values_and_their_flags_save_the_marker() {
    let (server, _leash, mut through, mut direct) = one();
    through.expect("set marked 5 100 5\r\nvalue\r\n", "STORED\r\n");
    through.expect("set endless 5 0 5\r\nvalue\r\n", "STORED\r\n");
    through.expect("add added 5 100 5\r\nvalue\r\n", "STORED\r\n");
    direct.expect("get marked\r\n", format!("VALUE marked {} 5\r\nvalue\r\nEND\r\n", MARKER | 5));
    direct.expect("get endless added\r\n", "VALUE endless 5 5\r\nvalue\r\nVALUE added 5 5\r\nvalue\r\nEND\r\n");
    through.expect("get marked\r\n", "VALUE marked 5 5\r\nvalue\r\nEND\r\n");
    set(&mut through, "short", 1, "value");
    goes_stale(&server, "short", GRACE);
    direct.expect("get short\r\n", format!("VALUE short {MARKER} 5\r\nvalue\r\nEND\r\n"));
}

/// What the server has after a store with this TTL: how long, and whether marked. `None`: nothing.
#[track_caller]
fn stored(server: &Memcached, client: &mut Client, request: &str) -> Option<(i64, bool)> {
    client.ask("delete page\r\n");
    let answer = client.ask(request);
    assert!(["STORED", "HD"].contains(&answer.as_str()), "{request:?}: {answer}");
    let stored = at_server(server, "page")?;
    assert_eq!(stored.flags & !MARKER, 5, "{request:?}");
    Some((stored.ttl, stored.flags & MARKER != 0))
}

#[test]
fn ttls_are_stored_with_the_grace_and_keep_their_kind() {
    let (server, _leash, mut client, _direct) = one();
    let month = 30 * DAY;
    for (ttl, expected) in [
        (0, Some((-1, false))),
        (-1, None),
        (1, Some((1 + GRACE, true))),
        (100, Some((100 + GRACE, true))),
        (month - GRACE, Some((month, true))),
        (month - GRACE + 1, Some((month + 1, true))),
        (month - 10, Some((month - 10 + GRACE, true))),
        (month, Some((month + GRACE, true))),
        (now() + 100, Some((100 + GRACE, true))),
        (now() + 90 * DAY, Some((90 * DAY + GRACE, true))),
        (now() - 100, None),
    ] {
        for request in [format!("set page 5 {ttl} 5\r\nvalue\r\n"), format!("ms page 5 F5 T{ttl}\r\nvalue\r\n")] {
            let found = stored(&server, &mut client, &request);
            // The server's clock may have ticked, or be a second behind.
            let near =
                |asked: (i64, bool)| found.is_some_and(|found| found.1 == asked.1 && (found.0 - asked.0).abs() <= 2);
            assert!(expected.map_or(found.is_none(), near), "{request:?}: {found:?}, not {expected:?}");
        }
    }
}

#[test]
fn what_only_a_set_is_given_others_are_not() {
    let (server, _leash, mut client, _direct) = one();
    assert_eq!(stored(&server, &mut client, "add page 5 100 5\r\nvalue\r\n"), Some((100, false)));
    assert_eq!(stored(&server, &mut client, "ms page 5 F5 T100 ME\r\nvalue\r\n"), Some((100, false)));
    client.expect("set page 5 100 1\r\n5\r\n", "STORED\r\n");
    client.expect("append page 0 0 1\r\n0\r\n", "STORED\r\n");
    client.expect("incr page 1\r\n", "51\r\n");
    let kept = at_server(&server, "page").unwrap();
    assert!(kept.flags == MARKER | 5 && kept.ttl > 100, "{kept:?}");
    let line = client.ask("gets page\r\n");
    let unique = line.rsplit(' ').next().unwrap().to_string();
    client.expect("", "51\r\nEND\r\n");
    client.expect(format!("cas page 5 200 1 {unique}\r\n6\r\n"), "STORED\r\n");
    let kept = at_server(&server, "page").unwrap();
    assert!(kept.flags == MARKER | 5 && kept.ttl > 200, "{kept:?}");
}
