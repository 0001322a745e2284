//! Classic text commands: one line to a [`Line`].
//!
//! The words that are wanted, the order in which they are checked and the answers to bad ones follow memcached 1.6's
//! `process_command_ascii`, so that clients meet the replies they know.

use bytes::Bytes;

use super::call::{Call, Local, Refusal, RefusalKind};
use super::exptime::Exptime;
use super::form::{Form, Style};
use super::key::Key;
use super::line::{Line, RequestLimits, value_length};
use super::number;
use super::reads::{self, ReadVerb};
use super::request::{Arithmetic, Command, Delete, Get, Request, Returns, Store, StoreMode};
use super::words::{Words, behind_words, each};

/// Commands that could hurt a server others use too.
const FORBIDDEN: [&[u8]; 12] = [
    b"shutdown",
    b"debug",
    b"debugtime",
    b"watch",
    b"lru",
    b"lru_crawler",
    b"slabs",
    b"cache_memlimit",
    b"misbehave",
    b"mgdump",
    b"extstore",
    b"refresh_certs",
];

/// Parses a classic command line without its line end.
pub(super) fn parse(line: &Bytes, limits: &RequestLimits) -> Line {
    let Some(command) = each(line).next() else {
        return Refusal::ERROR.into();
    };
    match ReadVerb::of(command) {
        Some(verb) => reads::parse(line, verb, limits).into(),
        None if command == b"flush" && limits.queues => flush_queue(line, &Words::of(line)),
        None => with_words(line, command, &Words::of(line)),
    }
}

fn with_words(line: &Bytes, command: &[u8], words: &Words<'_>) -> Line {
    match command {
        b"set" => store(line, words, StoreMode::Set, false),
        b"add" => store(line, words, StoreMode::Add, false),
        b"replace" => store(line, words, StoreMode::Replace, false),
        b"append" => store(line, words, StoreMode::Append, false),
        b"prepend" => store(line, words, StoreMode::Prepend, false),
        b"cas" => store(line, words, StoreMode::Set, true),
        b"incr" => arithmetic(line, words, false),
        b"decr" => arithmetic(line, words, true),
        b"delete" => delete(line, words),
        b"touch" => touch(line, words),
        b"flush_all" => flush_all(words),
        b"verbosity" => verbosity(words),
        b"version" => local(Local::Version, false),
        b"stats" => local(Local::Stats(line.slice(behind_words(line, 1)..)), false),
        b"quit" => local(Local::Quit, true),
        b"lru_crawler" if words.get(1) == b"metadump" && words.count() > 2 => local(Local::Metadump, false),
        _ if FORBIDDEN.contains(&command) => forbidden(command),
        _ if words.last().starts_with(b"HTTP/") => {
            Refusal::new("CLIENT_ERROR this port speaks memcached, not HTTP", RefusalKind::Http).into()
        }
        _ => Refusal::ERROR.into(),
    }
}

fn forbidden(command: &[u8]) -> Line {
    let line = format!("CLIENT_ERROR {} is not passed on to shared servers", String::from_utf8_lossy(command));
    Refusal::with(line, RefusalKind::Forbidden).into()
}

/// A command that leash answers itself.
fn local(local: Local, quiet: bool) -> Line {
    Call::Local(local, Form { style: Style::Ok, quiet }).into()
}

fn store(line: &Bytes, words: &Words<'_>, mode: StoreMode, cas: bool) -> Line {
    let fewest = 5 + usize::from(cas);
    if words.count() != fewest && words.count() != fewest + 1 {
        return Refusal::ERROR.into();
    }
    let quiet = words.last() == b"noreply";
    let numbers = (|| {
        let flags = number::u32(words.get(2))?;
        let ttl = Exptime::read(words.get(3))?;
        let len = value_length(words.get(4))?;
        let unique = if cas { Some(number::u64(words.get(5))?) } else { None };
        Some((flags, ttl, len, unique))
    })();
    let Some((client_flags, ttl, len, compare_cas)) = numbers else {
        return Refusal::BAD_FORMAT.quiet(quiet).into();
    };
    if words.get(1).len() > super::key::MAX_KEY {
        return Refusal::BAD_FORMAT.quiet(quiet).into();
    }
    let Ok(key) = Key::text(line.slice_ref(words.get(1))) else {
        return Line::Swallow { refusal: Refusal::BAD_FORMAT.quiet(quiet), len };
    };
    let store = Store { mode, client_flags, ttl: Some(ttl), compare_cas, ..Store::default() };
    Line::Value {
        request: Request { key, command: Command::Store(store) },
        form: Form { style: Style::Store, quiet },
        len,
    }
}

