//! The script of `helm test`, run by a real busybox against a real leash: it passes, and notices what is wrong.

use std::process::{Command, Output};

use serde_json::Value;

use support::{Leash, Memcached};

use super::helm::{CASES, errors, run};

/// The command of the test's container, with a leash to talk to.
fn script(address: &str) -> Output {
    let (host, port) = address.rsplit_once(':').unwrap();
    script_of("sidecar", host, port)
}

/// The same of these values, with leashes at this port of each of the hosts.
fn script_of(case: &str, hosts: &str, port: &str) -> Output {
    let objects = CASES.into_iter().find(|known| known.name == case).expect("such values").objects();
    let pod = objects.iter().find(|object| object["kind"] == "Pod").unwrap();
    let container = &pod["spec"]["containers"][0];
    let words: Vec<&str> = container["command"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let variables = container["env"].as_array().unwrap().iter();
    let variables = variables.map(|it| (it["name"].as_str().unwrap(), it["value"].as_str().unwrap()));
    assert_eq!(words[0], "/bin/sh");
    // The image has no other programs than busybox's own.
    let tools = tempfile::tempdir().unwrap();
    let mut install = Command::new("busybox");
    assert!(install.args(["--install", "-s"]).arg(tools.path()).status().expect("busybox").success());
    let mut shell = Command::new(tools.path().join("sh"));
    let shell = shell.args(&words[1..]).envs(variables).env("PATH", tools.path());
    run(shell.env("LEASH_HOST", hosts).env("LEASH_PORT", port), "")
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
fn it_asks_each_holder_for_lengths_of_queues_and_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().join("queues");
    let leash = Leash::with_config(&format!("routes: [{{prefix: '', queue: {{dir: '{}'}}}}]\n", dir.display()));
    let port = leash.address().rsplit_once(':').unwrap().1;
    let output = script_of("holders", "127.0.0.1 127.0.0.1", port);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(errors(&output), "127.0.0.1: 64 of 64 keys answered\n".repeat(2));
    leash.client().expect("stats queues\r\n", "STAT queues 0\r\nEND\r\n");
    let output = script_of("holders", "127.0.0.1 127.0.0.9", port);
    assert!(!output.status.success(), "one does not answer: {}", errors(&output));
}

#[test]
fn it_fails_when_nobody_listens() {
    let output = script(&format!("127.0.0.1:{}", support::free_port()));
    assert!(!output.status.success(), "{}", errors(&output));
}
