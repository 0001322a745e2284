//! What one connection asks about one key is carried out in the order it was asked, however many steps each takes.

use std::fmt::Write as _;
use std::time::Duration;

use support::figures::reaches;
use support::{Client, Leash, Memcached, Random, pause};

use super::house::{GRACE, at_server, fleet, goes_stale, set};

const REFRESH: &str = "{grace: 30s, lease: 20s}";
const COLD: &str = "{grace: 30s, lease: 20s, cold_wait: 100ms}";

/// What stands under the key before the pipeline.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Fresh,
    Stale,
    Nothing,
}

fn prepared(server: &Memcached, leash: &Leash, keys: &[String], before: Before) -> Client {
    let mut client = leash.client();
    if before != Before::Nothing {
        keys.iter().for_each(|key| set(&mut client, key, if before == Before::Fresh { 100 } else { 1 }, "5"));
    }
    if before == Before::Stale {
        keys.iter().for_each(|key| goes_stale(server, key, GRACE));
    }
    client
}

/// A pipeline of commands about one key. Whatever a read finds is certain, as nothing else is asked about the key: the
/// first command of a pipeline over a stale key is a write, a read would be told to regenerate.
fn pipeline(random: &mut Random, key: &str, depth: usize) -> String {
    let mut bytes = String::new();
    for _ in 0..depth {
        let digit = random.below(10);
        let form = random.of(&[
            "set KEY 0 100 1\r\nDIGIT\r\n",
            "set KEY 0 100 1 noreply\r\nDIGIT\r\n",
            "get KEY\r\n",
            "get KEY\r\n",
            "mg KEY v k\r\n",
            "gat 100 KEY\r\n",
            "incr KEY DIGIT\r\n",
            "decr KEY DIGIT\r\n",
            "append KEY 0 0 1\r\nDIGIT\r\n",
            "prepend KEY 0 0 1\r\nDIGIT\r\n",
            "add KEY 0 100 1\r\nDIGIT\r\n",
            "replace KEY 0 100 1\r\nDIGIT\r\n",
            "delete KEY\r\n",
            "touch KEY 100\r\n",
            "ma KEY v N100 J3\r\n",
            "ms KEY 1 T100 MA\r\nDIGIT\r\n",
        ]);
        write!(bytes, "{}", form.replace("KEY", key).replace("DIGIT", &digit.to_string())).unwrap();
    }
    bytes
}

/// Everything that is answered to `request`.
fn whole(client: &mut Client, request: &str) -> Vec<String> {
    client.send(format!("{request}mn\r\n"));
    whole_lines(client)
}

/// Everything that is answered up to `mn`.
fn whole_lines(client: &mut Client) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "MN") {
        let line = client.read_line().expect("an answer to everything");
        lines.push(String::from_utf8(line).unwrap().trim_end().to_string());
    }
    lines
}

/// Pipelines over keys of one kind, through leash and on a plain memcached.
fn pipelines_agree(before: Before, refresh: &str, seed: u64) {
    let (server, plain) = (Memcached::start(), Memcached::start());
    let leash = fleet(&server, 1, refresh).remove(0);
    let keys: Vec<String> = (0..200).map(|number| format!("key:{number}")).collect();
    let mut through = prepared(&server, &leash, &keys, before);
    let mut beside = Client::connect(&plain.address());
    if before == Before::Fresh {
        keys.iter().for_each(|key| set(&mut beside, key, 100, "5"));
    }
    let mut random = Random::new(seed);
    for key in &keys {
        // A stale item is an expired one as soon as something was written.
        let first = format!("delete {key} noreply\r\n");
        let first = if before == Before::Stale { first.as_str() } else { "" };
        let request = format!("{first}{}", pipeline(&mut random, key, 12));
        let (got, expected) = (whole(&mut through, &request), whole(&mut beside, &request));
        assert_eq!(got, expected, "{before:?}, seed {seed}: {request:?}: leash, then memcached");
        let (got, expected) = (at_server(&server, key), at_server(&plain, key));
        assert_eq!(got.map(|stored| stored.value), expected.map(|stored| stored.value), "{request:?}");
    }
}

#[test]
fn pipelines_over_fresh_keys_keep_memcacheds_order() {
    pipelines_agree(Before::Fresh, REFRESH, 1);
}

#[test]
fn pipelines_over_stale_keys_keep_memcacheds_order() {
    pipelines_agree(Before::Stale, REFRESH, 2);
}

