//! A route is moved between two real memcached by real leash processes: what a fleet sees of it, and what is left
//! where.

use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached, wait_until};

const MOVED: &str = "leash_backfills_total";

fn leash(old: &Memcached, new: &Memcached, route: &str) -> Leash {
    let (old, new) = (old.address(), new.address());
    let pools = format!("pools: {{old: {{servers: [\"{old}\"]}}, new: {{servers: [\"{new}\"]}}}}");
    Leash::with_config(&format!("workers: 2\n{pools}\nroutes: [{{prefix: \"\", {route}}}]\n"))
}

fn in_phase(old: &Memcached, new: &Memcached, phase: &str) -> Leash {
    leash(old, new, &format!("migrate: {{from: old, to: new, phase: {phase}}}"))
}

fn pools() -> (Memcached, Memcached) {
    let (old, new) = (Memcached::start(), Memcached::start());
    old.advance_cas(3000);
    (old, new)
}

fn client(server: &Memcached) -> Client {
    Client::connect(&server.address())
}

/// FallbackClient's promise: the old pool is warm, the new one empty, and nobody notices.
#[test]
fn an_empty_new_pool_hits_as_the_old_one_does_and_fills_up() {
    let (old, new) = pools();
    let (mut before, mut after) = (client(&old), client(&new));
    for n in 0..2000 {
        let ttl = if n % 4 == 0 { 0 } else { 100 + n };
        before.expect(format!("set k{n} {n} {ttl} 6\r\nv{n:05}\r\n"), "STORED\r\n");
    }
    let leash = in_phase(&old, &new, "warm");
    let mut through = leash.client();
    let hits = (0..2000).filter(|n| through.get(&format!("k{n}")).unwrap().is_some()).count();
    assert_eq!(hits, 2000);
    reaches(&leash, "leash_migration_reads_total", r#"source="from""#, 2000.0);
    wait_until("nothing is under way", BOUND, || metric(&leash, MOVED, "") >= 2000.0);
    let moved = metric(&leash, MOVED, r#"outcome="done""#);
    assert_eq!(moved + metric(&leash, MOVED, r#"outcome="skipped""#), 2000.0);
    assert!(moved > 1900.0, "{moved} of 2000 were moved");
    let mut found = 0;
    for n in 0..2000 {
        let key = format!("k{n}");
        let (Some(ours), Some(theirs)) = (after.facts(&key, "f t s"), before.facts(&key, "f t s")) else { continue };
        found += 1;
        assert_eq!((ours[&'f'], ours[&'s']), (theirs[&'f'], theirs[&'s']), "k{n}");
        assert_eq!(ours[&'t'] == -1, n % 4 == 0, "k{n}: only what has no TTL has none");
        assert!((ours[&'t'] - theirs[&'t']).abs() <= 1, "k{n}: {ours:?} and {theirs:?}");
    }
    assert_eq!(found as f64, moved);
    through.expect("set k1 0 0 3\r\nnew\r\n", "STORED\r\n");
    assert_eq!((after.get("k1").unwrap(), before.get("k1").unwrap()), (Some(b"new".to_vec()), None));
}

#[test]
fn each_phase_stores_where_it_says_and_leaves_nothing_older_on_the_other_side() {
    let (old, new) = pools();
    let (mut before, mut after) = (client(&old), client(&new));
    for (phase, is_in_old) in [("prepare", true), ("warm", false), ("drain", false)] {
        let leash = in_phase(&old, &new, phase);
        let mut through = leash.client();
        before.expect("set k 0 0 3\r\nold\r\n", "STORED\r\n");
        after.expect("set k 0 0 3\r\nold\r\n", "STORED\r\n");
        through.expect("set k 7 0 1\r\nx\r\nget k\r\n", "STORED\r\nVALUE k 7 1\r\nx\r\nEND\r\n");
        assert_eq!((before.get("k").unwrap().is_some(), after.get("k").unwrap().is_some()), (is_in_old, !is_in_old));
        through.expect("delete k\r\ndelete k\r\nget k\r\n", "DELETED\r\nNOT_FOUND\r\nEND\r\n");
        assert_eq!((before.get("k").unwrap(), after.get("k").unwrap()), (None, None));
        after.expect("set k 0 0 1\r\nx\r\n", "STORED\r\n");
        before.expect("set k 0 0 1\r\nx\r\n", "STORED\r\n");
        through.expect("set k 0 -1 1\r\ny\r\nget k\r\n", "STORED\r\nEND\r\n");
        assert_eq!(
            (before.get("k").unwrap(), after.get("k").unwrap()),
            (None, None),
            "{phase}: a set that is gone at once"
        );
    }
}

#[test]
fn every_command_answers_in_every_phase_as_one_memcached_would() {
    for phase in ["prepare", "warm", "drain"] {
        let (old, new) = pools();
        let leash = in_phase(&old, &new, phase);
        let mut through = leash.client();
        for (request, reply) in [
            ("incr n 1\r\nadd n 3 100 1\r\n5\r\nadd n 0 0 1\r\n6\r\n", "NOT_FOUND\r\nSTORED\r\nNOT_STORED\r\n"),
            ("incr n 2\r\ndecr n 1\r\nget n\r\n", "7\r\n6\r\nVALUE n 3 1\r\n6\r\nEND\r\n"),
            ("append a 0 0 1\r\n1\r\nreplace a 0 0 1\r\n1\r\n", "NOT_STORED\r\nNOT_STORED\r\n"),
            ("set a 0 0 1\r\n1\r\nappend a 0 0 1\r\n2\r\nprepend a 0 0 1\r\n0\r\n", "STORED\r\nSTORED\r\nSTORED\r\n"),
            ("replace a 4 0 2\r\nab\r\nget a b n\r\n", "STORED\r\nVALUE a 4 2\r\nab\r\nVALUE n 3 1\r\n6\r\nEND\r\n"),
            ("touch a 50\r\ntouch b 50\r\ngat 60 a\r\n", "TOUCHED\r\nNOT_FOUND\r\nVALUE a 4 2\r\nab\r\nEND\r\n"),
            ("incr a 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"),
            ("cas a 0 0 1 1\r\nx\r\ncas b 0 0 1 1\r\nx\r\n", "EXISTS\r\nNOT_FOUND\r\n"),
            ("ma m N100 J7 v\r\nma m N100 J7 v\r\nmd m\r\n", "VA 1\r\n7\r\nVA 1\r\n8\r\nHD\r\n"),
            ("mg a v\r\n", "VA 2\r\nab\r\n"),
        ] {
            through.expect(request, reply);
        }
        let left = through.facts("a", "t").expect("a is there")[&'t'];
        assert!((50..=60).contains(&left), "{phase}: {left} s left of 60");
        through.send("gets a\r\n");
        let line = String::from_utf8(through.read_line().unwrap()).unwrap();
        let cas = line.split_whitespace().nth(4).expect("a CAS unique").to_string();
        through.expect("", "ab\r\nEND\r\n");
        through.expect(format!("cas a 0 0 1 {cas}\r\nz\r\ncas a 0 0 1 {cas}\r\nz\r\n"), "STORED\r\nEXISTS\r\n");
        let claim = "CLIENT_ERROR these client flags mark";
        assert!(through.ask("set a 1819502691 0 16\r\n0123456789abcdef\r\n").starts_with(claim));
    }
}

/// What the old pool has is there for every command of `warm`, and comes over with its first one.
#[test]
fn what_depends_on_an_item_brings_it_over() {
    let (old, new) = pools();
    let (mut before, mut after) = (client(&old), client(&new));
    let leash = in_phase(&old, &new, "warm");
    let mut through = leash.client();
    for (request, reply, left) in [
        ("incr k 1", "6", "6"),
        ("add k 0 0 1\r\n9", "NOT_STORED", "5"),
        ("append k 0 0 1\r\n1", "STORED", "51"),
        ("touch k 500", "TOUCHED", "5"),
        ("replace k 0 0 1\r\n8", "STORED", "8"),
    ] {
        before.expect("set k 0 300 1\r\n5\r\n", "STORED\r\n");
        assert_eq!(through.ask(format!("{request}\r\n")), reply);
        assert_eq!(after.get("k").unwrap(), Some(left.as_bytes().to_vec()), "{request}");
        through.expect("delete k\r\n", "DELETED\r\n");
        assert_eq!((before.get("k").unwrap(), after.get("k").unwrap()), (None, None), "{request}");
    }
}

/// People look where a read finds the item; that copies nothing.
#[test]
fn me_shows_the_item_where_a_read_finds_it() {
    let (old, new) = pools();
    let (mut before, mut after) = (client(&old), client(&new));
    for (phase, is_in_old) in [("prepare", true), ("warm", true), ("drain", false)] {
        let leash = in_phase(&old, &new, phase);
        let mut through = leash.client();
        before.expect("set k 0 300 1\r\n5\r\n", "STORED\r\n");
        let size =
            |line: String| line.split(' ').find(|word| word.starts_with("size=")).unwrap_or_default().to_string();
        let (theirs, ours) = (size(before.ask("me k\r\n")), size(through.ask("me k\r\n")));
        assert_eq!(ours, if is_in_old { &theirs[..] } else { "" }, "{phase}");
        assert_eq!(after.get("k").unwrap(), None, "{phase}: it was people who asked");
        after.expect(format!("set k {} 4 16\r\nleash moves this\r\n", u32::from_be_bytes(*b"lshc")), "STORED\r\n");
        assert_eq!(size(through.ask("me k\r\n")), ours, "{phase}: a claim is nothing");
        after.expect("set k 0 300 3\r\n555\r\n", "STORED\r\n");
        let longer = size(after.ask("me k\r\n"));
        assert_eq!(size(through.ask("me k\r\n")), if phase == "prepare" { theirs } else { longer }, "{phase}");
        through.expect("delete k\r\n", "DELETED\r\n");
    }
}

#[test]
fn a_claim_is_nothing_to_readers_and_refuses_who_depends_on_the_item_until_it_is_over() {
    let (old, new) = pools();
    let mut after = client(&new);
    let claim = |flags: u32| format!("set k {flags} 4 16\r\nleash moves this\r\n");
    for phase in ["warm", "drain"] {
        let leash = in_phase(&old, &new, phase);
        let mut through = leash.client();
        after.expect(claim(u32::from_be_bytes(*b"lsha")), "STORED\r\n");
        through.expect("get k\r\nmg k t v\r\n", "END\r\nEN\r\n");
        let busy = "SERVER_ERROR the item is being moved to another pool, try again";
        assert_eq!(through.ask("add k 0 0 1\r\nx\r\n"), busy, "in its own time, not in that of the claim");
        wait_until("the claim is over", BOUND, || through.ask("add k 0 0 1\r\nx\r\n") == "STORED");
        through.expect("get k\r\n", "VALUE k 0 1\r\nx\r\nEND\r\n");
        through.expect("delete k\r\n", "DELETED\r\n");
    }
}

#[test]
fn a_dead_old_pool_misses_and_a_dead_new_one_leaves_prepare_alone() {
    let (mut old, mut new) = pools();
    let warm = in_phase(&old, &new, "warm");
    let prepare = in_phase(&old, &new, "prepare");
    client(&old).expect("set k 0 0 1\r\n5\r\n", "STORED\r\n");
    new.kill();
    let mut through = prepare.client();
    wait_until("the new server is known to be down", BOUND, || through.ask("set w 0 0 1\r\n1\r\n") == "STORED");
    through.expect("get k\r\nincr k 1\r\nadd k 0 0 1\r\n1\r\n", "VALUE k 0 1\r\n5\r\nEND\r\n6\r\nNOT_STORED\r\n");
    through.expect("delete k\r\n", "DELETED\r\n");
    new.restart();
    old.kill();
    let mut through = warm.client();
    through.expect("get k\r\n", "END\r\n");
    wait_until("writes go to the new server alone", BOUND, || through.ask("set k 0 0 1\r\n7\r\n") == "STORED");
    through.expect("incr k 1\r\nget k\r\nget other\r\n", "8\r\nVALUE k 0 1\r\n8\r\nEND\r\nEND\r\n");
    through.expect("add l 0 0 1\r\n1\r\ndelete l\r\n", "STORED\r\nDELETED\r\n");
}

#[test]
fn stale_values_come_over_with_their_marker_and_are_refreshed_on_the_other_side() {
    let (old, new) = pools();
    let refresh = "refresh: {grace: 60s, lease: 10s}";
    let before = leash(&old, &new, &format!("pool: old, {refresh}"));
    before.client().expect("set k 5 1 3\r\nold\r\n", "STORED\r\n");
    let warm = leash(&old, &new, &format!("migrate: {{from: old, to: new, phase: warm}}, {refresh}"));
    let mut through = warm.client();
    wait_until("the value is stale and this caller wins", BOUND, || through.get("k").unwrap().is_none());
    through.expect("get k\r\n", "VALUE k 5 3\r\nold\r\nEND\r\n");
    through.expect("set k 5 100 3\r\nnew\r\nget k\r\n", "STORED\r\nVALUE k 5 3\r\nnew\r\nEND\r\n");
    assert_eq!((client(&old).get("k").unwrap(), client(&new).get("k").unwrap()), (None, Some(b"new".to_vec())));
}
