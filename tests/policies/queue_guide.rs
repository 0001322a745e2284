//! The programs of the guide to queues, as they are printed: each puts a message, takes it, and is done with it; by a holder
//! itself, and by a sidecar.

use std::fs;
use std::process::Command;

use support::repository::{here, read};
use support::script::tells;
use support::{Leash, needs};

/// The port that the guide writes.
const PRINTED: &str = "11211";

/// The program of this language in the guide, with another port.
fn printed(kind: &str, port: &str) -> String {
    let guide = read("docs/guide/queues.md");
    let block = guide.split_once(&format!("\n```{kind}\n")).unwrap_or_else(|| panic!("no block of {kind}")).1;
    let block = block.split_once("\n```\n").expect("the block ends").0;
    assert!(block.contains(PRINTED), "{block}");
    format!("{}\n", block.replace(PRINTED, port))
}

#[track_caller]
fn passes_a_message(kind: &str, program: impl Fn() -> Command) {
    let directory = tempfile::tempdir().unwrap();
    let queues = directory.path().join("queues");
    let holder = Leash::with_config(&format!(
        "workers: 1\nroutes: [{{prefix: '', queue: {{dir: '{}', reserve: 10m}}}}]\n",
        queues.display()
    ));
    let sidecar = Leash::with_config(&format!(
        "workers: 1\npools: {{queues: {{servers: ['{}'], idle_timeout: off}}}}\n\
         routes: [{{prefix: '', queue: {{pool: queues, reserve: 10m}}}}]\n",
        holder.address()
    ));
    for leash in [&holder, &sidecar] {
        let port = leash.address().rsplit_once(':').expect("a port").1;
        let file = directory.path().join("program");
        fs::write(&file, printed(kind, port)).unwrap();
        let mut program = program();
        program.arg(&file);
        assert_eq!(tells(program), "hello\n", "{kind}");
        // What is reserved is not counted, so it is looked for by what comes back.
        holder.client().expect("get mail\r\nget mail/t=200\r\n", "END\r\nEND\r\n");
        holder.client().expect("get mail/len\r\n", "VALUE mail/len 0 1\r\n0\r\nEND\r\n");
    }
}

#[test]
fn python() {
    passes_a_message("python", || Command::new(here("target/venv/bin/python")));
}

#[test]
fn perl() {
    if needs::has("perl", Command::new("perl").args(["-MCache::Memcached", "-e", "1"])) {
        passes_a_message("perl", || Command::new("perl"));
    }
}

#[test]
fn ruby() {
    if needs::has("ruby", Command::new("ruby").args(["-rdalli", "-e", "1"])) {
        passes_a_message("ruby", || Command::new("ruby"));
    }
}

#[test]
fn node() {
    if needs::has("node", Command::new("node").arg("--version")) {
        passes_a_message("js", || {
            let mut node = Command::new("node");
            node.env("NODE_PATH", here("target/node/node_modules"));
            node
        });
    }
}

#[test]
fn php() {
    if needs::has("php", Command::new("php").args(["-r", "exit(class_exists('Memcached') ? 0 : 1);"])) {
        passes_a_message("php", || Command::new("php"));
    }
}
