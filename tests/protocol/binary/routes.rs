//! A packet means the same as the text command on every kind of route: what one protocol leaves, the other finds.

use support::packets::{BinaryClient, Question};
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::scenes::Scene;

/// `set` with the client flags 7.
fn set(key: &str, value: &str, ttl: u32) -> Question {
    Question::store(0x01, key, value, (7, ttl))
}

fn get(key: &str) -> Question {
    Question::new(0x00, key)
}

/// The CAS unique that `gets` tells.
fn unique(text: &mut Client, key: &str) -> u64 {
    let line = text.ask(format!("gets {key}\r\n"));
    let unique = line.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a CAS unique");
    while text.read_line().expect("the rest of the reply") != b"END\r\n" {}
    unique
}

#[test]
fn what_text_stores_packets_read_and_the_other_way_round() {
    for scene in Scene::all() {
        let (mut text, mut packets) = (Client::connect(&scene.address), scene.client());
        text.expect("set a 5 100 2\r\nhi\r\n", "STORED\r\n");
        let told = packets.ask(&get("a"));
        assert_eq!((told.status, told.flags(), told.text()), (0, 5, "hi".into()), "{}", scene.name);
        let told = packets.ask(&set("a", "hello", 100));
        assert_eq!((told.status, unique(&mut text, "a")), (0, told.cas), "{}", scene.name);
        text.expect("get a\r\n", "VALUE a 7 5\r\nhello\r\nEND\r\n");
        let told = packets.ask(&Question::new(0x0c, "a"));
        assert_eq!((told.key, told.cas), (b"a".to_vec(), unique(&mut text, "a")), "{}", scene.name);
        packets.ask(&Question::new(0x04, "a"));
        text.expect("get a\r\n", "END\r\n");
    }
}

#[test]
fn a_store_by_a_cas_unique_that_either_told_holds_for_both() {
    for scene in Scene::all() {
        let (mut text, mut packets) = (Client::connect(&scene.address), scene.client());
        text.expect("set a 0 0 1\r\n1\r\n", "STORED\r\n");
        let (by_text, by_packet) = (unique(&mut text, "a"), packets.ask(&get("a")).cas);
        assert_eq!(by_text, by_packet, "{}", scene.name);
        let stored = packets.ask(&set("a", "2", 0).cas(by_text));
        assert_eq!(stored.status, 0, "{}", scene.name);
        assert_eq!(packets.ask(&set("a", "3", 0).cas(by_packet)).status, 0x02, "{}", scene.name);
        text.expect(format!("cas a 0 0 1 {}\r\n4\r\n", stored.cas), "STORED\r\n");
        assert_eq!(packets.ask(&Question::new(0x04, "a").cas(stored.cas)).status, 0x02, "{}", scene.name);
    }
}

#[test]
fn counts_are_one_count() {
    for scene in Scene::all() {
        let (mut text, mut packets) = (Client::connect(&scene.address), scene.client());
        assert_eq!(packets.ask(&Question::count(0x05, "n", (1, 5, u32::MAX))).status, 0x01, "{}", scene.name);
        let number = |packets: &mut BinaryClient, question: Question| {
            let told = packets.ask(&question);
            assert_eq!((told.status, told.value.len()), (0, 8), "{}: {told:?}", scene.name);
            u64::from_be_bytes(told.value.try_into().unwrap())
        };
        assert_eq!(number(&mut packets, Question::count(0x05, "n", (1, 5, 100))), 5);
        text.expect("incr n 2\r\n", "7\r\n");
        assert_eq!(number(&mut packets, Question::count(0x06, "n", (3, 0, u32::MAX))), 4);
        assert_eq!(packets.ask_all(&[Question::count(0x15, "n", (4, 0, 0))], &[]).unwrap(), []);
        text.expect("get n\r\n", "VALUE n 0 1\r\n8\r\nEND\r\n");
    }
}

/// A key that text cannot say is one item all the same, and none that text can say.
#[test]
fn a_key_of_any_bytes_is_an_item_of_its_own() {
    for scene in Scene::all() {
        let (mut text, mut packets) = (Client::connect(&scene.address), scene.client());
        for key in ["a b", "a\r\nflush_all\r\n", "\0", "\u{7f}tab\t"] {
            packets.ask(&set("a", "kept", 0));
            assert_eq!(packets.ask(&set(key, key, 0)).status, 0, "{}: {key:?}", scene.name);
            assert_eq!(packets.ask(&get(key)).text(), key, "{}: {key:?}", scene.name);
            assert_eq!(packets.ask(&Question::new(0x04, key)).status, 0, "{}: {key:?}", scene.name);
            assert_eq!(packets.ask(&get(key)).status, 1, "{}: {key:?}", scene.name);
            text.expect("get a\r\n", "VALUE a 7 4\r\nkept\r\nEND\r\n");
        }
    }
}

