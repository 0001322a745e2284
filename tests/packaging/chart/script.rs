//! The script of `helm test`, run by a real busybox against a real leash: it passes, and notices what is wrong.

use std::process::{Command, Output};

use serde_json::Value;

use support::{Leash, Memcached};

use super::helm::{CASES, errors, run};

/// The command of the test's container, with a leash to talk to.
fn script(address: &str) -> Output {
    let objects = CASES[0].objects();
    let pod = objects.iter().find(|object| object["kind"] == "Pod").unwrap();
    let command = pod["spec"]["containers"][0]["command"].as_array().unwrap();
    let words: Vec<&str> = command.iter().filter_map(Value::as_str).collect();
    let (host, port) = address.rsplit_once(':').unwrap();
    assert_eq!(words[0], "/bin/sh");
    // The image has no other programs than busybox's own.
    let tools = tempfile::tempdir().unwrap();
    let mut install = Command::new("busybox");
    assert!(install.args(["--install", "-s"]).arg(tools.path()).status().expect("busybox").success());
    let mut shell = Command::new(tools.path().join("sh"));
    run(shell.args(&words[1..]).env("PATH", tools.path()).env("LEASH_HOST", host).env("LEASH_PORT", port), "")
}

#[test]
fn it_passes_when_every_server_answers_and_writes_nothing() {
    let servers = Memcached::start_many(3);
    let leash = Leash::with_servers(&servers);
    let output = script(leash.address());
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(errors(&output), "127.0.0.1: 64 of 64 keys answered\n");
    assert!(leash.page("/metrics").contains("class=\"touch\",outcome=\"miss\"} 64"), "nothing was there, nothing is");
}

#[test]
fn it_fails_and_names_the_server_that_does_not_answer() {
    let mut servers = Memcached::start_many(3);
    servers[1].kill();
    let leash = Leash::with_servers(&servers);
    let output = script(leash.address());
    assert!(!output.status.success());
    assert!(errors(&output).contains(&format!("SERVER_ERROR server {}", servers[1].address())), "{}", errors(&output));
}

#[test]
fn it_fails_when_nobody_listens() {
    let output = script(&format!("127.0.0.1:{}", support::free_port()));
    assert!(!output.status.success(), "{}", errors(&output));
}
