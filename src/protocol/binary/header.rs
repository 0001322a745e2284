//! The 24 bytes that every packet begins with, both ways (memcached, `doc/protocol-binary.xml`).
//!
//! ```text
//!   magic 1 | opcode 1 | key length 2 | extras length 1 | data type 1 | status 2 | body length 4 | opaque 4 | CAS 8
//!   then the body: extras, key, value                                   (status: of a response only)
//! ```
//! As memcached does, leash looks neither at the data type of a request nor at the two bytes behind it.

use super::opcode::{BinaryVerb, Packet};
use super::status::BinaryStatus;
use super::who::Door;
use crate::protocol::call::{Refusal, RefusalKind};
use crate::protocol::form::{Form, Style};
use crate::protocol::key::MAX_KEY;

/// The length of a header.
pub(super) const HEADER: usize = 24;
/// The first byte of a request.
pub(super) const REQUEST: u8 = 0x80;
/// The first byte of a response.
const RESPONSE: u8 = 0x81;
/// No body is longer, whatever `item_size` may be (`ITEM_SIZE_MAX_UPPER_LIMIT`).
const LONGEST_BODY: usize = 1 << 30;

/// The header of a request, held to what a packet of its kind may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestHeader {
    pub packet: Packet,
    pub quiet: bool,
    pub extras: usize,
    pub key: usize,
    pub value: usize,
    pub cas: Option<u64>,
}

impl RequestHeader {
    /// Reads one. What can be none leaves unknown where the next begins, so the connection ends.
    pub(super) fn read(bytes: &[u8; HEADER], door: Door) -> Result<RequestHeader, Refusal> {
        let [magic, opcode, k0, k1, extras, _, _, _, b0, b1, b2, b3, o0, o1, o2, o3, cas @ ..] = *bytes;
        let (verb, quiet) = BinaryVerb::of(opcode);
        let packet = Packet { verb, opcode, opaque: [o0, o1, o2, o3] };
        if magic != REQUEST {
            return Err(NO_PACKET.quiet(true));
        }
        let (extras, key) = (usize::from(extras), usize::from(u16::from_be_bytes([k0, k1])));
        let body = u32::from_be_bytes([b0, b1, b2, b3]) as usize;
        let Some(value) = body.checked_sub(extras + key) else {
            return Err(broken(UNKNOWN, packet));
        };
        if door == Door::Locked && verb.needs_login() {
            return Err(broken(UNAUTHENTICATED, packet));
        }
        if body > LONGEST_BODY || key > MAX_KEY || !verb.allows(extras, key, value) {
            return Err(broken(INVALID, packet));
        }
        let cas = Some(u64::from_be_bytes(cas)).filter(|&cas| cas != 0);
        Ok(RequestHeader { packet, quiet, extras, key, value, cas })
    }

    /// How to answer it.
    pub(super) fn form(&self) -> Form {
        Form { style: Style::Binary(self.packet), quiet: self.quiet }
    }
}

/// What follows is no packet: memcached hangs up without a word, as it is unknown what that would be an answer to.
pub(super) const NO_PACKET: Refusal = Refusal::new("CLIENT_ERROR not a packet", RefusalKind::Packet);
/// memcached's words for an opcode that it does not know.
pub(super) const UNKNOWN: &str = "ERROR Unknown command";
pub(super) const INVALID: &str = "CLIENT_ERROR Invalid arguments";
/// What a client hears that must say first who it is. memcached then hangs up.
const UNAUTHENTICATED: &str = "CLIENT_ERROR unauthenticated";

fn broken(line: &'static str, packet: Packet) -> Refusal {
    refusal(line, RefusalKind::Packet, packet)
}

/// A refusal of a packet in the words of a text client, which the encoder translates.
pub(super) fn refusal(line: &'static str, kind: RefusalKind, packet: Packet) -> Refusal {
    Refusal { form: Form { style: Style::Binary(packet), quiet: false }, ..Refusal::new(line, kind) }
}

/// Appends the header of a response whose body has parts of these lengths.
pub(super) fn push_response(
    packet: &Packet,
    status: BinaryStatus,
    (extras, key, value): (u8, usize, usize),
    cas: u64,
    text: &mut Vec<u8>,
) {
    let mut bytes = [0; HEADER];
    let body = usize::from(extras) + key + value;
    (bytes[0], bytes[1], bytes[4]) = (RESPONSE, packet.opcode, extras);
    bytes[2..4].copy_from_slice(&(key as u16).to_be_bytes());
    bytes[6..8].copy_from_slice(&(status as u16).to_be_bytes());
    bytes[8..12].copy_from_slice(&(body as u32).to_be_bytes());
    bytes[12..16].copy_from_slice(&packet.opaque);
    bytes[16..].copy_from_slice(&cas.to_be_bytes());
    text.extend_from_slice(&bytes);
}
