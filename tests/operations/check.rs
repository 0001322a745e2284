//! `leash check`: what it passes starts, and what it refuses would not have.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use support::command::run;
use support::leash::binary;
use support::{Leash, free_port};

const POOLS: &str = "pools: {p: {servers: [embedded]}}\nworkers: 1\n";

fn check(arguments: &[&str], input: &str) -> Output {
    run(Command::new(binary()).arg("check").args(arguments), input)
}

fn said(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn several_files_and_the_standard_input_are_checked_each_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let (good, wrong) = (at("good.yaml", POOLS), at("wrong.yaml", "pols: {}\n"));
    let (out, errors, code) = said(&check(&[&good, &wrong, "-", "/no/such/file"], POOLS));
    assert_eq!(out, format!("{good}: ok, 1 pool, 1 route\nstandard input: ok, 1 pool, 1 route\n"));
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(errors.starts_with(&format!("{wrong}:1:1: pols: unknown key, did you mean pools?\n")), "{errors}");
    assert!(errors.ends_with("/no/such/file: cannot be read: No such file or directory (os error 2)\n"), "{errors}");
    assert_eq!(code, Some(78));
    assert_eq!(said(&check(&[&good, "-"], POOLS)).2, Some(0));
}

#[test]
fn programs_are_told_the_same_as_one_object_a_line() {
    let text = "workers: 3\npools: {p: {servers: [m0, m0:11211]}}\nroutes: [{prefix: a, pool: p}]\n";
    let (out, errors, code) = said(&check(&["--json", "-", "/no/such/file"], text));
    let [good, gone]: [Value; 2] =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((errors.as_str(), code), ("", Some(78)));
    assert_eq!((&good["file"], &good["ok"], &good["pools"]), (&"standard input".into(), &true.into(), &1.into()));
    assert_eq!(good["connections_to_each_server"], 6);
    assert_eq!(good["warnings"][0]["path"], "pools.p.servers[1]");
    assert_eq!((&good["warnings"][0]["line"], &good["warnings"][0]["column"]), (&2.into(), &27.into()));
    assert_eq!((&gone["ok"], &gone["problems"][0]["line"]), (&false.into(), &Value::Null));
    assert!(gone["problems"][0]["text"].as_str().unwrap().starts_with("cannot be read"));
}

/// Each of these files is refused by `check` because leash cannot start with it: it is asked to, too.
#[test]
fn what_would_not_start_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let in_the_way = directory.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let in_the_way = in_the_way.display();
    let port = free_port();
    for text in [
        format!("listen: [{{tcp: '127.0.0.1:{port}'}}, {{tcp: '0.0.0.0:{port}'}}]\nadmin: off\n"),
        format!("listen: [{{tcp: '0.0.0.0:{port}'}}]\nadmin: 127.0.0.1:{port}\n"),
        format!("listen: [{{tcp: '192.0.2.1:{port}'}}]\nadmin: off\n"),
        format!("listen: [{{unix: '{in_the_way}'}}]\nadmin: off\n"),
        format!("listen: [{{unix: '{in_the_way}/leash.sock'}}]\nadmin: off\n"),
    ] {
        let file = directory.path().join("c.yaml");
        fs::write(&file, format!("{POOLS}{text}")).unwrap();
        let (out, errors, code) = said(&check(&[file.to_str().unwrap()], ""));
        assert_eq!((out.as_str(), code), ("", Some(78)), "{text}");
        assert!(errors.contains("listen[") || errors.contains("admin:"), "{text}{errors}");
        let started = run(Command::new("timeout").arg("5").arg(binary()).arg("--config").arg(&file), "");
        assert!(![Some(0), Some(124)].contains(&started.status.code()), "leash starts with\n{text}");
    }
}

#[test]
fn a_file_for_another_machine_is_checked_without_a_look_at_this_one() {
    let text = format!("{POOLS}listen: [{{tcp: '192.0.2.1:5'}}]\n");
    assert_eq!(said(&check(&["-"], &text)).2, Some(78));
    assert_eq!(said(&check(&["--elsewhere", "-"], &text)).2, Some(0));
}

#[test]
fn the_file_of_a_leash_that_serves_is_no_problem() {
    let leash = Leash::with_file_alone(POOLS);
    let address = leash.address();
    let (_, errors, code) = said(&check(&["-"], &format!("{POOLS}listen: [{{tcp: '{address}'}}]\n")));
    assert_eq!((errors.as_str(), code), ("", Some(0)));
}

