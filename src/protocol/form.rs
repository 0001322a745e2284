//! How a client wants its answer written: the little that must be remembered of a request to spell its reply.

use bytes::Bytes;

use super::binary::opcode::Packet;

/// The shape of the reply one command gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Which encoder writes it.
    pub style: Style,
    /// Classic `noreply`: no reply is written, not even an error. Meta `q` and the quiet binary commands: the nominal
    /// outcome is not written.
    pub quiet: bool,
}

/// The command a reply is written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// Classic get and gat; with the CAS unique for gets and gats.
    Get {
        /// Whether each `VALUE` line ends with the CAS unique.
        cas: bool,
    },
    /// Classic set, add, replace, append, prepend, cas.
    Store,
    /// Classic delete.
    Delete,
    /// Classic touch.
    Touch,
    /// Kestrel's `flush`.
    FlushQueue,
    /// Classic incr and decr.
    Arithmetic,
    /// Classic flush_all and verbosity, and whatever is refused as a whole.
    Ok,
    /// `mn`
    Noop,
    /// A meta command; its flags as the client wrote them, since the reply repeats them in that order.
    Meta {
        /// Which one.
        verb: MetaVerb,
        /// The flags, separated by spaces.
        flags: Bytes,
    },
    /// A packet of the binary protocol.
    Binary(Packet),
}

impl Form {
    /// One line of text, about no item.
    pub(super) const LINE: Form = Form { style: Style::Ok, quiet: false };
}

impl Style {
    /// Whether the reader of an item is told its CAS unique, whatever it asked for.
    pub(crate) fn tells_cas(&self) -> bool {
        matches!(self, Style::Get { cas: true } | Style::Binary(_))
    }
}

/// The meta commands that are about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaVerb {
    /// `mg`
    Get,
    /// `ms`
    Store,
    /// `md`
    Delete,
    /// `ma`
    Arithmetic,
    /// `me`
    Debug,
}