/// The item that only the old pool has is found, counted and stored over in each phase as by text.
#[test]
fn while_a_route_moves_packets_find_what_text_finds() {
    for (phase, is_found) in [("prepare", true), ("warm", true), ("drain", false)] {
        let scene = Scene::moving(phase);
        let (mut old, mut text) = (Client::connect(&scene.servers[0].address()), Client::connect(&scene.address));
        let mut packets = scene.client();
        for key in ["read", "touched", "kept"] {
            old.expect(format!("set {key} 3 100 3\r\nold\r\n"), "STORED\r\n");
        }
        old.expect("set n 0 100 1\r\n5\r\n", "STORED\r\n");
        let read = packets.ask(&get("read"));
        assert_eq!(
            (read.status, read.text()),
            if is_found { (0, "old".into()) } else { (1, "Not found".into()) },
            "{phase}"
        );
        assert_eq!(packets.ask(&Question::touch(0x1d, "touched", 50)).status, u16::from(!is_found), "{phase}");
        let counted = packets.ask(&Question::count(0x05, "n", (1, 0, u32::MAX)));
        assert_eq!(counted.status, u16::from(!is_found), "{phase}");
        text.expect("get n\r\n", if is_found { "VALUE n 0 1\r\n6\r\nEND\r\n" } else { "END\r\n" });
        let told = packets.ask(&Question::store(0x02, "kept", "new", (0, 0)));
        assert_eq!(told.status, if is_found { 0x02 } else { 0 }, "{phase}: an add");
        if is_found {
            assert_eq!(
                packets.ask(&set("read", "new", 0).cas(read.cas)).status,
                0,
                "{phase}: a store by its CAS unique"
            );
            text.expect("get read\r\n", "VALUE read 7 3\r\nnew\r\nEND\r\n");
        }
    }
}

/// One caller is told "miss", be it in packets or in text, and the others get the value.
#[test]
fn a_stale_value_is_regenerated_by_one_caller_of_either_protocol() {
    let servers = Memcached::start_many(1);
    let leash = Leash::refreshing(&servers, "{grace: 60s, lease: 30s}");
    let (mut winner, mut other, mut text) =
        (BinaryClient::connect(leash.address()), BinaryClient::connect(leash.address()), leash.client());
    winner.ask(&set("k", "old", 1));
    wait_until("the value is stale and this caller wins", BOUND, || winner.ask(&get("k")).status == 1);
    let told = other.ask(&get("k"));
    assert_eq!((told.status, told.flags(), told.text()), (0, 7, "old".into()));
    text.expect("get k\r\n", "VALUE k 7 3\r\nold\r\nEND\r\n");
    assert_eq!(other.ask_all(&[Question::new(0x0d, "k")], &[]).unwrap().len(), 1, "quiet readers hit, too");
    let stored = winner.ask(&set("k", "new", 100));
    assert_eq!((stored.status, stored.cas), (0, other.ask(&get("k")).cas));
    text.expect("get k\r\n", "VALUE k 7 3\r\nnew\r\nEND\r\n");
    assert_eq!(winner.ask(&Question::store(0x01, "k", "new", (1 << 31, 0))).status, 0x04, "the marker bit");
}

/// A delete between a winner's miss and its set makes leash drop the set. A CAS unique of 0 would let the winner store
/// over what others store after that.
#[test]
fn a_store_that_comes_to_nothing_is_told_a_cas_unique_that_no_item_has() {
    let servers = Memcached::start_many(1);
    let leash = Leash::refreshing(&servers, "{grace: 60s, lease: 30s}");
    let (mut winner, mut other) = (BinaryClient::connect(leash.address()), BinaryClient::connect(leash.address()));
    winner.ask(&set("k", "old", 1));
    wait_until("the value is stale and this caller wins", BOUND, || winner.ask(&get("k")).status == 1);
    other.ask(&Question::new(0x04, "k"));
    let dropped = winner.ask(&set("k", "outdated", 100));
    assert_eq!((dropped.status, other.ask(&get("k")).status), (0, 1));
    other.ask(&set("k", "of another", 100));
    assert_eq!(winner.ask(&set("k", "over it", 100).cas(dropped.cas)).status, 0x02);
    assert_eq!(other.ask(&get("k")).text(), "of another");
}

/// A client of packets cannot be told who regenerates an item that was marked stale: it gets the value, and the win is
/// left to one that can be told.
#[test]
fn marks_of_memcacheds_own_are_for_those_who_know_them() {
    for scene in [Scene::one(), Scene::three(), Scene::embedded(), Scene::namespaced()] {
        let (mut meta, mut packets) = (Client::connect(&scene.address), scene.client());
        packets.ask(&set("k", "old", 0));
        meta.expect("md k I T60\r\n", "HD\r\n");
        let told = packets.ask(&get("k"));
        assert_eq!((told.status, told.text()), (0, "old".into()), "{}", scene.name);
        wait_until("a client that knows the letters wins", BOUND, || meta.ask("mg k\r\n").contains('W'));
    }
}
