//! Clients that speak the meta protocol are told in memcached's own letters who regenerates and what is stale.

use support::{Client, Leash, Memcached};

use super::house::{GRACE, MARKER, at_server, fleet, goes_stale, set, stale, told};

const REFRESH: &str = "{grace: 30s, lease: 20s}";

fn one() -> (Memcached, Leash, Client, Client) {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let (winner, other) = (leash.client(), leash.client());
    (server, leash, winner, other)
}

/// Head and value of an answer with one.
fn value(client: &mut Client, request: &str) -> String {
    let head = client.ask(request);
    let length: usize =
        head.split(' ').nth(1).and_then(|length| length.parse().ok()).unwrap_or_else(|| panic!("{head}"));
    let value = client.read_exactly(length + 2).unwrap();
    format!("{head} {}", String::from_utf8_lossy(&value).trim_end())
}

#[test]
fn winner_and_others_get_the_value_with_the_letters_memcached_writes() {
    let (server, _leash, mut winner, mut other) = one();
    stale(&server, &mut winner, "page", "old");
    // memcached's own game, on a server of its own, says which letters come in which order.
    let own = Memcached::start();
    let (mut first, mut second) = (Client::connect(&own.address()), Client::connect(&own.address()));
    first.expect("set page 0 100 3\r\nold\r\n", "STORED\r\n");
    first.expect("md page I T100\r\n", "HD\r\n");
    let request = "mg page v f k O7\r\n";
    let (won, lost) = (value(&mut first, request), value(&mut second, request));
    assert!(won.contains('W') && lost.contains('Z'), "{won}; {lost}");
    assert_eq!(value(&mut winner, request), won);
    assert_eq!(value(&mut other, request), lost);
    set(&mut winner, "page", 100, "new");
    assert_eq!(value(&mut other, request), "VA 3 f0 kpage O7 new");
}

#[test]
fn without_a_value_the_letters_are_the_same() {
    let (server, _leash, mut winner, mut other) = one();
    stale(&server, &mut winner, "page", "old");
    let own = Memcached::start();
    let (mut first, mut second) = (Client::connect(&own.address()), Client::connect(&own.address()));
    first.expect("set page 0 100 3\r\nold\r\n", "STORED\r\n");
    first.expect("md page I T100\r\n", "HD\r\n");
    assert_eq!(winner.ask("mg page s\r\n"), first.ask("mg page s\r\n"));
    assert_eq!(other.ask("mg page s\r\n"), second.ask("mg page s\r\n"));
}

/// Dalli takes no notice of letters: a winner that gets the value would regenerate nothing.
#[test]
fn where_letters_are_off_a_winner_misses_and_the_others_get_the_value_as_if_it_were_fresh() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, "{grace: 30s, lease: 20s, letters: false}").remove(0);
    let (mut winner, mut other) = (leash.client(), leash.client());
    stale(&server, &mut winner, "page", "old");
    winner.expect("mg page v f\r\n", "EN\r\n");
    for request in ["mg page v f\r\n", "mg page v f T30\r\n"] {
        assert_eq!(value(&mut other, request), "VA 3 f0 old");
    }
    winner.expect("ms page 3 T100\r\nnew\r\n", "HD\r\n");
    assert_eq!(value(&mut other, "mg page v f\r\n"), "VA 3 f0 new");
    // What the client itself has marked stale is memcached's own game.
    other.expect("md page I T100\r\n", "HD\r\n");
    assert!(value(&mut other, "mg page v f\r\n").contains('W'));
}

#[test]
fn remaining_times_are_told_less_the_grace_and_flags_without_the_marker() {
    let (server, _leash, mut client, mut other) = one();
    client.expect("set page 5 100 3\r\nnew\r\n", "STORED\r\n");
    let stored = at_server(&server, "page").unwrap();
    assert_eq!(stored.flags, MARKER | 5);
    let told = client.facts("page", "f t").expect("page is there");
    assert!(told[&'f'] == 5 && (90..=100).contains(&told[&'t']), "{told:?}");
    client.expect("add lock 5 0 1\r\nx\r\n", "STORED\r\n");
    client.expect("mg lock f t\r\n", "HD f5 t-1\r\n");
    stale(&server, &mut client, "page", "old");
    client.expect("mg page t f\r\n", "HD t0 f0 X W\r\n");
    other.expect("mg page t f\r\n", "HD t0 f0 Z X\r\n");
}

#[test]
fn who_sends_n_r_or_i_plays_a_game_of_its_own() {
    let (server, leash, mut client, mut other) = one();
    stale(&server, &mut client, "page", "old");
    assert_eq!(value(&mut client, "mg page v N30\r\n"), "VA 3 old");
    assert_eq!(value(&mut other, "mg page v R1\r\n"), "VA 3 old");
    client.expect("mg none v N30\r\n", "VA 0 W\r\n\r\n");
    other.expect("mg none v N30\r\n", "VA 0 Z\r\n\r\n");
    client.expect("set own 0 100 1\r\nv\r\n", "STORED\r\n");
    client.expect("md own I T50\r\n", "HD\r\n");
    client.expect("mg own v\r\n", "VA 1 X W\r\nv\r\n");
    other.expect("mg own v\r\n", "VA 1 Z X\r\nv\r\n");
    client.expect("ms own 1 T100 I C1\r\nw\r\n", "HD\r\n");
    other.expect("mg own v\r\n", "VA 1 Z X\r\nw\r\n");
    let granted = support::figures::metric(&leash, "leash_leases_total", "");
    assert_eq!(granted, 0.0, "nobody was given a lease");
}

