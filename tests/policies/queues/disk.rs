//! A disk that fills: it takes no message and says so, gives out those that it has, and is well again by itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::{BOUND, Leash, needs, wait_until};
use tempfile::TempDir;

/// Mounts a disk of this size where its first argument says and becomes the rest of them.
const SMALL_DISK: &str = "mount -t tmpfs -o size=1m none \"$1\" && shift && exec \"$@\"";
const REFUSED: &str = "SERVER_ERROR the disk of the queues refuses to work";

/// A leash whose queues are on a small disk of its own, which goes when it ends.
struct Small {
    leash: Leash,
    disk: TempDir,
}

impl Small {
    fn start(keys: &str) -> Small {
        let disk = tempfile::tempdir().unwrap();
        let at = disk.path().display().to_string();
        let yaml = format!("workers: 1\nroutes: [{{prefix: '', queue: {{dir: {at}/queues, {keys}}}}}]\n");
        let leash = Leash::within(&["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", &at], &yaml);
        Small { leash, disk }
    }

    /// A file that takes room, as leash sees it.
    fn filler(&self) -> PathBuf {
        let within = self.disk.path().strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.leash.pid())).join(within).join("filler")
    }

    /// Takes all the room there is.
    fn fills(&self) {
        assert!(fs::write(self.filler(), vec![b'x'; 2 << 20]).is_err(), "the disk is not small");
    }

    fn has_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

fn set(body: &str) -> String {
    format!("set q 0 0 {}\r\n{body}\r\n", body.len())
}

#[test]
fn a_disk_that_is_full_refuses_messages_gives_out_what_it_has_and_is_well_again_by_itself() {
    if !needs::has("unshare", Command::new("unshare").args(["-rm", "true"])) {
        return;
    }
    for sync in ["always", "100ms"] {
        let small = Small::start(&format!("mode: reserve, sync: {sync}"));
        let mut client = small.leash.client();
        for number in 0..20 {
            client.expect(set(&format!("early {number}")), "STORED\r\n");
        }
        small.fills();
        // What is left of the last page may still take a few.
        let mut late = 0;
        wait_until("the disk refuses", BOUND, || {
            let said = client.ask(set(&"x".repeat(5000)));
            late += usize::from(said == "STORED");
            said == REFUSED
        });
        wait_until("leash says so", BOUND, || small.leash.log().contains("the disk of the queues refuses"));
        for number in 0..20 {
            let body = format!("early {number}");
            client.expect("get q\r\ndelete q\r\n", format!("VALUE q 0 {}\r\n{body}\r\nEND\r\nDELETED\r\n", body.len()));
        }
        assert_eq!(client.ask(set(&"x".repeat(5000))), REFUSED, "acknowledgements make no room of this kind");
        small.has_room();
        wait_until("messages are taken again", BOUND, || client.ask(set("well again")) == "STORED");
        wait_until("leash says so", BOUND, || small.leash.log().contains("the disk of the queues works again"));
        for _ in 0..late {
            assert_eq!(client.get("q").unwrap().unwrap().len(), 5000);
            client.expect("delete q\r\n", "DELETED\r\n");
        }
        client.expect("get q\r\ndelete q\r\nget q\r\n", "VALUE q 0 10\r\nwell again\r\nEND\r\nDELETED\r\nEND\r\n");
    }
}

#[test]
fn a_message_for_which_there_is_no_room_on_the_disk_is_refused_whole() {
    if !needs::has("unshare", Command::new("unshare").args(["-rm", "true"])) {
        return;
    }
    let small = Small::start("mode: kestrel, max_message: 1MiB");
    let mut client = small.leash.client();
    client.expect(set("before"), "STORED\r\n");
    // Longer than what is free: a part of it may have been written.
    assert_eq!(client.ask(set(&"x".repeat(1 << 20))), REFUSED);
    client.expect(set("behind"), "STORED\r\n");
    client.expect(
        "get q\r\nget q\r\nget q\r\n",
        "VALUE q 0 6\r\nbefore\r\nEND\r\nVALUE q 0 6\r\nbehind\r\nEND\r\nEND\r\n",
    );
}
