//! A server that is busy with another crawl, does not know the walk that is asked for, or says nothing sensible.

use support::Memcached;
use support::fake_server::FakeServer;

use super::house::{House, items};

const ASKED: &str = "lru_crawler metadump hash";

fn facing(old: &FakeServer, new: &Memcached) -> House {
    let servers = format!("old: {{servers: [\"{}\"]}}, new: {{servers: [\"{}\"]}}", old.address(), new.address());
    let route = "{prefix: '', migrate: {from: old, to: new, phase: warm}}";
    House::configured(&format!("pools: {{{servers}}}\nroutes: [{route}]\n"))
}

#[test]
fn another_crawl_is_waited_for() {
    let (old, new) = (FakeServer::start(), Memcached::start());
    let house = facing(&old, &new);
    let running = house.begins(&["--dry-run"]);
    let mut server = old.accepts();
    for _ in 0..2 {
        assert_eq!(server.reads_line(), ASKED);
        server.sends("BUSY currently processing crawler request\r\n");
    }
    assert_eq!(server.reads_line(), ASKED);
    server.sends("key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=61\nkey=b%20c exp=9 la=1 cas=2 fe");
    server.sends("tch=yes cls=1 size=70 flags=3\nEND\r\n");
    let ended = running.ends();
    assert_eq!((ended.code, ended.all("listed")), (Some(0), 2), "{}", ended.said);
    ended.says("busy with another crawl, asking again in 250ms");
}

#[test]
fn an_older_server_is_asked_for_what_is_in_its_lrus() {
    let (old, new) = (FakeServer::start(), Memcached::start());
    let house = facing(&old, &new);
    let running = house.begins(&["--dry-run"]);
    let mut server = old.accepts();
    assert_eq!(server.reads_line(), ASKED);
    server.sends("BADCLASS invalid class id\r\n");
    assert_eq!(server.reads_line(), "lru_crawler metadump all");
    server.sends("END\r\n");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn a_list_that_is_no_list_is_not_believed() {
    for (said, told) in [
        ("VALUE a 0 1\r\nx\r\nEND\r\n", "its list of keys is garbled"),
        ("key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=6key=a exp=-1 size=61\n", "its list of keys is garbled"),
        ("ERROR metadump not allowed\r\n", "(ERROR metadump not allowed); start it without -X"),
        ("ERROR\r\n", "(ERROR); memcached 1.6.10 or newer is needed"),
    ] {
        let (old, new) = (FakeServer::start(), Memcached::start());
        let house = facing(&old, &new);
        let running = house.begins(&[]);
        let mut server = old.accepts();
        assert_eq!(server.reads_line(), ASKED);
        server.sends(said);
        let ended = running.ends();
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        ended.says(told);
    }
    let (old, new) = (FakeServer::start(), Memcached::start());
    let house = facing(&old, &new);
    let running = house.begins(&[]);
    let mut server = old.accepts();
    assert_eq!(server.reads_line(), ASKED);
    server.sends("key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=61\n");
    server.hangs_up();
    running.ends().says("connection lost while it listed its keys");
}

#[test]
fn a_key_that_looks_like_a_command_is_none_and_a_key_nobody_can_ask_for_is_passed_over() {
    let (old, new) = (FakeServer::start(), Memcached::start());
    let house = facing(&old, &new);
    let running = house.begins(&[]);
    let mut list = old.accepts();
    assert_eq!(list.reads_line(), ASKED);
    let facts = "exp=-1 la=1 cas=1 fetch=no cls=1 size=4294967295";
    let (command, too_long) = ("a%0D%0Aset%20b%200%200%201%0D%0A1", "%0A".repeat(250));
    list.sends(format!("key={command} {facts}\nkey={too_long} {facts}\nEND\r\n"));
    let mut server = old.greets();
    let question = server.receives_any();
    assert!(question.line.starts_with("mg YQ0Kc2V0IGIgMCAwIDENCjE= b "), "{}", question.line);
    server.sends_code(&question, "EN");
    let ended = running.ends();
    assert_eq!((ended.all("listed"), ended.all("gone"), items(&new)), (2, 2, 0), "{}", ended.said);
}
