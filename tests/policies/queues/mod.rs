//! Queues in this process, over real sockets and a real disk.

mod clients;
mod conversations;
mod crashes;
mod disk;
mod hang_ups;
mod hostile;
mod limits;
mod waits;

use support::Leash;
use tempfile::TempDir;

/// A leash that keeps queues in a directory of its own.
struct Holder {
    leash: Leash,
    /// Where they are; goes with it.
    _place: TempDir,
}

impl Holder {
    /// With every key a queue, and these keys of the configuration beside `dir`.
    fn start(keys: &str) -> Holder {
        let place = tempfile::tempdir().unwrap();
        let leash = Leash::with_config(&Holder::config(&place, keys));
        Holder { leash, _place: place }
    }

    fn config(place: &TempDir, keys: &str) -> String {
        Holder::routed(place, keys, "")
    }

    /// The same with these keys of the route.
    fn routed(place: &TempDir, keys: &str, of_route: &str) -> String {
        let dir = place.path().join("queues");
        format!("workers: 2\nroutes: [{{prefix: '', queue: {{dir: {}, {keys}}}{of_route}}}]\n", dir.display())
    }
}
