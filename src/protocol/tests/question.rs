//! What is said to servers.

use bytes::Bytes;

use super::super::{Command, Exptime, Get, Key, Question, Request, Returns, Store};
use super::{TOKEN, written};

fn ask(key: &Key, command: Command) -> Vec<u8> {
    written(|out| Question::Ask(&Request { key: key.clone(), command }).encode(TOKEN, out))
}

fn text(key: &'static str) -> Key {
    Key::text(key.into()).expect("a text key")
}

#[test]
fn every_question_but_debug_carries_its_token() {
    let key = text("a");
    assert_eq!(ask(&key, Command::Get(Get::default())), b"mg a OFFFFFFFF\r\n");
    assert_eq!(ask(&key, Command::Get(Get { returns: Returns::VALUE, ..Get::default() })), b"mg a v OFFFFFFFF\r\n");
    assert_eq!(ask(&key, Command::Delete(Default::default())), b"md a OFFFFFFFF\r\n");
    assert_eq!(ask(&key, Command::Arithmetic(Default::default())), b"ma a D1 OFFFFFFFF\r\n");
    assert_eq!(ask(&key, Command::Debug), b"me a\r\n");
}

#[test]
fn questions_about_no_item_have_no_token() {
    assert_eq!(written(|out| Question::Noop.encode(TOKEN, out)), b"mn\r\n");
    assert_eq!(written(|out| Question::FlushAll(Exptime::new(0)).encode(TOKEN, out)), b"flush_all 0\r\n");
    assert_eq!(written(|out| Question::FlushAll(Exptime::new(-5)).encode(TOKEN, out)), b"flush_all -5\r\n");
}

#[test]
fn a_value_is_sent_as_it_is_whatever_it_holds() {
    let store = Store { value: Bytes::from_static(b"\r\nflush_all\r\n"), ..Store::default() };
    assert_eq!(ask(&text("a"), Command::Store(store)), b"ms a 13 OFFFFFFFF\r\n\r\nflush_all\r\n\r\n");
}

#[test]
fn a_binary_key_leaves_in_base64() {
    let key = Key::binary(Bytes::from_static(b"a\r\nflush_all")).expect("a binary key");
    assert_eq!(ask(&key, Command::Get(Get::default())), b"mg YQ0KZmx1c2hfYWxs b OFFFFFFFF\r\n");
    // The decoder lets no client ask this. If one did, it would ask about an item that is not there.
    assert_eq!(ask(&key, Command::Debug), b"me YQ0KZmx1c2hfYWxs\r\n");
}
