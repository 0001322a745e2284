//! What a server may answer to a question, by the codes of the meta protocol (memcached `doc/protocol.txt`).

use super::key::Key;

/// What may be answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `VA EN`, to a read of the value.
    Value,
    /// `HD EN`, to a read of anything else.
    Facts,
    /// `HD NS EX NF`
    Store,
    /// `HD NF EX`
    Delete,
    /// `VA HD NF NS EX`
    Arithmetic,
    /// `ME EN`, about this key.
    Debug(Box<Key>),
    /// `MN`
    Noop,
    /// `VERSION`
    Version,
    /// `OK`
    Ok,
}
