//! One whole command off a client's wire.

use std::borrow::Cow;

use bytes::Bytes;

use super::binary::who::SaslWord;
use super::exptime::Exptime;
use super::form::Form;
use super::key::Key;
use super::request::{Get, Request};

/// What a client said.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// A command about one key.
    One(Request, Form),
    /// A read of several keys; the same for each.
    Many(Vec<Key>, Get, Form),
    /// A read of keys behind which something stands that is no key: they are read, as memcached reads them before it
    /// comes to that, and the answer is that the line is wrong.
    Spoilt(Vec<Key>, Get, Form),
    /// `flush_all`, in so many seconds.
    FlushAll(Exptime, Form),
    /// `flush`, which drops all messages of a queue; of no other item.
    FlushQueue(Request, Form),
    /// A store whose value is larger than leash takes. The value was or is being swallowed; what a plain set would
    /// have replaced must go.
    TooLarge(Option<Request>, Form),
    /// A command leash answers itself.
    Local(Local, Form),
    /// A command that cannot be understood or is not allowed.
    Refused(Refusal),
}

/// Commands about leash, not about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// `version`
    Version,
    /// `verbosity`: accepted, without effect.
    Verbosity,
    /// `mn`, binary `noop`
    Noop,
    /// `stats`, with what stands behind it.
    Stats(Bytes),
    /// `lru_crawler metadump`: a list of keys, of which leash has none to tell.
    Metadump,
    /// What a client says of itself, in packets.
    Sasl(SaslWord),
    /// `quit`
    Quit,
}

/// Why a command was not carried out, in the words of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reply as a line of text, without CR LF.
    pub line: Cow<'static, str>,
    /// What metrics count it under.
    pub kind: RefusalKind,
    /// How to write it.
    pub form: Form,
}

/// The kinds of refusals that metrics tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// No such command, or the wrong number of arguments.
    Unknown,
    /// A command with an argument it cannot have.
    Malformed,
    /// A get of more keys than the limit.
    TooManyKeys,
    /// A get whose keys there is no memory for.
    NoMemory,
    /// A command leash never passes on.
    Forbidden,
    /// A line longer than the limit; the connection cannot go on.
    LineTooLong,
    /// HTTP on a memcached port; the connection cannot go on.
    Http,
    /// A packet that none can be; the connection cannot go on.
    Packet,
}

impl RefusalKind {
    /// Whether the connection ends after the reply, because it is unknown where the next command begins.
    pub fn is_fatal(self) -> bool {
        matches!(self, RefusalKind::LineTooLong | RefusalKind::Http | RefusalKind::Packet)
    }
}

impl Refusal {
    /// A refusal of a text command with a fixed line.
    pub const fn new(line: &'static str, kind: RefusalKind) -> Refusal {
        Refusal { line: Cow::Borrowed(line), kind, form: Form::LINE }
    }

    /// memcached's answer to what is no command.
    pub const ERROR: Refusal = Refusal::new("ERROR", RefusalKind::Unknown);
    /// memcached's answer to most bad arguments.
    pub const BAD_FORMAT: Refusal = Refusal::new("CLIENT_ERROR bad command line format", RefusalKind::Malformed);

    /// memcached's answer to an expiry time that is no number.
    pub(super) const BAD_EXPTIME: Refusal =
        Refusal::new("CLIENT_ERROR invalid exptime argument", RefusalKind::Malformed);

    /// A refusal of a text command in words made for the occasion.
    pub(super) fn with(line: String, kind: RefusalKind) -> Refusal {
        Refusal { line: Cow::Owned(line), kind, form: Form::LINE }
    }

    /// The same, unsaid if `quiet`.
    pub fn quiet(mut self, quiet: bool) -> Refusal {
        self.form.quiet = quiet;
        self
    }
}
