//! What the properties are held for: strategies for bytes, requests and replies.

use bytes::Bytes;
use leash::protocol::{
    Arithmetic, Command, Delete, Expected, Exptime, Get, Item, Key, MAX_SLICES, Output, Reply, Request, Returns, Store,
    StoreMode,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::io::IoSlice;

use crate::invariants::model::FACTS;

/// Pieces of a client's stream: whole commands, damaged ones, junk.
pub fn client_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![6 => command(), 3 => damaged(command()), 1 => vec(any::<u8>(), 0..40)];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Pieces of a server's stream, whose tokens are now and then the right ones.
pub fn server_bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = (
        prop::sample::select(vec![
            "HD",
            "EN",
            "NF",
            "NS",
            "EX",
            "MN",
            "OK",
            "ME a",
            "ME YQ==",
            "VA 2",
            "VA 0",
            "VA 4",
            "ERROR",
            "SERVER_ERROR",
        ]),
        vec(
            prop::sample::select(vec![
                "O????????",
                "O@@@@@@@@",
                "OAAAAAAAA",
                "f5",
                "t-1",
                "c9",
                "W",
                "X",
                "Z",
                "k",
                "b",
                "s",
                "h1",
                "l2",
            ]),
            0..5,
        ),
        prop::sample::select(vec!["", "hi\r\n", "\r\n", "42\r\n", "hi"]),
    );
    let line = line.prop_map(|(code, flags, value)| format!("{code} {}\r\n{value}", flags.join(" ")).into_bytes());
    let piece = prop_oneof![6 => line.clone(), 2 => damaged(line), 1 => vec(any::<u8>(), 0..30)];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// The same bytes with one of them changed, or a part of them missing.
fn damaged(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (bytes, any::<prop::sample::Index>(), any::<u8>(), 0..4usize).prop_map(|(mut bytes, at, byte, cut)| {
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.drain(at..(at + cut).min(bytes.len()));
        }
        bytes
    })
}

fn command() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![line(), store()]
}

/// A command that is one line.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let verbs =
        vec!["get", "gets", "gat 30", "delete", "touch", "incr", "flush_all", "mg", "md", "ma", "me", "mn", "stats"];
    let words = vec![
        "a", "key", "b2", "7", "-1", "noreply", "v", "k", "q", "T30", "t", "O9", "b", "c", "N5", "aGk=", "MD", "x", "I",
    ];
    let end = prop::sample::select(vec!["\r\n", "\n", " \r\n"]);
    (prop::sample::select(verbs), vec(prop::sample::select(words), 0..9), end)
        .prop_map(|(verb, words, end)| format!("{verb} {}{end}", words.join(" ")).into_bytes())
}

/// A command with a value behind it, whose length is now and then a lie.
fn store() -> impl Strategy<Value = Vec<u8>> {
    let verbs = vec!["set a 1 2 ", "add k 0 0 ", "append a 5 -1 ", "cas c 0 0 ", "ms a ", "ms aGk= ", "set \x7f 0 0 "];
    let rests = vec!["", " noreply", " 7", " T9 c q", " b k", " S", " MA I"];
    let value = prop_oneof![vec(any::<u8>(), 0..20), vec(Just(b'v'), 280..320), Just(b"\r\nflush_all\r\n".to_vec())];
    let lie = prop_oneof![9 => Just(0), 1 => 0..3usize];
    (prop::sample::select(verbs), prop::sample::select(rests), value, lie).prop_map(|(verb, rest, value, lie)| {
        let line = format!("{verb}{}{rest}\r\n", value.len() + lie);
        [line.as_bytes(), &value, b"\r\n"].concat()
    })
}

/// Any request that can be, whatever its key and value hold.
pub fn request() -> impl Strategy<Value = Request> {
    let any = (key(), prop_oneof![get(), stored(), delete(), arithmetic()]);
    prop_oneof![8 => any, 1 => (text_key(), Just(Command::Debug))].prop_map(|(key, command)| Request { key, command })
}

fn key() -> impl Strategy<Value = Key> {
    let binary = vec(prop_oneof![any::<u8>(), Just(b'\n')], 1..=186);
    prop_oneof![text_key(), binary.prop_map(|bytes| Key::binary(bytes.into()).expect("a key"))]
}

fn text_key() -> impl Strategy<Value = Key> {
    let bytes = vec(prop_oneof![0x21..0x7fu8, 0x80..=0xffu8], 1..=250);
    bytes.prop_map(|bytes| Key::text(bytes.into()).expect("a key"))
}

fn exptime() -> impl Strategy<Value = Exptime> {
    any::<i32>().prop_map(Exptime::new)
}

/// Facts, with the remaining TTL asked for once at most: before the command changes it, or after if it does.
fn returns(changes_ttl: bool) -> impl Strategy<Value = Returns> {
    let last = if changes_ttl { Returns::TTL } else { Returns::TTL_BEFORE };
    vec(prop::sample::select(FACTS.to_vec()), 0..9).prop_map(move |facts| {
        let ttl = |fact: &Returns| [Returns::TTL, Returns::TTL_BEFORE].contains(fact);
        let others = facts.iter().filter(|fact| !ttl(fact)).fold(Returns::NONE, |all, fact| all.and(*fact));
        facts
            .iter()
            .find(|fact| ttl(fact))
            .map_or(others, |first| others.and(if *first == Returns::TTL { last } else { Returns::TTL_BEFORE }))
    })
}

