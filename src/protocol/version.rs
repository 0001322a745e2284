//! Which memcached leash says it is.

/// What `version` answers: digits first, since clients compare them; the protocol is that of memcached 1.6.18.
pub const VERSION: &str = concat!("1.6.18-leash-", env!("CARGO_PKG_VERSION"));
