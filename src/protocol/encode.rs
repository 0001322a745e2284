//! The downstream encoder: a [`Reply`] in the words the client's [`Form`] asks for.

use std::ops::Range;

use bytes::Bytes;

use super::binary::encode::encode as encode_packet;
use super::binary::stats::stats as stats_packets;
use super::form::{Form, MetaVerb, Style};
use super::key::Key;
use super::number;
use super::output::Output;
use super::reply::{Internals, Item, Reply};
use super::words;

/// Writes the whole answer to a command about one key.
///
/// A read that failed is a miss, as a dead server's keys are to any client; a write that failed says why.
pub fn encode_reply(form: &Form, key: &Key, reply: &Reply, out: &mut Output) {
    match &form.style {
        Style::Get { cas } => {
            if let Reply::Error(line) = reply {
                return push_line(out, line);
            }
            if let Reply::Hit(Item { value: Some(value), client_flags, cas: unique, .. }) = reply {
                encode_value(key, *client_flags, cas.then_some(*unique), value, 0..value.len(), out);
            }
            encode_end(out);
        }
        Style::Meta { verb, flags } => meta(*verb, flags, form.quiet, key, reply, out),
        Style::Binary(packet) => encode_packet(packet, form.quiet, key.as_bytes(), reply, out),
        _ if form.quiet => {}
        style => classic(style, reply, out),
    }
}

/// Writes the whole answer to a command that is about no item, or was refused before it was asked of one.
pub fn encode_general(form: &Form, reply: &Reply, out: &mut Output) {
    match (&form.style, reply) {
        (Style::Binary(packet), _) => encode_packet(packet, form.quiet, b"", reply, out),
        (Style::Meta { .. }, _) => push_failure(out, reply),
        _ if form.quiet => {}
        (Style::Noop, Reply::Done) => push_line(out, b"MN"),
        (_, Reply::Done) => push_line(out, b"OK"),
        (_, Reply::Version(version)) => {
            out.text().extend_from_slice(b"VERSION ");
            push_line(out, version);
        }
        _ => push_failure(out, reply),
    }
}

/// The answer to `stats`, which is lines, as the client wants it.
pub(crate) fn encode_stats(form: &Form, lines: Vec<u8>) -> Vec<u8> {
    match &form.style {
        Style::Binary(packet) => stats_packets(packet, &lines),
        _ => lines,
    }
}

/// Writes one hit of a classic get, with the CAS unique for gets and gats. Its value is a part of `whole`.
pub fn encode_value(
    key: &Key,
    client_flags: u32,
    cas: Option<u64>,
    whole: &Bytes,
    value: Range<usize>,
    out: &mut Output,
) {
    let text = out.text();
    text.reserve(key.as_bytes().len() + value.len().min(Output::APART_FROM) + 64);
    text.extend_from_slice(b"VALUE ");
    text.extend_from_slice(key.as_bytes());
    number::push_word(text, client_flags);
    match cas {
        None => number::push_last_word(text, value.len()),
        Some(unique) => {
            number::push_word(text, value.len());
            number::push_last_word(text, unique);
        }
    }
    out.push_part(whole, value);
    out.text().extend_from_slice(b"\r\n");
}

/// Ends the answer to a classic get.
pub fn encode_end(out: &mut Output) {
    out.text().extend_from_slice(b"END\r\n");
}

fn push_line(out: &mut Output, line: &[u8]) {
    out.text().extend_from_slice(line);
    out.text().extend_from_slice(b"\r\n");
}

/// The lines of failures no style has words of its own for.
fn push_failure(out: &mut Output, reply: &Reply) {
    match reply {
        Reply::Error(line) => push_line(out, line),
        Reply::Failed(failure) => push_line(out, format!("SERVER_ERROR {failure}").as_bytes()),
        // A server can say what memcached would not: that an unconditional delete met another CAS unique.
        _ => push_line(out, b"SERVER_ERROR unexpected reply"),
    }
}

fn classic(style: &Style, reply: &Reply, out: &mut Output) {
    let line: &[u8] = match (style, reply) {
        (Style::Store, Reply::Hit(_)) => b"STORED",
        (Style::Store, Reply::NotStored) => b"NOT_STORED",
        (Style::Store, Reply::Exists) => b"EXISTS",
        (Style::Delete, Reply::Hit(_)) => b"DELETED",
        (Style::FlushQueue, Reply::Hit(_)) => b"END",
        (Style::Touch, Reply::Hit(_)) => b"TOUCHED",
        (Style::Store | Style::Delete | Style::Arithmetic, Reply::NotFound) | (Style::Touch, Reply::Miss) => {
            b"NOT_FOUND"
        }
        (Style::Arithmetic, Reply::Hit(Item { value: Some(value), .. })) => return push_line(out, value),
        _ => return push_failure(out, reply),
    };
    push_line(out, line);
}

