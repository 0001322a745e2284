//! Why a connection to a server cannot be used: the cause that is counted, and words for the log that name the cure.

use std::borrow::Cow;
use std::io;

use crate::protocol::Cause;
use crate::runtime::net::lacks_descriptors;

/// Why a connection cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unusable {
    /// What is counted, and told to those who wait.
    pub cause: Cause,
    /// The whole story.
    pub why: Cow<'static, str>,
}

impl Unusable {
    /// There is no connection at all.
    pub(super) fn no_connection(error: &io::Error) -> Unusable {
        let cause = if lacks_descriptors(error) { Cause::Descriptors } else { Cause::Connect };
        Unusable { cause, why: format!("cannot connect: {error}").into() }
    }

    /// There is one, but no TLS over it.
    pub(super) fn no_tls(why: impl std::fmt::Display) -> Unusable {
        Unusable { cause: Cause::Tls, why: format!("no TLS with it: {why}").into() }
    }

    /// The server does not let leash in.
    pub(super) fn not_let_in(why: String) -> Unusable {
        Unusable { cause: Cause::Auth, why: why.into() }
    }
}

impl From<Cause> for Unusable {
    fn from(cause: Cause) -> Unusable {
        Unusable { cause, why: cause.text().into() }
    }
}