#[test]
fn pipelines_over_cold_keys_keep_memcacheds_order() {
    pipelines_agree(Before::Nothing, REFRESH, 3);
}

#[test]
fn pipelines_over_cold_keys_that_others_would_wait_for_keep_memcacheds_order() {
    pipelines_agree(Before::Nothing, COLD, 4);
}

#[test]
fn a_get_of_a_stale_key_never_sees_what_the_same_pipeline_writes_after_it() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let keys = ["page".to_string()];
    let mut client = prepared(&server, &leash, &keys, Before::Stale);
    client.send(
        "get page\r\nset page 0 100 1\r\n1\r\nget page\r\nincr page 1\r\nget page\r\nappend page 0 0 1\r\n0\r\ngets none\r\n\
         get page\r\ndelete page\r\nget page\r\n",
    );
    // The stale value, or the permission to regenerate it.
    assert_ne!(client.read_get("page").unwrap(), Some(b"1".to_vec()));
    client.expect(
        "",
        "STORED\r\nVALUE page 0 1\r\n1\r\nEND\r\n2\r\nVALUE page 0 1\r\n2\r\nEND\r\nSTORED\r\nEND\r\n\
         VALUE page 0 2\r\n20\r\nEND\r\nDELETED\r\nEND\r\n",
    );
}

#[test]
fn a_pipeline_over_a_stale_key_finds_it_expired_until_it_writes() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let keys = ["page".to_string()];
    let mut client = prepared(&server, &leash, &keys, Before::Stale);
    client.expect(
        "incr page 1\r\nappend page 0 0 1\r\n1\r\ntouch page 5\r\nadd page 7 100 1\r\n1\r\nincr page 1\r\nget page\r\n",
        "NOT_FOUND\r\nNOT_STORED\r\nNOT_FOUND\r\nSTORED\r\n2\r\nVALUE page 7 1\r\n2\r\nEND\r\n",
    );
}

#[test]
fn a_pipeline_of_gets_of_one_stale_key_wins_once_and_is_served_after_that() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let keys = ["page".to_string()];
    let mut client = prepared(&server, &leash, &keys, Before::Stale);
    let lines = whole(&mut client, &"get page\r\n".repeat(500));
    let hits = lines.iter().filter(|line| *line == "5").count();
    let ends = lines.iter().filter(|line| *line == "END").count();
    assert_eq!((hits, ends), (499, 500));
}

#[test]
fn a_win_that_is_still_being_asked_for_belongs_to_the_set_that_follows() {
    let (server, plain) = (Memcached::start(), Memcached::start());
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let keys: Vec<String> = (0..200).map(|number| format!("key:{number}")).collect();
    let mut through = prepared(&server, &leash, &keys, Before::Stale);
    let mut beside = Client::connect(&plain.address());
    let mut random = Random::new(5);
    let mut wins = 0;
    for key in &keys {
        through.send(format!("get {key}\r\n"));
        // Sent while the get is being answered: before, at or after the moment it wins.
        pause(Duration::from_micros(random.below(600) as u64));
        let rest = format!("set {key} 0 100 1\r\n7\r\n{}set {key} 0 100 1\r\n9\r\n", pipeline(&mut random, key, 6));
        through.send(format!("{rest}mn\r\n"));
        let first = through.read_get(key).unwrap();
        assert!(first.is_none() || first.as_deref() == Some(b"5"), "{key}: {first:?}");
        wins += usize::from(first.is_none());
        let expected = whole(&mut beside, &rest);
        assert_eq!(whole_lines(&mut through), expected, "{rest:?}: leash, then memcached");
        assert_eq!(at_server(&server, key).unwrap().value, "9");
    }
    println!("{wins} of {} pipelines won before their set was read", keys.len());
}

#[test]
fn a_get_that_waits_for_somebody_elses_value_is_not_given_what_the_same_client_writes() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, "{grace: 30s, lease: 20s, cold_wait: 9s}").remove(0);
    let (mut winner, mut client) = (leash.client(), leash.client());
    winner.expect("get page\r\n", "END\r\n");
    client.send("get page\r\n");
    reaches(&leash, "leash_cold_waiters", "", 1.0);
    client.expect("set page 0 100 3\r\nown\r\nget page\r\n", "END\r\nSTORED\r\nVALUE page 0 3\r\nown\r\nEND\r\n");
    winner.expect("set page 0 100 3\r\nold\r\nget page\r\n", "STORED\r\nVALUE page 0 3\r\nown\r\nEND\r\n");
    reaches(&leash, "leash_cold_waiters", "", 0.0);
}
