//! A disk that fills while a server is away: no delete is lost, and when there is room again they are all on the disk.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, needs, wait_until};

use super::house::alone;

/// Mounts a disk of this size where its first argument says and becomes the rest of them.
const SMALL_DISK: &str = "mount -t tmpfs -o size=64k none \"$1\" && shift && exec \"$@\"";

/// A leash whose spool is on a small disk of its own, which goes when it ends.
struct Small {
    leash: Leash,
    disk: tempfile::TempDir,
}

impl Small {
    fn before(server: &Memcached) -> Small {
        let disk = tempfile::tempdir().unwrap();
        let at = disk.path().display().to_string();
        let servers = format!("[{{name: m0, address: '{}'}}]", server.address());
        let yaml = format!("workers: 1\npools: {{main: {{servers: {servers}}}}}\nspool: {{dir: {at}}}\n");
        let leash = Leash::within(&["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", &at], &yaml);
        Small { leash, disk }
    }

    /// The disk as leash sees it.
    fn seen(&self) -> PathBuf {
        let within = self.disk.path().strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.leash.pid())).join(within)
    }

    /// Takes all the room there is.
    fn fills(&self) {
        let filler = vec![b'x'; 128 * 1024];
        assert!(fs::write(self.seen().join("filler"), filler).is_err(), "the disk is not small");
    }

    fn has_room(&self) {
        fs::remove_file(self.seen().join("filler")).unwrap();
    }

    /// How many of these stand in the spool's files.
    fn on_disk(&self, keys: &[String]) -> usize {
        let files = fs::read_dir(self.seen()).unwrap().flatten().map(|entry| entry.path());
        let spools: Vec<u8> = files.filter(|path| !path.ends_with("filler")).flat_map(fs::read).flatten().collect();
        let is_there = |key: &&String| spools.windows(key.len()).any(|window| window == key.as_bytes());
        keys.iter().filter(is_there).count()
    }
}

fn delete_all(client: &mut Client, keys: &[String]) {
    for key in keys {
        client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
    }
}

#[test]
fn deletes_that_a_full_disk_did_not_take_are_on_it_once_it_has_room_and_none_is_lost() {
    let _alone = alone();
    if !needs::has("unshare", Command::new("unshare").args(["-rm", "true"])) {
        return;
    }
    let server = Memcached::start();
    let small = Small::before(&server);
    let mut client = small.leash.client();
    let keys: Vec<String> = (100..400).map(|n| format!("on-a-small-disk-{n}")).collect();
    for key in &keys {
        client.expect(format!("set {key} 0 0 3\r\nold\r\n"), "STORED\r\n");
    }
    server.freeze();
    wait_until("the server is down", BOUND, || {
        client.expect("get any\r\n", "END\r\n");
        metric(&small.leash, "leash_server_up", "") == 0.0
    });
    let (before, rest) = keys.split_at(100);
    let (during, after) = rest.split_at(100);
    delete_all(&mut client, before);
    wait_until("the first of them are on the disk", BOUND, || small.on_disk(before) == 100);
    small.fills();
    delete_all(&mut client, during);
    assert!(small.on_disk(during) < 100, "the disk was not full");
    wait_until("leash says so", BOUND, || small.leash.log().contains("\"level\":\"ERROR\""));
    small.has_room();
    delete_all(&mut client, after);
    wait_until("all of them are on the disk", BOUND, || small.on_disk(&keys) == keys.len());
    server.thaw();
    wait_until("the server is used again", BOUND, || metric(&small.leash, "leash_server_up", "") == 1.0);
    for key in &keys {
        client.expect(format!("get {key}\r\n"), "END\r\n");
    }
    assert_eq!(metric(&small.leash, "leash_spool_dropped_total", ""), 0.0);
}
