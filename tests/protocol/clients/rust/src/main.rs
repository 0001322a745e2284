//! The crates `memcache` (text or binary) and `async-memcached` (text and meta), as they are used. They say what they were
//! answered, as python/transcript.py does. Usage: leash-clients-in-rust memcache|memcache-binary|async-memcached HOST:PORT...

mod async_memcached_client;
mod memcache_client;

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

const STATS: [&str; 11] = [
    "pid", "uptime", "time", "version", "curr_connections", "cmd_get", "cmd_set", "get_hits", "get_misses", "bytes_read",
    "bytes_written",
];

/// Keys of which a get of all is a line of 100 KB.
fn many() -> Vec<String> {
    (0..1000).map(|n| format!("many:{}:{n}", "x".repeat(80))).collect()
}

fn large() -> Vec<u8> {
    (0..900_000u32).map(|n| (n * 31) as u8).collect()
}

fn say(question: &str, answer: impl Debug) {
    let text = format!("{answer:?}");
    if text.len() <= 240 {
        println!("{question}: {text}");
    } else {
        let mut sum = DefaultHasher::new();
        text.hash(&mut sum);
        println!("{question}: {} bytes, {:016x}", text.len(), sum.finish());
    }
}

/// What can be said of a unique, which is another one each time.
fn unique(cas: Option<u64>) -> String {
    cas.filter(|cas| *cas > 0 && *cas < 1 << 53).map_or(format!("{cas:?}"), |_| "a unique".into())
}

fn version(text: &str) -> &str {
    if text.split('.').all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty()) { "digits and dots" } else { text }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let client = arguments.next().unwrap_or_default();
    let addresses: Vec<String> = arguments.collect();
    for (number, address) in addresses.iter().enumerate() {
        println!("== {number}");
        match client.as_str() {
            "async-memcached" => async_memcached_client::conversation(address).await,
            _ => memcache_client::conversation(address, client == "memcache-binary"),
        }
    }
    if !addresses.is_empty() {
        tokio::time::sleep(Duration::from_millis(2500)).await;
    }
    for (number, address) in addresses.iter().enumerate() {
        println!("== {number}");
        match client.as_str() {
            "async-memcached" => async_memcached_client::after_a_second(address).await,
            _ => memcache_client::after_a_second(address, client == "memcache-binary"),
        }
    }
}
