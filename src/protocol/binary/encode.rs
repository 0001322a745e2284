//! A [`Reply`] as the packet that answers a [`Packet`].
//!
//! A quiet form leaves out one outcome: of a read the miss, of everything else the success. Errors are told all the same.

use super::header::push_response;
use super::opcode::{BinaryVerb, Packet};
use super::status::BinaryStatus;
use crate::protocol::number;
use crate::protocol::output::Output;
use crate::protocol::reply::{Item, Reply};

/// Writes the whole answer to a packet: about the item with this key, or about none.
///
/// As in text, a read that failed is a miss, and a write that failed says why.
pub(in crate::protocol) fn encode(packet: &Packet, quiet: bool, key: &[u8], reply: &Reply, out: &mut Output) {
    match reply {
        Reply::Hit(item) if packet.verb.reads() => found(packet, key, item, out),
        Reply::Miss | Reply::NotFound | Reply::Failed(_) if packet.verb.reads() => missed(packet, quiet, key, out),
        Reply::Hit(_) | Reply::Done | Reply::Version(_) if quiet => {}
        Reply::Hit(item) => done(packet, item, reply, out),
        Reply::Done => push_response(packet, BinaryStatus::Success, (0, 0, 0), stored(packet.verb, 0), out.text()),
        Reply::Version(version) => {
            push_response(packet, BinaryStatus::Success, (0, 0, version.len()), 0, out.text());
            out.text().extend_from_slice(version);
        }
        _ => refused(packet, reply, out),
    }
}

/// The CAS unique of an item whose own leash does not know. To a binary client 0 would say that its store need not compare.
const NO_ITEMS: u64 = (1 << 53) - 1;

fn told(cas: u64) -> u64 {
    if cas == 0 { NO_ITEMS } else { cas }
}

/// What a success says of the item: of one that was stored its CAS unique, also where another client's delete or store
/// overtook it and leash dropped it.
fn stored(verb: BinaryVerb, cas: u64) -> u64 {
    use BinaryVerb::{Add, Append, Prepend, Replace, Set};
    if matches!(verb, Set | Add | Replace | Append | Prepend) { told(cas) } else { cas }
}

fn found(packet: &Packet, key: &[u8], item: &Item, out: &mut Output) {
    let cas = told(item.cas);
    let key = if packet.verb.repeats_key() { key } else { &[] };
    let value = item.value.as_ref();
    let len = value.map_or(0, |value| value.len());
    let text = out.text();
    text.reserve(28 + key.len() + len.min(Output::APART_FROM));
    push_response(packet, BinaryStatus::Success, (4, key.len(), len), cas, text);
    text.extend_from_slice(&item.client_flags.to_be_bytes());
    text.extend_from_slice(key);
    if let Some(value) = value {
        out.push_value(value);
    }
}

fn missed(packet: &Packet, quiet: bool, key: &[u8], out: &mut Output) {
    if quiet {
        return;
    }
    if !packet.verb.repeats_key() {
        return refused(packet, &Reply::Miss, out);
    }
    push_response(packet, BinaryStatus::NotFound, (0, key.len(), 0), 0, out.text());
    out.text().extend_from_slice(key);
}

/// The success of what reads no value.
fn done(packet: &Packet, item: &Item, reply: &Reply, out: &mut Output) {
    let text = out.text();
    match packet.verb {
        BinaryVerb::Touch => {
            push_response(packet, BinaryStatus::Success, (4, 0, 0), item.cas, text);
            text.extend_from_slice(&item.client_flags.to_be_bytes());
        }
        BinaryVerb::Increment | BinaryVerb::Decrement => match item.value.as_deref().and_then(number::plain) {
            Some(count) => {
                push_response(packet, BinaryStatus::Success, (0, 0, 8), item.cas, text);
                text.extend_from_slice(&count.to_be_bytes());
            }
            None => refused(packet, reply, out),
        },
        _ => push_response(packet, BinaryStatus::Success, (0, 0, 0), stored(packet.verb, item.cas), text),
    }
}

fn refused(packet: &Packet, reply: &Reply, out: &mut Output) {
    let (status, words) = BinaryStatus::of(packet.verb, reply);
    push_response(packet, status, (0, 0, words.len()), 0, out.text());
    out.text().extend_from_slice(&words);
}
