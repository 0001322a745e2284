//! Directories of queues belong to the process: opened when it starts, kept over reloads, closed when no route has them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use support::command::{errors, run};
use support::figures::stats;
use support::leash::binary;
use support::reload::{reload, reload_as};
use support::{BOUND, Client, Leash, wait_until};

fn holder(dir: &Path, more: &str) -> String {
    format!("workers: 2\nroutes: [{{prefix: '', queue: {{dir: '{}'{more}}}}}]\n", dir.display())
}

fn put(client: &mut Client, body: &str) {
    client.expect(format!("set q 0 0 {}\r\n{body}\r\n", body.len()), "STORED\r\n");
}

fn takes(client: &mut Client, body: &str) {
    client.expect("get q\r\n", format!("VALUE q 0 {}\r\n{body}\r\nEND\r\n", body.len()));
}

/// What a leash with this configuration says that ends instead of serving.
fn refused(yaml: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("leash.yaml");
    fs::write(&file, yaml).unwrap();
    let file = file.display().to_string();
    let arguments = ["--config", &file, "--listen", "127.0.0.1:0", "--admin", "off"];
    let output = run(Command::new(binary()).args(arguments), "");
    assert!(!output.status.success(), "it serves");
    errors(&output)
}

#[test]
fn a_directory_that_cannot_be_had_ends_the_start_with_its_path_and_the_cure() {
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("not/mounted");
    let said = refused(&holder(&missing, ""));
    let expected = format!(
        "cannot open the queues in {}: No such file or directory (os error 2); make the directory that it is to be in, or \
         write another as queue.dir",
        missing.display()
    );
    assert!(said.contains(&expected), "{said}");
    fs::write(place.path().join("file"), "").unwrap();
    let said = refused(&holder(&place.path().join("file"), ""));
    assert!(said.contains("Not a directory (os error 20); write a directory as queue.dir"), "{said}");
    let own = place.path().join("own");
    let _leash = Leash::with_config(&holder(&own, ""));
    let said = refused(&holder(&own, ""));
    assert!(said.contains("another process has it; give each leash a directory of its own"), "{said}");
}

#[test]
fn a_directory_is_made_for_its_owner_alone_and_only_by_a_leash_that_serves() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("queues");
    let file = place.path().join("leash.yaml");
    fs::write(&file, holder(&dir, "")).unwrap();
    for command in ["check", "route"] {
        let mut tool = Command::new(binary());
        match command {
            "check" => tool.arg("check").arg(&file),
            _ => tool.args(["route", "--offline", "q", "--config"]).arg(&file),
        };
        run(&mut tool, "");
        assert!(!dir.exists(), "leash {command} made the directory");
    }
    let leash = Leash::with_config(&holder(&dir, ""));
    put(&mut leash.client(), "x");
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    for file in fs::read_dir(&dir).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn queues_and_what_is_reserved_outlive_a_reload_that_changes_the_terms() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("queues");
    let leash = Leash::with_config(&holder(&dir, ""));
    let (mut busy, mut other) = (leash.client(), leash.client());
    put(&mut busy, "one");
    put(&mut busy, "two");
    takes(&mut busy, "one");
    reload(&leash, holder(&dir, ", max_items: 2"));
    takes(&mut other, "two");
    other.expect("set q 0 0 1\r\nx\r\n", "SERVER_ERROR out of memory storing object\r\n");
    busy.expect("delete q\r\n", "DELETED\r\n");
    put(&mut other, "x");
    reload(&leash, holder(&dir, ", max_items: 3"));
    put(&mut other, "y");
    // The same directory by another path is no other.
    let link = place.path().join("link");
    symlink(&dir, &link).unwrap();
    reload(&leash, holder(&link, ""));
    takes(&mut busy, "x");
}