#[test]
fn quiet_mode_says_nothing_of_misses_and_all_of_stale_values() {
    let (server, _leash, mut winner, mut other) = one();
    stale(&server, &mut winner, "page", "old");
    let request = "mg none v q\r\nmg page v k q\r\nmg none k q\r\nmn\r\n";
    winner.expect(request, "VA 3 kpage X W\r\nold\r\nMN\r\n");
    other.expect(request, "VA 3 kpage Z X\r\nold\r\nMN\r\n");
    winner.expect("ms page 3 T100 q\r\nnew\r\nmn\r\n", "MN\r\n");
    other.expect("mg page v q\r\nmn\r\n", "VA 3\r\nnew\r\nMN\r\n");
    winner.expect("md page q\r\nmd page q\r\nmn\r\n", "NF\r\nMN\r\n");
}

#[test]
fn a_base64_key_is_the_same_key_with_the_same_lease() {
    let (server, leash, mut winner, mut other) = one();
    // cGFnZQ== is "page"; 8J+Qtg== is a dog, whose name classic clients can write as well.
    stale(&server, &mut winner, "page", "old");
    stale(&server, &mut winner, "\u{1f436}", "old");
    winner.expect("mg cGFnZQ== b v\r\n", "VA 3 X W\r\nold\r\n");
    assert_eq!(told(&mut other, "page").as_deref(), Some("old"));
    assert_eq!(told(&mut winner, "\u{1f436}"), None);
    other.expect("mg 8J+Qtg== b v\r\n", "VA 3 Z X\r\nold\r\n");
    winner.expect("ms cGFnZQ== 3 b T100\r\nnew\r\n", "HD\r\n");
    winner.expect("mg page k s\r\n", "HD kpage s3\r\n");
    winner.expect("mg cGFnZQ== b k s\r\n", "HD kcGFnZQ== b s3\r\n");
    assert_eq!(told(&mut other, "page").as_deref(), Some("new"));
    let granted = support::figures::metric(&leash, "leash_leases_total", "outcome=\"granted\"");
    assert_eq!(granted, 2.0);
}

#[test]
fn a_get_of_many_keys_is_told_each_ones_own_story() {
    let (server, _leash, mut winner, mut other) = one();
    for key in ["a", "b", "c"] {
        set(&mut winner, key, 1, "old");
    }
    set(&mut winner, "fresh", 100, "new");
    ["a", "b", "c"].iter().for_each(|key| goes_stale(&server, key, GRACE));
    assert_eq!(told(&mut winner, "b"), None);
    let (a, c, fresh) = ("VALUE a 0 3\r\nold\r\n", "VALUE c 0 3\r\nold\r\n", "VALUE fresh 0 3\r\nnew\r\n");
    other.expect("get a b c fresh none\r\n", format!("VALUE b 0 3\r\nold\r\n{fresh}END\r\n"));
    winner.expect("get a b c fresh none\r\n", format!("{a}VALUE b 0 3\r\nold\r\n{c}{fresh}END\r\n"));
    other.send("gets c a\r\n");
    for key in ["c", "a"] {
        let head = String::from_utf8(other.read_line().unwrap()).unwrap();
        assert!(head.starts_with(&format!("VALUE {key} 0 3 ")), "{head}");
        other.expect("", "old\r\n");
    }
    other.expect("", "END\r\n");
    set(&mut winner, "b", 100, "new");
    set(&mut other, "a", 100, "new");
    winner.expect("get a b\r\n", "VALUE a 0 3\r\nnew\r\nVALUE b 0 3\r\nnew\r\nEND\r\n");
}

#[test]
fn flags_with_the_marker_bit_are_refused_in_words_that_name_it() {
    let (server, _leash, mut client, _) = one();
    let flags = MARKER | 5;
    for request in [
        format!("set page {flags} 100 1\r\nv\r\n"),
        format!("add page {flags} 100 1\r\nv\r\n"),
        format!("cas page {flags} 100 1 5\r\nv\r\n"),
        format!("replace page {flags} 100 1\r\nv\r\n"),
        format!("ms page 1 F{flags}\r\nv\r\n"),
    ] {
        let answer = client.ask(&request);
        assert!(answer.starts_with("CLIENT_ERROR ") && answer.contains("marker_bit"), "{request:?}: {answer}");
    }
    assert_eq!(at_server(&server, "page"), None);
    client.expect(format!("set page {} 100 1\r\nv\r\n", MARKER - 1), "STORED\r\n");
    client.expect("get page\r\n", format!("VALUE page {} 1\r\nv\r\nEND\r\n", MARKER - 1));
}