/// The key of a command that has no value behind it.
fn key(line: &Bytes, word: &[u8], quiet: bool) -> Result<Key, Refusal> {
    Key::text(line.slice_ref(word)).map_err(|_| Refusal::BAD_FORMAT.quiet(quiet))
}

fn arithmetic(line: &Bytes, words: &Words<'_>, decrement: bool) -> Line {
    if !(3..=4).contains(&words.count()) {
        return Refusal::ERROR.into();
    }
    let quiet = words.last() == b"noreply";
    let key = match key(line, words.get(1), quiet) {
        Ok(key) => key,
        Err(refusal) => return refusal.into(),
    };
    let Some(delta) = number::u64(words.get(2)) else {
        let refusal = Refusal::new("CLIENT_ERROR invalid numeric delta argument", RefusalKind::Malformed);
        return refusal.quiet(quiet).into();
    };
    let arithmetic = Arithmetic { decrement, delta, returns: Returns::VALUE, ..Arithmetic::default() };
    one(key, Command::Arithmetic(arithmetic), Style::Arithmetic, quiet)
}

fn delete(line: &Bytes, words: &Words<'_>) -> Line {
    if !(2..=4).contains(&words.count()) {
        return Refusal::ERROR.into();
    }
    let holds = words.get(2) == b"0";
    let quiet = words.count() > 2 && words.last() == b"noreply";
    let valid = match words.count() {
        2 => true,
        3 => holds || quiet,
        _ => holds && quiet,
    };
    if !valid {
        let usage = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";
        return Refusal::new(usage, RefusalKind::Malformed).quiet(quiet).into();
    }
    match key(line, words.get(1), quiet) {
        Ok(key) => one(key, Command::Delete(Delete::default()), Style::Delete, quiet),
        Err(refusal) => refusal.into(),
    }
}

fn touch(line: &Bytes, words: &Words<'_>) -> Line {
    if !(3..=4).contains(&words.count()) {
        return Refusal::ERROR.into();
    }
    let quiet = words.last() == b"noreply";
    let key = match key(line, words.get(1), quiet) {
        Ok(key) => key,
        Err(refusal) => return refusal.into(),
    };
    let Some(exptime) = Exptime::read(words.get(2)) else {
        return Refusal::BAD_EXPTIME.quiet(quiet).into();
    };
    one(key, Command::Get(Get { touch: Some(exptime), ..Get::default() }), Style::Touch, quiet)
}

fn one(key: Key, command: Command, style: Style, quiet: bool) -> Line {
    Call::One(Request { key, command }, Form { style, quiet }).into()
}

fn flush_queue(line: &Bytes, words: &Words<'_>) -> Line {
    if words.count() != 2 {
        return Refusal::ERROR.into();
    }
    match key(line, words.get(1), false) {
        Ok(key) => {
            let command = Command::Delete(Delete { drop_value: true, ..Delete::default() });
            Call::FlushQueue(Request { key, command }, Form { style: Style::FlushQueue, quiet: false }).into()
        }
        Err(refusal) => refusal.into(),
    }
}

fn flush_all(words: &Words<'_>) -> Line {
    if words.count() > 3 {
        return Refusal::ERROR.into();
    }
    let quiet = words.last() == b"noreply";
    let given = words.count() != 1 + usize::from(quiet);
    let delay = if given { Exptime::read(words.get(1)) } else { Some(Exptime::NEVER) };
    match delay {
        Some(delay) => Call::FlushAll(delay, Form { style: Style::Ok, quiet }).into(),
        None => Refusal::BAD_EXPTIME.quiet(quiet).into(),
    }
}

fn verbosity(words: &Words<'_>) -> Line {
    if !(2..=3).contains(&words.count()) {
        return Refusal::ERROR.into();
    }
    let quiet = words.last() == b"noreply";
    match number::u32(words.get(1)) {
        Some(_) => local(Local::Verbosity, quiet),
        None => Refusal::BAD_FORMAT.quiet(quiet).into(),
    }
}
