//! The upstream encoder: a [`Request`] as the meta command that asks it of a memcached server.
//!
//! Nothing is ever asked quietly: every question has exactly one answer, so answers can be told apart by their order.
//! Each about a key also carries a [`Token`] (`O`) that its answer must repeat, which turns a slip in that order, and a
//! line that a client forged, from a foreign value into a closed connection.

use super::expected::Expected;
use super::exptime::Exptime;
use super::key::Key;
use super::number;
use super::output::Output;
use super::request::{Arithmetic, Command, Delete, Get, Request, Returns, Store, StoreMode};
use super::token::Token;

/// One question to a server.
#[derive(Clone, Copy, Debug)]
pub enum Question<'q> {
    /// A command about a key.
    Ask(&'q Request),
    /// `flush_all`, in so many seconds; the one command without a meta form.
    FlushAll(Exptime),
    /// `mn`: are you there, and do you speak meta?
    Noop,
    /// `version`: since when?
    Version,
}

impl Question<'_> {
    /// What may be answered.
    #[inline]
    pub fn expected(&self) -> Expected {
        match self {
            Question::FlushAll(_) => Expected::Ok,
            Question::Noop => Expected::Noop,
            Question::Version => Expected::Version,
            Question::Ask(request) => match &request.command {
                Command::Get(get) if get.returns.has(Returns::VALUE) => Expected::Value,
                Command::Get(_) => Expected::Facts,
                Command::Store(_) => Expected::Store,
                Command::Delete(_) => Expected::Delete,
                Command::Arithmetic(_) => Expected::Arithmetic,
                Command::Debug => Expected::Debug(Box::new(request.key.clone())),
            },
        }
    }

    /// Appends the command to `out`; its answer will repeat `token`.
    pub fn encode(&self, token: Token, out: &mut Output) {
        match self {
            Question::FlushAll(delay) => flush_all(out.text(), *delay),
            Question::Noop => out.text().extend_from_slice(b"mn"),
            Question::Version => out.text().extend_from_slice(b"version"),
            Question::Ask(request) => return ask(request, token, out),
        }
        out.text().extend_from_slice(LINE_END);
    }
}

const LINE_END: &[u8; 2] = b"\r\n";
const VALUE_AND_FLAGS: Returns = Returns::VALUE.and(Returns::FLAGS);

fn flush_all(text: &mut Vec<u8>, delay: Exptime) {
    text.extend_from_slice(b"flush_all ");
    number::push(text, delay.as_written());
}

fn ask(request: &Request, token: Token, out: &mut Output) {
    let text = out.text();
    match &request.command {
        Command::Get(command) if is_common(&request.key, command) => return common_get(&request.key, token, text),
        Command::Get(command) => get(&request.key, command, text),
        Command::Store(command) => store(&request.key, command, text),
        Command::Delete(command) => delete(&request.key, command, text),
        Command::Arithmetic(command) => arithmetic(&request.key, command, text),
        Command::Debug => return debug(&request.key, text),
    }
    end(text, token);
    if let Command::Store(store) = &request.command {
        out.push_value(&store.value);
        out.text().extend_from_slice(LINE_END);
    }
}

/// Ends a line that its answer is known by.
#[inline]
fn end(text: &mut Vec<u8>, token: Token) {
    const AT: usize = b" O".len();
    let mut end = *b" O        \r\n";
    end[AT..AT + Token::LEN].copy_from_slice(token.as_bytes());
    text.extend_from_slice(&end);
}

/// Whether it is `mg <key> v f`, as almost all gets are.
#[inline]
fn is_common(key: &Key, get: &Get) -> bool {
    get.returns == VALUE_AND_FLAGS && only_tells(get) && !key.is_binary()
}

/// Such a get, with the end of its line. Written in three pieces it costs half of what it costs flag by flag.
#[inline]
fn common_get(key: &Key, token: Token, text: &mut Vec<u8>) {
    const AT: usize = b" v f O".len();
    let mut end = *b" v f O        \r\n";
    end[AT..AT + Token::LEN].copy_from_slice(token.as_bytes());
    text.extend_from_slice(b"mg ");
    text.extend_from_slice(key.as_bytes());
    text.extend_from_slice(&end);
}

fn open(text: &mut Vec<u8>, command: &[u8; 3], key: &Key) {
    text.extend_from_slice(command);
    key.spell(key.is_binary(), text);
    given(text, b'b', key.is_binary());
}

/// The one command about a key that has no token, and whose answer repeats the key.
fn debug(key: &Key, text: &mut Vec<u8>) {
    text.extend_from_slice(b"me ");
    key.spell(!key.fits_a_line(), text);
    text.extend_from_slice(LINE_END);
}

fn flag(text: &mut Vec<u8>, letter: u8, argument: impl number::Number) {
    text.extend_from_slice(&[b' ', letter]);
    number::push(text, argument);
}

