//! Which memcached leash says it is.

/// What `version` answers: the memcached whose commands leash has. Digits and dots only, since clients compare them with
/// "at least"; whoever wants to know who answers finds `leash_version` in `stats`.
pub const VERSION: &str = "1.6.18";
