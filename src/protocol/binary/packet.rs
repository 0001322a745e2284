//! A packet whose header, extras and key are whole: what it asks, in the one inner language.

use bytes::{Buf, Bytes, BytesMut};

use super::header::{HEADER, RequestHeader, refusal};
use super::opcode::BinaryVerb;
use super::who::Door;
use crate::protocol::call::{Call, Local, Refusal, RefusalKind};
use crate::protocol::exptime::Exptime;
use crate::protocol::key::Key;
use crate::protocol::line::Line;
use crate::protocol::request::{Arithmetic, Command, Delete, Get, Request, Returns, Store, StoreMode};

/// Takes a whole get off the front of `buffer`, as most packets are, in one pass: less is copied than on the way of all
/// others, which judges what this leaves.
pub(super) fn common_get(buffer: &mut BytesMut, door: Door) -> Option<Call> {
    let header = RequestHeader::read(buffer.first_chunk::<HEADER>()?, door).ok()?;
    let whole = HEADER + header.key;
    if !matches!(header.packet.verb, BinaryVerb::Get | BinaryVerb::GetKey) || buffer.len() < whole {
        return None;
    }
    let mut key = buffer.split_to(whole).freeze();
    key.advance(HEADER);
    Some(match Key::any(key) {
        Ok(key) => Call::One(Request { key, command: Command::Get(get()) }, header.form()),
        Err(_) => Call::Refused(no_key(&header)),
    })
}

/// Reads the extras and the key behind a header.
pub(super) fn read(header: &RequestHeader, bytes: &Bytes) -> Line {
    let (extras, key) = (&bytes[..header.extras], bytes.slice(header.extras..));
    match header.packet.verb {
        BinaryVerb::Flush => Call::FlushAll(delay(extras), header.form()).into(),
        BinaryVerb::Stat => local(header, Local::Stats(key)),
        BinaryVerb::Noop => local(header, Local::Noop),
        BinaryVerb::Version => local(header, Local::Version),
        BinaryVerb::Quit => local(header, Local::Quit),
        _ => about_key(header, extras, key),
    }
}

fn local(header: &RequestHeader, local: Local) -> Line {
    Call::Local(local, header.form()).into()
}

fn about_key(header: &RequestHeader, extras: &[u8], key: Bytes) -> Line {
    let Ok(key) = Key::any(key) else { return Line::Swallow { refusal: no_key(header), len: header.value } };
    let command = command(header, extras);
    let is_store = matches!(command, Command::Store(_));
    let (request, form) = (Request { key, command }, header.form());
    match is_store {
        true => Line::Value { request, form, len: header.value },
        false => Call::One(request, form).into(),
    }
}

fn no_key(header: &RequestHeader) -> Refusal {
    let line = "CLIENT_ERROR a key with spaces or control characters has at most 186 bytes";
    refusal(line, RefusalKind::Malformed, header.packet)
}

fn command(header: &RequestHeader, extras: &[u8]) -> Command {
    match header.packet.verb {
        BinaryVerb::Get | BinaryVerb::GetKey => Command::Get(get()),
        BinaryVerb::GetAndTouch | BinaryVerb::GetKeyAndTouch => touch(extras, READ),
        BinaryVerb::Touch => touch(extras, TOUCHED),
        BinaryVerb::Delete => Command::Delete(Delete { compare_cas: header.cas, ..Delete::default() }),
        BinaryVerb::Increment | BinaryVerb::Decrement => count(header, extras),
        _ => Command::Store(store(header, extras)),
    }
}

const TOUCHED: Returns = Returns::FLAGS.and(Returns::CAS);
const READ: Returns = TOUCHED.and(Returns::VALUE);

fn get() -> Get {
    Get { returns: READ, ..Get::default() }
}

fn touch(mut extras: &[u8], returns: Returns) -> Command {
    let touch = Exptime::unsigned(number(&mut extras));
    Command::Get(Get { touch: Some(touch), returns, ..Get::default() })
}

/// No expiry time says that no item is to be made.
const MAKE_NONE: u32 = u32::MAX;

fn count(header: &RequestHeader, mut extras: &[u8]) -> Command {
    let (delta, initial) = (long(&mut extras), long(&mut extras));
    let exptime = Some(number(&mut extras)).filter(|&exptime| exptime != MAKE_NONE);
    Command::Arithmetic(Arithmetic {
        decrement: header.packet.verb == BinaryVerb::Decrement,
        delta,
        initial,
        vivify: exptime.map(Exptime::unsigned),
        compare_cas: header.cas,
        returns: Returns::VALUE.and(Returns::CAS),
        ..Arithmetic::default()
    })
}

/// With a CAS unique in its header `add` and `replace` are what `set` is: a store over that one item.
fn store(header: &RequestHeader, mut extras: &[u8]) -> Store {
    let mode = match header.packet.verb {
        BinaryVerb::Append => StoreMode::Append,
        BinaryVerb::Prepend => StoreMode::Prepend,
        BinaryVerb::Add if header.cas.is_none() => StoreMode::Add,
        BinaryVerb::Replace if header.cas.is_none() => StoreMode::Replace,
        _ => StoreMode::Set,
    };
    let returns = if header.quiet { Returns::NONE } else { Returns::CAS };
    let store = Store { mode, compare_cas: header.cas, returns, ..Store::default() };
    if matches!(mode, StoreMode::Append | StoreMode::Prepend) {
        return store;
    }
    let client_flags = number(&mut extras);
    Store { client_flags, ttl: Some(Exptime::unsigned(number(&mut extras))), ..store }
}

/// In how many seconds a `flush` is to be; at once where it does not say.
fn delay(mut extras: &[u8]) -> Exptime {
    Exptime::new(i32::try_from(number(&mut extras)).unwrap_or(i32::MAX))
}

/// The next 32 bits; 0 where there are none.
fn number(extras: &mut &[u8]) -> u32 {
    extras.try_get_u32().unwrap_or_default()
}

/// The next 64 bits.
fn long(extras: &mut &[u8]) -> u64 {
    extras.try_get_u64().unwrap_or_default()
}
