//! Who a client of the binary protocol is: what it says of itself, and what it is told. Who is let in is decided elsewhere.

use bytes::Bytes;

/// Whether a client must say who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Door {
    /// It need not.
    #[default]
    Open,
    /// It must, and has not.
    Locked,
    /// It has.
    Unlocked,
}

/// What a client says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaslWord {
    /// Which mechanisms are there?
    Mechanisms,
    /// The first message by this mechanism; none where it waits to be asked for it.
    Start(Bytes, Bytes),
    /// The next message.
    Step(Bytes),
    /// A message that is too long to be true.
    TooLong,
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaslAnswer {
    /// PLAIN is.
    Mechanisms,
    /// It is let in.
    LetIn,
    /// It is to go on.
    GoOn,
    /// It is not let in.
    Refused,
}
