//! memcached's binary protocol, as clients speak it: packets to [`Call`](super::Call)s, [`Reply`](super::Reply)s to
//! packets. Everything in between is the same as for text; servers are never spoken to like this.
//!
//! ```text
//!   packet ─▶ decoder ─▶ header ─▶ packet ─▶ Call          opcode, status: the words of the protocol
//!   packet ◀─ encode, stats  ◀─ Reply
//! ```
//! The contract is `doc/protocol-binary.xml` of memcached, and where it is silent or old `proto_bin.c`.

mod decoder;
pub(super) mod encode;
mod header;
pub(super) mod opcode;
mod packet;
pub(super) mod sasl;
pub(super) mod stats;
mod status;
pub(super) mod who;

pub(super) use decoder::BinaryDecoder;

/// The first byte of every packet of a client, and of no line of text.
pub(super) const MAGIC: u8 = header::REQUEST;
