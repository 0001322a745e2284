//! Bytes <-> [`Request`] and [`Reply`]. No socket, no clock, no route.
//!
//! ```text
//!   client bytes ─▶ dialect ─▶ decoder (classic, meta) ─▶ Call { Request, Form } ─▶ question ─▶ server bytes
//!                           └▶ binary ────────────────▶
//!   client bytes ◀─ encode, binary (Form)              ◀─ Reply                  ◀─ answer   ◀─ server bytes
//! ```

mod answer;
mod binary;
mod call;
mod classic;
mod decoder;
mod detach;
mod dialect;
mod eight;
mod encode;
mod expected;
mod exptime;
mod form;
mod key;
mod line;
mod long_read;
mod meta;
pub mod number;
mod output;
mod question;
mod reads;
mod replaced;
mod reply;
mod reply_line;
mod request;
#[cfg(test)]
mod tests;
mod token;
mod uniques;
mod version;
mod words;

pub(crate) use answer::WholeHit;
pub use answer::{AnswerDecoder, Desync};
pub use binary::opcode::{BinaryVerb, Packet};
pub(crate) use binary::sasl::encode_sasl;
pub use binary::who::SaslWord;
pub(crate) use binary::who::{Door, SaslAnswer};
pub use call::{Call, Local, Refusal, RefusalKind};
pub use decoder::Decoded;
pub use detach::detach;
pub use dialect::Decoder;
pub(crate) use dialect::Dialect;
pub(crate) use encode::encode_stats;
pub use encode::{encode_end, encode_general, encode_reply, encode_value};
pub use expected::Expected;
pub use exptime::Exptime;
pub use form::{Form, MetaVerb, Style};
pub use key::{Key, KeyError, MAX_KEY};
pub use line::RequestLimits;
pub use output::{MAX_SLICES, Output};
pub use question::Question;
pub use reply::{Cause, Failure, Internals, Item, Reply};
pub use request::{Arithmetic, Command, CommandClass, Delete, Get, Request, Returns, Store, StoreMode};
pub use token::Token;
pub use uniques::Uniques;
pub use version::VERSION;
