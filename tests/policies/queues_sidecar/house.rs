//! Holders with a directory each, and the sidecars before them.

use support::{Client, Leash};
use tempfile::TempDir;

/// A leash with queues of its own, which outlive it.
pub struct Holder {
    pub leash: Leash,
    _directory: TempDir,
}

impl Holder {
    /// With these keys beside the directory: `, reserve: 2s`.
    pub fn start(keys: &str) -> Holder {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().join("queues");
        let queue = format!("{{dir: \"{}\"{keys}}}", dir.display());
        let leash = Leash::with_config(&format!("workers: 2\nroutes: [{{prefix: \"\", queue: {queue}}}]\n"));
        Holder { leash, _directory: directory }
    }

    pub fn address(&self) -> String {
        self.leash.address().to_string()
    }
}

/// A sidecar before these holders, or before sidecars that are before them.
pub fn sidecar(before: &[&str], keys: &str) -> Leash {
    Leash::with_config(&sidecar_yaml(before, keys, ""))
}

/// Its configuration, with these keys of the route's queue and of the pool.
pub fn sidecar_yaml(before: &[&str], keys: &str, pool: &str) -> String {
    let pool = format!("{{servers: [{}]{pool}}}", before.join(", "));
    format!("workers: 2\npools: {{holders: {pool}}}\nroutes: [{{prefix: \"\", queue: {{pool: holders{keys}}}}}]\n")
}

/// Puts a message.
#[track_caller]
pub fn put(client: &mut Client, queue: &str, message: &str) {
    client.expect(format!("set {queue} 0 0 {}\r\n{message}\r\n", message.len()), "STORED\r\n");
}

/// What a get answers: the message, or nothing.
#[track_caller]
pub fn get(client: &mut Client, key: &str) -> Option<String> {
    client.get(key).unwrap().map(|message| String::from_utf8(message).unwrap())
}
