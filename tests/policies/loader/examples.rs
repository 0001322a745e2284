//! The examples of the guide, as they are printed: each is started, leash before it, and a client gets values.

use std::fs;
use std::process::{Child, Command, Stdio};

use support::needs;
use support::repository::here;
use support::{BOUND, Leash, free_port, listens, wait_until};
use tempfile::TempDir;

/// The port that the guide writes.
const PRINTED: &str = "8000";
/// Keys that a router or a proxy could take for something else.
const KEYS: [&str; 4] = ["page:/home", "page://a//b/../c", "page:?a=1&key=2#d%20+e%00", "page:\u{fc}\u{65e5}"];

/// An endpoint of the guide that runs.
struct Example {
    child: Child,
    _directory: TempDir,
}

impl Example {
    fn start(mut program: Command, source: &str, port: u16) -> Example {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("endpoint");
        fs::write(&file, source).unwrap();
        program.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut example = Example { child: program.spawn().unwrap(), _directory: directory };
        wait_until("the endpoint listens", BOUND, || {
            let ended = example.child.try_wait().unwrap();
            assert_eq!(ended, None, "{program:?} ended");
            listens(port)
        });
        example
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first block of this kind in the part of the guide about endpoints, with another port.
fn printed(kind: &str, port: u16) -> String {
    let guide = fs::read_to_string(here("docs/guide/loader.md")).unwrap();
    let part = guide.split_once("\n## The endpoint\n").expect("a part about endpoints").1;
    let block = part.split_once(&format!("\n```{kind}\n")).unwrap_or_else(|| panic!("no block of {kind}")).1;
    let block = block.split_once("\n```\n").expect("the block ends").0;
    assert!(block.contains(PRINTED), "{block}");
    format!("{}\n", block.replace(PRINTED, &port.to_string()))
}

#[track_caller]
fn gives_values(program: Command, kind: &str) {
    let port = free_port();
    let _example = Example::start(program, &printed(kind, port), port);
    let leash = Leash::with_config(&format!("workers: 1\n{}", printed("yaml", port)));
    let mut client = leash.client();
    for key in KEYS {
        let value = client.get(key).unwrap().map(|value| String::from_utf8(value).unwrap());
        assert_eq!(value, Some(format!("the value of {key}")), "{kind}");
    }
    client.expect("get page:none\r\nget other\r\n", "END\r\nEND\r\n");
    let left = client.facts("page:/home", "t").expect("it is there")[&'t'];
    assert!((500..=600).contains(&left), "{kind}: fresh for {left} s, not for as long as its answer says");
}

#[test]
fn flask() {
    gives_values(Command::new(here("target/venv/bin/python")), "python");
}

#[test]
fn express() {
    let mut node = Command::new("node");
    if needs::has("node", Command::new("node").arg("--version")) {
        node.env("NODE_PATH", here("target/node/node_modules"));
        gives_values(node, "js");
    }
}

#[test]
fn ruby() {
    if needs::has("ruby", Command::new("ruby").arg("-v")) {
        gives_values(Command::new("ruby"), "ruby");
    }
}
