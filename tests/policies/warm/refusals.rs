//! What is refused before anything is asked of anybody, and with which words.

use support::Memcached;

use super::house::{House, fill, items, old_server};

#[test]
fn a_route_in_another_phase_is_not_copied() {
    let (old, new) = (old_server(), Memcached::start());
    fill(&old, 10);
    for (phase, why) in [
        ("prepare", "a copy could outlive the value it was made of. When all are, set phase: warm and copy then"),
        ("drain", "To copy more, take all sidecars back to phase: warm first"),
    ] {
        let route = format!("{{prefix: 'key', migrate: {{from: old, to: new, phase: {phase}}}}}");
        let ended = House::new(&[&old], &[&new], &route).warm(&[]);
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        ended.says(&format!("leash: route \"key\" is in phase {phase}: "));
        ended.says(why);
        assert_eq!(items(&new), 0);
    }
}

#[test]
fn the_exit_code_says_whose_mistake_it_is() {
    let (old, new) = (old_server(), Memcached::start());
    let house = House::moving(&[&old], &[&new]);
    let code = |arguments: &[&str]| house.warm(arguments).code;
    assert_eq!(code(&["--rate", "0"]), Some(64));
    house.configure("pools: {}\n");
    assert_eq!(code(&[]), Some(78));
    let route = House::new(&[&old], &[&new], "{prefix: 'a:', migrate: {from: old, to: new, phase: warm}}");
    let ended = route.warm(&["--prefix", "b:"]);
    assert_eq!(ended.code, Some(64));
    ended.says("keys that begin with \"b:\" are on no route that migrates");
    let nothing = House::new(&[&old], &[&new], "{prefix: '', pool: old}").warm(&[]);
    assert_eq!(nothing.code, Some(1));
    nothing.says("leash: no route migrates; give one migrate: {from: …, to: …, phase: warm}");
}

#[test]
fn a_progress_file_that_cannot_be_written_is_named() {
    let (old, new) = (old_server(), Memcached::start());
    let ended = House::moving(&[&old], &[&new]).warm(&["--progress", "/no/such/directory/file"]);
    assert_eq!(ended.code, Some(1));
    ended.says("progress file /no/such/directory/file: No such file or directory");
    ended.says("name another one with --progress");
}

#[test]
fn a_crawler_that_is_off_is_said_how_to_turn_on() {
    // As tests start it, memcached has no crawler.
    let (old, new) = (Memcached::start(), Memcached::start());
    let ended = House::moving(&[&old], &[&new]).warm(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.says("does not list its keys (CLIENT_ERROR lru crawler disabled); send it \"lru_crawler enable\"");
}
