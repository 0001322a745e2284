//! `${file:PATH}` and `${env:NAME}` in values: what they stand for is used, shown nowhere, and read again when it changes.

use std::fs;
use std::process::Command;

use support::command::{errors, run};
use support::leash::binary;
use support::reload::{reload, reloads};
use support::{BOUND, Leash, Origin, wait_until};

/// What the endpoint hears as its password is the value.
const HEARS: &str = "self.say(200, self.headers['authorization'].encode(), {'Cache-Control': 'no-store'})";

fn yaml(origin: &Origin, password: &str) -> String {
    let loader = format!(
        "{{url: 'http://127.0.0.1:{}/{{key}}', headers: {{authorization: 'Bearer {password}'}}, timeout: 5s}}",
        origin.port()
    );
    format!("workers: 1\npools: {{p: {{servers: [embedded]}}}}\nroutes: [{{prefix: '', pool: p, loader: {loader}}}]\n")
}

fn heard(leash: &Leash, key: &str) -> String {
    String::from_utf8(leash.client().get(key).unwrap().expect("a value")).unwrap()
}

#[test]
fn a_password_in_a_file_is_said_and_never_shown_and_read_again_when_it_changes() {
    let (origin, elsewhere) = (Origin::start(HEARS), tempfile::tempdir().unwrap());
    let absolute = elsewhere.path().join("password");
    fs::write(&absolute, "open-sesame\n").unwrap();
    let leash = Leash::with_config(&yaml(&origin, &format!("${{file:{}}}", absolute.display())));
    assert_eq!(heard(&leash, "a"), "Bearer open-sesame");
    let shown = leash.page("/config");
    assert!(shown.contains("Bearer ${file:") && !shown.contains("open-sesame"), "{shown}");

    // A file beside the configuration, put in place whole as by a mounted Secret.
    let beside = leash.file().with_file_name("password");
    fs::write(&beside, "sesame-2").unwrap();
    reload(&leash, yaml(&origin, "${file:password}"));
    assert_eq!(heard(&leash, "b"), "Bearer sesame-2");
    let (next, before) = (leash.file().with_file_name("next"), reloads(&leash, "ok"));
    fs::write(&next, "sesame-3\r\n").unwrap();
    fs::rename(next, &beside).unwrap();
    wait_until("leash has reloaded by itself", BOUND, || reloads(&leash, "ok") > before);
    assert_eq!(heard(&leash, "c"), "Bearer sesame-3");
    fs::remove_file(&beside).unwrap();
    wait_until("a file that is gone is refused", BOUND, || reloads(&leash, "refused") > 0.0);
    assert_eq!(heard(&leash, "d"), "Bearer sesame-3", "what is in force stays");
    assert!(!leash.log().contains("sesame"), "{}", leash.log());
}

#[test]
fn what_is_wrong_with_a_file_is_told_where_it_is_named_without_what_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let check = |pool: &str| {
        let file = directory.path().join("c.yaml");
        fs::write(&file, format!("pools:\n  main:\n    {pool}\n")).unwrap();
        let output = Command::new(binary()).arg("check").arg(&file).output().unwrap();
        let said = errors(&output).replace(&format!("{}/", directory.path().display()), "");
        (said, output.status.code())
    };
    let (said, code) = check("servers: ['${file:gone}']");
    let told = "c.yaml:3:15: pools.main.servers[0]: gone cannot be read: No such file or directory (os error 2)\n";
    assert_eq!((said.as_str(), code), (told, Some(78)));
    fs::write(directory.path().join("secret"), "open-sesame").unwrap();
    let (said, code) = check("{servers: [m0], request_timeout: '${file:secret}'}");
    assert!(said.starts_with("c.yaml:3:38: pools.main.request_timeout: ") && code == Some(78), "{said}");
    assert!(said.contains("${file:secret}") && !said.contains("sesame"), "{said}");
    for (word, place) in [("250ms", "request_timeout"), ("7", "failures"), ("true", "any_address"), ("m3:1", "servers")]
    {
        fs::write(directory.path().join("value"), format!("{word}\n")).unwrap();
        let value = if place == "servers" { "['${file:value}']" } else { "'${file:value}'" };
        let servers = if place == "servers" { "" } else { "servers: [m0], " };
        let (said, code) = check(&format!("{{{servers}{place}: {value}}}"));
        assert_eq!(code, Some(0), "{place}: {said}");
    }
}

#[test]
fn standard_input_is_beside_what_the_working_directory_has() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("server"), "m0:11211\n").unwrap();
    let mut check = Command::new(binary());
    let output = run(
        check.current_dir(&directory).args(["check", "-"]).env("PORT", "5"),
        "pools: {p: {servers: ['${file:server}', 'm1:${env:PORT}']}}\n",
    );
    assert!(output.status.success(), "{}", errors(&output));
}
