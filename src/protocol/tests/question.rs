//! What is said to servers.

use bytes::Bytes;

use super::super::{Command, Get, Key, Question, Request, Returns, Store};
use super::written;

fn ask(key: &Key, command: Command, opaque: u16) -> Vec<u8> {
    written(|out| Question::Ask(&Request { key: key.clone(), command }).encode(opaque, out))
}

fn text(key: &'static str) -> Key {
    Key::text(key.into()).expect("a text key")
}

#[test]
fn every_question_but_debug_carries_its_token() {
    let key = text("a");
    assert_eq!(ask(&key, Command::Get(Get::default()), 0), b"mg a O0\r\n");
    assert_eq!(ask(&key, Command::Get(Get { returns: Returns::VALUE, ..Get::default() }), 65535), b"mg a v O65535\r\n");
    assert_eq!(ask(&key, Command::Delete(Default::default()), 1), b"md a O1\r\n");
    assert_eq!(ask(&key, Command::Arithmetic(Default::default()), 1), b"ma a D1 O1\r\n");
    assert_eq!(ask(&key, Command::Debug, 1), b"me a\r\n");
}

#[test]
fn questions_about_no_item_have_no_token() {
    assert_eq!(written(|out| Question::Noop.encode(1, out)), b"mn\r\n");
    assert_eq!(written(|out| Question::FlushAll(0).encode(1, out)), b"flush_all 0\r\n");
    assert_eq!(written(|out| Question::FlushAll(-5).encode(1, out)), b"flush_all -5\r\n");
}

#[test]
fn a_value_is_sent_as_it_is_whatever_it_holds() {
    let store = Store { value: Bytes::from_static(b"\r\nflush_all\r\n"), ..Store::default() };
    assert_eq!(ask(&text("a"), Command::Store(store), 3), b"ms a 13 O3\r\n\r\nflush_all\r\n\r\n");
}

#[test]
fn a_binary_key_leaves_in_base64() {
    let key = Key::binary(Bytes::from_static(b"a\r\nflush_all")).expect("a binary key");
    assert_eq!(ask(&key, Command::Get(Get::default()), 3), b"mg YQ0KZmx1c2hfYWxs b O3\r\n");
    let namespaced = key.prefixed(b"n:").expect("a key");
    assert_eq!(ask(&namespaced, Command::Debug, 3), b"me bjphDQpmbHVzaF9hbGw= b\r\n");
}