fn meta(verb: MetaVerb, flags: &[u8], quiet: bool, key: &Key, reply: &Reply, out: &mut Output) {
    let nominal = match verb {
        MetaVerb::Get => matches!(reply, Reply::Miss | Reply::Failed(_)),
        MetaVerb::Store | MetaVerb::Delete | MetaVerb::Arithmetic => matches!(reply, Reply::Hit(_)),
        MetaVerb::Debug => false,
    };
    if quiet && nominal {
        return;
    }
    let none = Item::default();
    let (code, item): (&[u8], &Item) = match reply {
        Reply::Hit(Item { value: Some(value), .. }) => return meta_value(verb, flags, key, reply, value, out),
        Reply::Hit(item) => (b"HD", item),
        Reply::Failed(_) if matches!(verb, MetaVerb::Get | MetaVerb::Debug) => (b"EN", &none),
        Reply::Miss => (b"EN", &none),
        Reply::NotFound => (b"NF", &none),
        Reply::NotStored => (b"NS", &none),
        Reply::Exists => (b"EX", &none),
        Reply::Debug(internals) => return debug(key, internals, out),
        Reply::Done | Reply::Version(_) | Reply::Error(_) | Reply::Failed(_) => return push_failure(out, reply),
    };
    out.text().extend_from_slice(code);
    return_flags(verb, flags, key, reply, item, out.text());
    out.text().extend_from_slice(b"\r\n");
}

fn meta_value(verb: MetaVerb, flags: &[u8], key: &Key, reply: &Reply, value: &Bytes, out: &mut Output) {
    let Reply::Hit(item) = reply else { return };
    let text = out.text();
    text.extend_from_slice(b"VA ");
    number::push(text, value.len());
    return_flags(verb, flags, key, reply, item, text);
    text.extend_from_slice(b"\r\n");
    out.push_value(value);
    out.text().extend_from_slice(b"\r\n");
}

/// The key is spelt as the item was stored, which need not be as it was asked for.
fn debug(key: &Key, internals: &Internals, out: &mut Output) {
    let text = out.text();
    text.extend_from_slice(b"ME ");
    key.spell(internals.binary_key || !key.fits_a_line(), text);
    text.push(b' ');
    push_line(out, &internals.facts);
}

/// Repeats the client's flags in its order, with what the item has to say to each.
fn return_flags(verb: MetaVerb, flags: &[u8], key: &Key, reply: &Reply, item: &Item, text: &mut Vec<u8>) {
    let hit = matches!(reply, Reply::Hit(_));
    for word in words::each(flags) {
        match (word[0], verb) {
            (b'O', _) => {
                text.push(b' ');
                text.extend_from_slice(word);
            }
            (b'k', _) => key_flag(text, key),
            (b'c', MetaVerb::Store) => fact(text, b'c', item.cas),
            (b'c', MetaVerb::Get | MetaVerb::Arithmetic) if hit => fact(text, b'c', item.cas),
            (b't', MetaVerb::Get | MetaVerb::Arithmetic) if hit => fact(text, b't', item.ttl),
            (b's', MetaVerb::Get) if hit => fact(text, b's', item.size),
            (b'f', MetaVerb::Get) if hit => fact(text, b'f', item.client_flags),
            (b'l', MetaVerb::Get) if hit => fact(text, b'l', item.last_access),
            (b'h', MetaVerb::Get) if hit => fact(text, b'h', u8::from(item.fetched)),
            _ => {}
        }
    }
    for &mark in item.marks.iter().take_while(|&&mark| mark != 0) {
        text.extend_from_slice(&[b' ', mark]);
    }
}

fn fact(text: &mut Vec<u8>, letter: u8, value: impl number::Number) {
    text.extend_from_slice(&[b' ', letter]);
    number::push(text, value);
}

/// The key as it was asked for. No server is asked how the item was stored: memcached forgets that of some, and repeats
/// their keys as they are, line ends and all.
fn key_flag(text: &mut Vec<u8>, key: &Key) {
    text.extend_from_slice(b" k");
    key.spell(key.is_binary(), text);
    if key.is_binary() {
        text.extend_from_slice(b" b");
    }
}
