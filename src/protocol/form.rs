//! How a client wants its answer written: the little that must be remembered of a request to spell its reply.

use bytes::Bytes;

/// The shape of the reply one command gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Which encoder writes it.
    pub style: Style,
    /// Classic `noreply`: no reply is written, not even an error. Meta `q`: the nominal outcome is not written.
    pub quiet: bool,
}

/// The command a reply is written for.
#[derive(Clone, Debug, PartialEq)]
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
    /// Classic incr and decr.
    Arithmetic,
    /// Classic flush_all and verbosity.
    Ok,
    /// A meta command; its flags as the client wrote them, since the reply repeats them in that order.
    Meta {
        /// Which one.
        verb: MetaVerb,
        /// The flags, separated by spaces.
        flags: Bytes,
    },
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