#[test]
fn a_directory_is_opened_by_a_reload_and_one_that_cannot_be_refuses_it() {
    let place = tempfile::tempdir().unwrap();
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    let both = |b: &Path| {
        let (a, b) = (a.display(), b.display());
        format!("routes: [{{prefix: '', queue: {{dir: '{a}'}}}}, {{prefix: 'b:', queue: {{dir: '{b}'}}}}]\n")
    };
    let leash = Leash::with_config(&holder(&a, ""));
    let mut client = leash.client();
    put(&mut client, "one");
    leash.configure(both(&place.path().join("none/b")));
    reload_as(&leash, "refused");
    assert!(leash.log().contains("none/b: No such file or directory"), "{}", leash.log());
    leash.configure(both(&a.join("../a")));
    reload_as(&leash, "refused");
    assert!(leash.log().contains("another route has the same directory"), "{}", leash.log());
    takes(&mut client, "one");
    reload(&leash, both(&b));
    client.expect("set b:q 0 0 1\r\nx\r\n", "STORED\r\n");
    client.expect("get b:q\r\n", "VALUE b:q 0 1\r\nx\r\nEND\r\n");
    client.expect("delete q\r\n", "DELETED\r\n");
}

#[test]
fn a_directory_that_no_route_has_any_more_is_for_other_processes() {
    let place = tempfile::tempdir().unwrap();
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    let leash = Leash::with_config(&holder(&a, ""));
    let mut client = leash.client();
    put(&mut client, "one");
    takes(&mut client, "one");
    reload(&leash, holder(&b, ""));
    put(&mut client, "elsewhere");
    let locked = || {
        let lock = fs::OpenOptions::new().write(true).open(a.join("lock")).unwrap();
        lock.try_lock().is_err()
    };
    wait_until("the directory is closed", BOUND, || !locked());
    let other = Leash::with_config(&holder(&a, ""));
    takes(&mut other.client(), "one");
    leash.configure(holder(&a, ""));
    reload_as(&leash, "refused");
    takes(&mut client, "elsewhere");
}

#[test]
fn sigterm_ends_waits_and_gives_back_what_is_reserved() {
    let place = tempfile::tempdir().unwrap();
    let mut leash = Leash::with_config(&holder(&place.path().join("q"), ", mode: kestrel, sync: 100ms"));
    let (mut waiting, mut busy) = (leash.client(), leash.client());
    put(&mut busy, "one");
    put(&mut busy, "two");
    busy.expect("get q/open\r\n", "VALUE q/open 0 3\r\none\r\nEND\r\n");
    waiting.send("get empty/t=600000\r\n");
    wait_until("a consumer waits", BOUND, || {
        stats(&mut leash.client(), "stats queues").get("empty:waiters").is_some_and(|waiters| waiters == "1")
    });
    leash.terminate();
    assert_eq!(waiting.read_line().unwrap(), b"END\r\n");
    assert!(leash.log().contains("ended"), "{}", leash.log());
    assert!(!leash.log().contains("in time"), "{}", leash.log());
    leash.restart();
    let mut client = leash.client();
    takes(&mut client, "one");
    takes(&mut client, "two");
}

#[test]
fn reloads_in_the_middle_lose_no_message_and_change_no_order() {
    let place = tempfile::tempdir().unwrap();
    let (dir, other) = (place.path().join("queues"), place.path().join("other"));
    let leash = Leash::with_config(&holder(&dir, ""));
    let all = 3000;
    let (mut producer, mut consumer) = (leash.client(), leash.client());
    let producing = thread::spawn(move || (0..all).for_each(|number| put(&mut producer, &format!("{number:05}"))));
    let consuming = thread::spawn(move || {
        let mut next = 0;
        while next < all {
            let Some(body) = consumer.get("q").unwrap() else { continue };
            assert_eq!(body, format!("{next:05}").into_bytes(), "in its order, and once");
            consumer.expect("delete q\r\n", "DELETED\r\n");
            next += 1;
        }
    });
    let mut reloads = 0;
    while reloads < 4 || !producing.is_finished() || !consuming.is_finished() {
        let more =
            format!(", max_items: {}}}}}, {{prefix: 'o:', queue: {{dir: '{}'", 100_000 + reloads, other.display());
        reload(&leash, holder(&dir, if reloads % 2 == 0 { &more } else { ", sync: 100ms" }));
        reloads += 1;
        assert!(reloads < 1000, "they do not end");
    }
    producing.join().unwrap();
    consuming.join().unwrap();
}