fn get() -> impl Strategy<Value = Command> {
    let times = (option::of(exptime()), option::of(exptime()), option::of(exptime()));
    let others = (option::of(any::<u64>()), any::<bool>(), any::<bool>());
    (times, others).prop_flat_map(|((touch, vivify, recache), (new_cas, touch_last, no_bump))| {
        returns(touch.is_some() || vivify.is_some()).prop_map(move |returns| {
            Command::Get(Get { returns, touch, vivify, recache, new_cas, touch_last, no_bump, knows_marks: true })
        })
    })
}

fn stored() -> impl Strategy<Value = Command> {
    use StoreMode::{Add, Append, Prepend, Replace, Set};
    let value = prop_oneof![vec(any::<u8>(), 0..300), vec(Just(b'v'), 4000..9000), Just(b"\r\nflush_all\r\n".to_vec())];
    let mode = prop::sample::select(vec![Set, Add, Replace, Append, Prepend]);
    let uniques = (option::of(any::<u64>()), option::of(any::<u64>()));
    let times = (option::of(exptime()), option::of(exptime()));
    (value, mode, any::<u32>(), uniques, times, any::<bool>(), returns(true)).prop_map(
        |(value, mode, client_flags, (compare_cas, new_cas), (ttl, vivify), invalidate, returns)| {
            let value = Bytes::from(value);
            Command::Store(Store { mode, value, client_flags, ttl, compare_cas, new_cas, invalidate, vivify, returns })
        },
    )
}

fn delete() -> impl Strategy<Value = Command> {
    (option::of(any::<u64>()), option::of(any::<u64>()), any::<bool>(), option::of(exptime()), any::<bool>()).prop_map(
        |(compare_cas, new_cas, invalidate, ttl, drop_value)| {
            Command::Delete(Delete { compare_cas, new_cas, invalidate, ttl, drop_value })
        },
    )
}

fn arithmetic() -> impl Strategy<Value = Command> {
    let amounts = (any::<bool>(), any::<u64>(), any::<u64>());
    let times = (option::of(exptime()), option::of(exptime()));
    let uniques = (option::of(any::<u64>()), option::of(any::<u64>()));
    (amounts, times, uniques).prop_flat_map(|((decrement, delta, initial), (vivify, ttl), (compare_cas, new_cas))| {
        returns(vivify.is_some() || ttl.is_some()).prop_map(move |returns| {
            Command::Arithmetic(Arithmetic { decrement, delta, initial, vivify, ttl, compare_cas, new_cas, returns })
        })
    })
}

/// Any kind of question.
pub fn expected() -> impl Strategy<Value = Expected> {
    use Expected::{Arithmetic, Debug, Delete, Facts, Noop, Ok, Store, Value};
    let debug = Debug(Box::new(Key::text("a".into()).expect("a key")));
    prop::sample::select(vec![Value, Facts, Store, Delete, Arithmetic, debug, Noop, Ok])
}

/// A question and a reply to it that repeats its token.
pub fn reply() -> impl Strategy<Value = (Expected, Reply)> {
    let of = |expected: Expected, replies: Vec<Reply>| (Just(expected), prop::sample::select(replies));
    use Reply::{Exists, NotFound, NotStored};
    let value = prop_oneof![vec(any::<u8>(), 0..300), Just(b"\r\nEN\r\n".to_vec())].prop_map(Bytes::from);
    let count = option::of(any::<u64>().prop_map(|n| Bytes::from(n.to_string())));
    prop_oneof![
        4 => (Just(Expected::Value), item(value.prop_map(Some)).prop_map(Reply::Hit)),
        2 => (Just(Expected::Facts), item(Just(None)).prop_map(Reply::Hit)),
        2 => (Just(Expected::Arithmetic), item(count).prop_map(Reply::Hit)),
        1 => (Just(Expected::Store), item(Just(None)).prop_map(Reply::Hit)),
        1 => (Just(Expected::Delete), item(Just(None)).prop_map(Reply::Hit)),
        1 => of(Expected::Store, vec![NotStored, Exists, NotFound]),
        1 => of(Expected::Delete, vec![Exists, NotFound]),
        1 => of(Expected::Arithmetic, vec![NotStored, Exists, NotFound]),
    ]
}

fn item(value: impl Strategy<Value = Option<Bytes>>) -> impl Strategy<Value = Item> {
    let marks = prop::sample::select(vec![[0, 0, 0], *b"W\0\0", *b"WX\0", *b"ZXW"]);
    (value, any::<[u32; 3]>(), any::<u64>(), -1..=i64::MAX, any::<bool>(), marks).prop_map(
        |(value, [client_flags, size, last_access], cas, ttl, fetched, marks)| Item {
            value,
            client_flags,
            cas,
            ttl,
            size,
            last_access,
            fetched,
            marks,
        },
    )
}

/// What C's number readers part ways at: signs, white space, ends of digits, the edges of the types.
pub fn number_token() -> impl Strategy<Value = Vec<u8>> {
    let edges = [
        "0",
        "2147483647",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
    ]
    .map(str::to_owned)
    .to_vec();
    let digits = prop_oneof![prop::sample::select(edges), "[0-9]{0,25}"];
    let before = prop::sample::select(vec!["", " ", "\t\x0b", "-", "+", " -", "--", "\0", "0x"]);
    let behind = prop::sample::select(vec!["", "", "", " ", "\0", "\0-", " -", "a", "-", "\r", "\x0c1"]);
    let made =
        (before, digits, behind).prop_map(|(before, digits, behind)| format!("{before}{digits}{behind}").into_bytes());
    prop_oneof![4 => made, 1 => vec(any::<u8>(), 0..8)]
}

/// Takes what one write of up to `most` bytes takes.
pub fn next_write(output: &mut Output, most: usize) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let count = output.slices(&mut slices);
    let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).take(most).collect();
    output.consume(bytes.len());
    bytes
}
