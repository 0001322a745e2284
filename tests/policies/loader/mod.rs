//! A route with a loader: real HTTP endpoints, real memcached, several leash processes.
//!
//! The long form holds the figures of a release build: `LEASH_TEST_LONG=1 LEASH_BIN=… cargo test --test policies loader::`.

mod answers;
mod bounds;
mod crowds;
mod examples;
mod fail_safe;
mod keys;
mod races;
mod speaks;
mod trouble;
mod upheaval;

use support::{Leash, Memcached, Origin};

/// A leash before these servers that loads every key from `url`; `more` are further settings of the loader, `route` of
/// the route.
pub fn loading(servers: &[Memcached], url: &str, more: &str, route: &str) -> Leash {
    let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
    let loader = format!("loader: {{url: '{url}'{more}}}");
    Leash::with_config(&format!(
        "workers: 2\npools: {{main: {{servers: [{}]}}}}\nroutes: [{{prefix: '', pool: main, {loader}{route}}}]\n",
        addresses.join(", ")
    ))
}

/// Whether figures are held that a debug build beside other tests cannot keep.
fn is_long() -> bool {
    std::env::var_os("LEASH_TEST_LONG").is_some()
}

/// The same, at an endpoint's own address.
pub fn loading_from(servers: &[Memcached], origin: &Origin, more: &str) -> Leash {
    loading(servers, &origin.url("/cache/{key}"), more, "")
}
