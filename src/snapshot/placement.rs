//! The placement of a pool's keys, as its configuration says it.

use crate::config::Pool;
use crate::hash::{Counts, Placement};

/// Where the keys of `pool` are.
pub fn of(pool: &Pool) -> Placement {
    let servers: Vec<(&str, u32)> = pool.servers.iter().map(|server| (&*server.name, server.weight)).collect();
    let counts = Counts { not_prefix: pool.unhashed_prefix.as_slice().into(), tag: pool.hash_tag };
    Placement::new(pool.hash, &servers, counts)
}
