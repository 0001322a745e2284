//! The binary half of the downstream decoder: what must hold of text must hold of packets, and where they end is not for
//! leash to judge.

use super::requests::{Decoded, decode, is_safe};
use super::wire::{is_one_packet, written};
use super::{pieces, splits};
use leash::protocol::{Call, Form, Output, Packet, Reply, Style, encode_general};

/// Whatever a client of the binary protocol says: any split of it gives the same calls, each is about the packet that
/// stands at its place, and safe to act on.
pub fn hold(bytes: &[u8]) {
    // The first byte of a connection says that it is binary.
    let bytes = [&[0x80], bytes.get(1..).unwrap_or_default()].concat();
    let [whole, others @ ..] = splits(&bytes).map(|lengths| decode(&pieces(&bytes, &lengths)));
    for other in others {
        assert_eq!(other, whole, "the split into reads matters");
    }
    is_framed(&bytes, &whole);
    whole.calls.iter().for_each(is_safe);
    whole.calls.iter().for_each(is_answered_once);
}

/// Each call is about the packet that begins where the one before it ends, by the lengths in their headers alone.
fn is_framed(bytes: &[u8], decoded: &Decoded) {
    let mut at = 0;
    for call in &decoded.calls {
        let Some(packet) = packet(call) else {
            assert!(decoded.end.is_none(), "a call about no packet, and it goes on");
            return;
        };
        let header = &bytes[at..at + 24];
        assert_eq!((header[0], header[1], &header[12..16]), (0x80, packet.opcode, &packet.opaque[..]));
        at += 24 + u32::from_be_bytes([header[8], header[9], header[10], header[11]]) as usize;
    }
    assert!(decoded.end.is_none() || decoded.calls.len() <= bytes.len() / 24);
}

fn packet(call: &Call) -> Option<&Packet> {
    match &form(call).style {
        Style::Binary(packet) => Some(packet),
        _ => None,
    }
}

fn form(call: &Call) -> &Form {
    match call {
        Call::One(_, form)
        | Call::FlushQueue(_, form)
        | Call::Many(_, _, form)
        | Call::Spoilt(_, _, form)
        | Call::FlushAll(_, form)
        | Call::TooLarge(_, form)
        | Call::Local(_, form) => form,
        Call::Refused(refusal) => &refusal.form,
    }
}

/// What is told of no item is one packet, or nothing where it is a success that was not to be told.
fn is_answered_once(call: &Call) {
    let Some(packet) = packet(call) else { return };
    let error = Reply::Error("SERVER_ERROR out of memory".into());
    for reply in [Reply::Done, Reply::Version("1.6.18".into()), error.clone()] {
        let mut out = Output::default();
        encode_general(form(call), &reply, &mut out);
        match written(out) {
            silence if silence.is_empty() => assert!(form(call).quiet && reply != error, "no answer to {call:?}"),
            bytes => is_one_packet(&bytes, packet),
        }
    }
}
