//! leash: a memcached sidecar.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// Which server a key belongs to.
pub mod hash;
pub mod protocol;
/// Who answers requests: servers, and the store in this process.
pub mod upstream;
