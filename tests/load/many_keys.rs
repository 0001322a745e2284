//! A hundred thousand items for clients that ask for very many keys at once.

use support::Leash;

/// How many there are.
pub const KEYS: usize = 100_000;

/// A key of 100 bytes.
pub fn key(n: usize) -> String {
    format!("{n:0100}")
}

/// Stores all of them.
pub fn store(leash: &Leash) {
    let mut client = leash.client();
    for batch in (0..KEYS).collect::<Vec<_>>().chunks(1000) {
        let sets: String = batch.iter().map(|n| format!("set {} 0 0 6 noreply\r\n{n:06}\r\n", key(*n))).collect();
        client.send(sets);
    }
    client.expect("mn\r\n", "MN\r\n");
}