fn time(text: &mut Vec<u8>, letter: u8, exptime: Option<Exptime>) {
    maybe(text, letter, exptime.map(Exptime::as_written));
}

fn maybe(text: &mut Vec<u8>, letter: u8, argument: Option<impl number::Number>) {
    if let Some(argument) = argument {
        flag(text, letter, argument);
    }
}

fn given(text: &mut Vec<u8>, letter: u8, is_given: bool) {
    if is_given {
        text.extend_from_slice(&[b' ', letter]);
    }
}

/// The flags that ask for facts, but for the remaining TTL after the change, which has to stand last.
#[inline]
fn facts(text: &mut Vec<u8>, asked: Returns) {
    if asked == VALUE_AND_FLAGS.and(Returns::CAS) {
        return text.extend_from_slice(b" v f c");
    }
    if asked == VALUE_AND_FLAGS.and(Returns::TTL_BEFORE) {
        return text.extend_from_slice(b" v f t");
    }
    const LETTERS: [(Returns, u8); 7] = [
        (Returns::VALUE, b'v'),
        (Returns::FLAGS, b'f'),
        (Returns::CAS, b'c'),
        (Returns::SIZE, b's'),
        (Returns::HIT, b'h'),
        (Returns::LAST_ACCESS, b'l'),
        (Returns::TTL_BEFORE, b't'),
    ];
    for (fact, letter) in LETTERS {
        given(text, letter, asked.has(fact));
    }
}

/// The facts a store can tell. memcached refuses a line of 20 words without swallowing the value behind it, which it
/// would then take for commands: so a store never asks for what it is not told anyway.
fn outcome(text: &mut Vec<u8>, asked: Returns) {
    facts(text, asked.only(Returns::CAS));
}

fn get(key: &Key, get: &Get, text: &mut Vec<u8>) {
    open(text, b"mg ", key);
    facts(text, get.returns);
    if only_tells(get) {
        return;
    }
    given(text, b'u', get.no_bump);
    maybe(text, b'E', get.new_cas);
    time(text, b'T', get.touch.filter(|_| !get.touch_last));
    time(text, b'R', get.recache);
    time(text, b'T', get.touch.filter(|_| get.touch_last));
    time(text, b'N', get.vivify);
    given(text, b't', get.returns.has(Returns::TTL));
}

/// Whether it asks for facts and nothing else, as almost all gets do.
#[inline]
fn only_tells(get: &Get) -> bool {
    let Get { touch, vivify, recache, new_cas, no_bump, returns, .. } = get;
    let changes = touch.is_some() || vivify.is_some() || recache.is_some() || new_cas.is_some();
    !changes && !no_bump && !returns.has(Returns::TTL)
}

fn store(key: &Key, store: &Store, text: &mut Vec<u8>) {
    text.extend_from_slice(b"ms ");
    key.spell(key.is_binary(), text);
    text.push(b' ');
    number::push(text, store.value.len());
    given(text, b'b', key.is_binary());
    outcome(text, store.returns);
    if store.client_flags != 0 {
        flag(text, b'F', store.client_flags);
    }
    if store.ttl != Some(Exptime::NEVER) {
        time(text, b'T', store.ttl);
    }
    maybe(text, b'C', store.compare_cas);
    maybe(text, b'E', store.new_cas);
    time(text, b'N', store.vivify);
    given(text, b'I', store.invalidate);
    let mode = match store.mode {
        StoreMode::Set => return,
        StoreMode::Add => b" ME",
        StoreMode::Replace => b" MR",
        StoreMode::Append => b" MA",
        StoreMode::Prepend => b" MP",
    };
    text.extend_from_slice(mode);
}

fn delete(key: &Key, delete: &Delete, text: &mut Vec<u8>) {
    open(text, b"md ", key);
    maybe(text, b'C', delete.compare_cas);
    maybe(text, b'E', delete.new_cas);
    given(text, b'I', delete.invalidate);
    time(text, b'T', delete.ttl);
    given(text, b'x', delete.drop_value);
}

fn arithmetic(key: &Key, arithmetic: &Arithmetic, text: &mut Vec<u8>) {
    open(text, b"ma ", key);
    facts(text, arithmetic.returns);
    flag(text, b'D', arithmetic.delta);
    if arithmetic.decrement {
        text.extend_from_slice(b" MD");
    }
    maybe(text, b'C', arithmetic.compare_cas);
    maybe(text, b'E', arithmetic.new_cas);
    if arithmetic.vivify.is_some() {
        flag(text, b'J', arithmetic.initial);
    }
    time(text, b'T', arithmetic.ttl);
    time(text, b'N', arithmetic.vivify);
    given(text, b't', arithmetic.returns.has(Returns::TTL));
}
