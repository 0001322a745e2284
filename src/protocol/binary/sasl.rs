//! SASL as packets, as memcached has them (`-S`).

use bytes::BytesMut;

use super::header::{HEADER, INVALID, RequestHeader, push_response, refusal};
use super::opcode::BinaryVerb;
use super::status::BinaryStatus;
use super::who::{SaslAnswer, SaslWord};
use crate::protocol::call::{Call, Local, RefusalKind};
use crate::protocol::form::{Form, Style};

/// The longest name of a mechanism (`MAX_SASL_MECH_LEN`).
const LONGEST_MECHANISM: usize = 32;
/// No name and password that leash knows are longer together.
const LONGEST_MESSAGE: usize = 2048;

/// Takes a packet of SASL off the front of `buffer`; `None` until all of it is there that is looked at. With how many bytes
/// are to be swallowed behind it.
pub(super) fn read(header: &RequestHeader, buffer: &mut BytesMut) -> Option<(Call, usize)> {
    let whole = HEADER + header.key + header.value;
    let is_long = header.key > LONGEST_MECHANISM || header.value > LONGEST_MESSAGE;
    if is_long {
        let _ = buffer.split_to(HEADER);
        return Some((too_long(header), whole - HEADER));
    }
    if buffer.len() < whole {
        return None;
    }
    let mut said = buffer.split_to(whole).freeze().slice(HEADER..);
    let mechanism = said.split_to(header.key);
    let word = match header.packet.verb {
        BinaryVerb::SaslStart => SaslWord::Start(mechanism, said),
        BinaryVerb::SaslStep => SaslWord::Step(said),
        _ => SaslWord::Mechanisms,
    };
    Some((Call::Local(Local::Sasl(word), header.form()), 0))
}

fn too_long(header: &RequestHeader) -> Call {
    match header.key > LONGEST_MECHANISM {
        true => Call::Refused(refusal(INVALID, RefusalKind::Malformed, header.packet)),
        false => Call::Local(Local::Sasl(SaslWord::TooLong), header.form()),
    }
}

/// The packet that tells it.
pub(crate) fn encode_sasl(form: &Form, answer: SaslAnswer) -> Vec<u8> {
    let mut out = Vec::new();
    // Only packets are asked about.
    let Style::Binary(packet) = &form.style else { return out };
    let (status, words) = match answer {
        SaslAnswer::Mechanisms => (BinaryStatus::Success, "PLAIN"),
        SaslAnswer::LetIn => (BinaryStatus::Success, "Authenticated"),
        SaslAnswer::GoOn => (BinaryStatus::GoOn, ""),
        SaslAnswer::Refused => (BinaryStatus::Denied, BinaryStatus::Denied.words()),
    };
    push_response(packet, status, (0, 0, words.len()), 0, &mut out);
    out.extend_from_slice(words.as_bytes());
    out
}