#[test]
fn a_socket_whose_directory_is_missing_is_served_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("run/leash/leash.sock");
    let text = format!("{POOLS}listen: [{{unix: '{}'}}]\nadmin: off\n", socket.display());
    assert_eq!(said(&check(&["-"], &text)).2, Some(0));
    let file = directory.path().join("c.yaml");
    fs::write(&file, text).unwrap();
    let mut leash = Command::new(binary()).arg("--config").arg(&file).spawn().unwrap();
    support::wait_until("the socket is there", support::BOUND, || socket.exists());
    leash.kill().unwrap();
    leash.wait().unwrap();
}

const VALIDATE: &str = "
import json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
class Yaml12(yaml.SafeLoader):
    'off is a word, as it is to leash and to editors'
words = yaml.SafeLoader.yaml_implicit_resolvers
Yaml12.yaml_implicit_resolvers = {letter: kinds for letter, kinds in words.items() if letter not in 'oOyYnN'}
for text in json.load(sys.stdin):
    faults = list(jsonschema.Draft7Validator(schema).iter_errors(yaml.load(text, Yaml12)))
    print(faults[0].json_path + ': ' + faults[0].message[:100] if faults else 'ok')
";

/// What editors say of these files, by the schema that the binary prints.
fn by_schema(texts: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("schema.json");
    let schema = Command::new(binary()).args(["config", "--schema"]).output().unwrap();
    fs::write(&file, schema.stdout).unwrap();
    let python = support::repository::here("target/venv/bin/python");
    let output = run(Command::new(python).args(["-c", VALIDATE]).arg(&file), serde_json::to_string(texts).unwrap());
    let (out, errors, _) = said(&output);
    assert_eq!(out.lines().count(), texts.len(), "{errors}");
    out.lines().map(str::to_string).collect()
}

#[test]
fn the_schema_takes_what_leash_takes_and_sees_what_is_wrong() {
    let example = support::repository::read("config.example.yaml");
    let good = [
        example.as_str(),
        "pools: {p: {servers: [m0]}}\n",
        "pools: {p: {servers: [{address: m0, weight: 2}], on_down: {gutter: embedded}}}\nadmin: 127.0.0.1:5\n",
        "pools: {p: {servers: [embedded]}}\nlog: {level: 'info,leash=debug'}\nlimits: {memory: 1GiB, idle: 1h}\n",
        "pools: {a: {servers: [a]}, b: {servers: [b]}}\nroutes: [{prefix: '', migrate: {from: a, to: b, phase: warm}}]\n",
        "pools: {p: {servers: [m0]}}\nroutes: [{prefix: '', pool: p, refresh: {jitter: 5%, early: {}}}]\nworkers: 2\n",
        "pools: {p: {servers: ['${env:A}'], request_timeout: '${env:B}', any_address: '${file:c}', failures: '${env:D}'}}\n",
        "routes: [{prefix: '', queue: {dir: /q, sync: 100ms, max_items: 5, max_redeliveries: 3}}]\n",
        "pools: {p: {servers: [m0]}}\nroutes: [{prefix: '', queue: {pool: p, mode: kestrel}}]\n",
    ];
    for (text, said) in good.iter().zip(by_schema(&good)) {
        assert_eq!(said, "ok", "{text}");
    }
    let wrong = [
        "admin: off\n",
        "pools: {p: {sever: [m0]}}\n",
        "pools: {p: {servers: [m0], request_timeout: 5}}\n",
        "pools: {p: {servers: [{name: m}]}}\n",
        "pools: {p: {servers: [m0]}}\nlimits: {in_flight: 0}\n",
        "pools: {p: {servers: [m0]}}\nroutes: [{pool: p}]\n",
        "pools: {p: {servers: [m0]}}\nroutes: [{prefix: '', pool: p, allow_flush: 'yes'}]\n",
        "pools: {p: {servers: [m0]}}\nlog: {format: yaml}\n",
        "routes: [{prefix: '', queue: {dir: /q, mode: redis}}]\n",
    ];
    for (text, said) in wrong.iter().zip(by_schema(&wrong)) {
        assert_ne!(said, "ok", "{text}");
    }
}
