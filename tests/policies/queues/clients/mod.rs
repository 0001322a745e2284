//! Queues by clients that people have, which know nothing of queues.

use std::process::Command;

use support::repository::here;
use support::{needs, script};

use super::Holder;

const HEARD: &[&str] = &["one", "nothing", "done", "two", "two", "done", "nothing", "not done"];

fn told(program: &str, file: &str) -> Command {
    script::script(program, &format!("tests/policies/queues/clients/{file}"))
}

fn python(file: &str) -> Command {
    script::python(&format!("tests/policies/queues/clients/{file}"))
}

/// The client hears that a message is reserved for it until it is done with, and that it comes again if it hangs up.
fn uses_a_queue(client: &str, proof: &mut Command, mut command: Command, heard: &[&str]) {
    if !needs::has(client, proof) {
        return;
    }
    let holder = Holder::start("mode: reserve, reserve: 10m");
    let said = script::tells({
        command.arg(holder.leash.address());
        command
    });
    assert_eq!(said.lines().collect::<Vec<_>>(), heard, "{client}");
}

/// Whether Python has a module.
fn has_module(name: &str) -> Command {
    let mut proof = Command::new(here("target/venv/bin/python"));
    proof.args(["-c", &format!("import {name}")]);
    proof
}

fn tries(program: &str, arguments: &[&str]) -> Command {
    let mut proof = Command::new(program);
    proof.args(arguments).env("NODE_PATH", here("target/node/node_modules"));
    proof
}

#[test]
fn the_demo_of_redqueue_runs_as_it_stands_in_its_readme() {
    if !needs::has("python_memcached", &mut has_module("memcache")) {
        return;
    }
    let holder = Holder::start("mode: reserve, reserve: 10m");
    let run = || {
        let mut demo = python("redqueue_demo.py");
        demo.arg(holder.leash.address());
        script::tells(demo)
    };
    let shown = "True\nTrue\n123\nNone\n1\n";
    assert_eq!(run(), shown);
    assert_eq!(run(), shown, "nothing was left over");
}

#[test]
fn python_memcached_uses_a_queue() {
    // It takes NOT_FOUND for a success, so that the last line says nothing.
    uses_a_queue("python_memcached", &mut has_module("memcache"), python("python_memcached.py"), &HEARD[..7]);
}

#[test]
fn pymemcache_uses_a_queue() {
    uses_a_queue("pymemcache", &mut has_module("pymemcache"), python("pymemcache.py"), HEARD);
}

#[test]
fn cache_memcached_uses_a_queue() {
    let mut proof = tries("perl", &["-MCache::Memcached", "-e", "1"]);
    uses_a_queue("cache_memcached", &mut proof, told("perl", "cache_memcached.pl"), HEARD);
}

#[test]
fn dalli_uses_a_queue_in_packets_and_in_meta_commands() {
    let mut proof = tries("ruby", &["-e", "require 'dalli'"]);
    uses_a_queue("dalli_binary", &mut proof, told("ruby", "dalli.rb"), HEARD);
    let newer = |mut command: Command| {
        command.env("RUBYLIB", here("target/gems/gems/dalli-4.3.3/lib"));
        command
    };
    let mut proof = newer(tries("ruby", &["-e", "require 'dalli'; exit Dalli::VERSION.start_with?('4')"]));
    uses_a_queue("dalli_meta", &mut proof, newer(told("ruby", "dalli.rb")), HEARD);
}

#[test]
fn the_client_of_node_uses_a_queue() {
    let mut proof = tries("node", &["-e", "require('memcached')"]);
    uses_a_queue("node_memcached", &mut proof, told("node", "memcached.js"), HEARD);
}
