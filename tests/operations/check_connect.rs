//! `leash check --connect`: what it passes can be used, and what it refuses is told as leash tells it at run time.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::command::run;
use support::fake_server::FakeServer;
use support::leash::binary;
use support::secured::{SecuredServer, USER};
use support::{Authority, Memcached, Origin, free_port};

/// Starting the program, and what a busy machine adds to the deadlines of one server.
const SLACK: Duration = Duration::from_secs(3);

/// What `check --connect` makes of these pools, and of more: its outputs and its exit code.
fn check(yaml: &str) -> (String, String, Option<i32>) {
    let output = run(Command::new(binary()).args(["check", "--connect", "-"]), yaml);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Nothing but this is wrong with the first server of a pool, and leash would start all the same.
#[track_caller]
fn refuses(pool: &str, more: &str, why: &str) {
    let (out, errors, code) = check(&format!("pools: {{p: {{{pool}}}}}\n{more}\n"));
    assert!(!out.contains("standard input: ok") && code == Some(69), "{out}{errors}");
    let problem = errors.lines().find(|line| !line.starts_with("warning: ")).unwrap_or_default();
    assert!(problem.starts_with("standard input: pools.p.servers[0]: server ") && problem.contains(why), "{errors}");
}

#[test]
fn each_server_that_can_be_used_is_told_with_its_version() {
    let (plain, without_cas) = (Memcached::start(), Memcached::start_with(&["-C"]));
    let secured = SecuredServer::start();
    let pools = format!(
        "a: {{servers: ['{}', 'localhost:{}']}}, b: {{{}}}, c: {{servers: [embedded]}}",
        plain.address(),
        without_cas.port(),
        secured.pool()
    );
    let route = |prefix: &str, pool: &str| format!("{{prefix: '{prefix}', pool: {pool}}}");
    let routes = [route("", "a"), route("b", "b"), route("c", "c")].join(", ");
    let (out, errors, code) = check(&format!("pools: {{{pools}}}\nroutes: [{routes}]\n"));
    assert_eq!((errors.as_str(), code), ("", Some(0)));
    let lines: Vec<&str> = out.lines().collect();
    let [first, second, third, last] = lines[..] else { panic!("{out}") };
    assert!(first.starts_with(&format!("server {} of pool a: memcached 1.", plain.address())), "{first}");
    // The name has an address of another family, where nobody listens.
    assert!(second.starts_with("server localhost:") && second.ends_with(", CAS off"), "{second}");
    assert!(third.ends_with(", over TLS, let in"), "{third}");
    assert!(last.starts_with("standard input: ok, 3 pools, 3 routes"), "{last}");
}

#[test]
fn nobody_is_asked_unless_that_is_ordered() {
    let server = FakeServer::start();
    let yaml = format!("pools: {{p: {{servers: ['{}']}}}}\n", server.address());
    assert!(run(Command::new(binary()).args(["check", "-"]), yaml).status.success());
    server.is_left_alone();
}

#[test]
fn a_server_that_is_not_there_is_no_error_of_the_file() {
    let nobody = format!("servers: ['127.0.0.1:{}']", free_port());
    refuses(&nobody, "", "cannot connect: Connection refused");
    refuses("servers: [nowhere.invalid]", "", "cannot connect: failed to lookup address");
    refuses("servers: [/nowhere/memcached.sock]", "", "cannot connect: No such file");
    let (_, errors, code) = check(&format!("pools: {{p: {{{nobody}, hash: no}}}}\n"));
    assert_eq!((errors.lines().count(), code), (1, Some(78)), "a wrong file comes first: {errors}");
}

#[test]
fn a_server_with_cas_off_is_refused_where_a_route_needs_it() {
    let server = Memcached::start_with(&["-C"]);
    let servers = format!("servers: ['{}']", server.address());
    let why = "has CAS off (-C), which refresh and migrate need; start it without -C";
    refuses(&servers, "routes: [{prefix: '', pool: p, refresh: {grace: 60s}}]", why);
    let healthy = Memcached::start();
    let other = format!("{servers}}}, q: {{servers: ['{}']", healthy.address());
    refuses(&other, "routes: [{prefix: '', migrate: {from: p, to: q, phase: warm}}]", why);
    refuses(&other, "routes: [{prefix: '', migrate: {from: q, to: p, phase: warm}}]", why);
    let gutter = format!("{servers}}}, q: {{servers: ['{}'], on_down: {{gutter: p}}", healthy.address());
    refuses(&gutter, "routes: [{prefix: '', pool: q, refresh: {grace: 60s}}]", why);
    refuses(&servers, "routes: [{prefix: '', pool: p, loader: {url: 'http://127.0.0.1:9/{key}'}}]", why);
}

#[test]
fn tls_that_does_not_come_about_is_told_with_its_reason() {
    let authority = Authority::new("an authority");
    let ca = authority.ca().display().to_string();
    let stranger = Authority::new("a stranger");
    let certificates = [
        (authority.signs_expired("expired", &["127.0.0.1"]), "its certificate has expired on 2001-12-31: renew it"),
        (authority.signs("other", &["m0"]), "its certificate is for m0, not for 127.0.0.1: write tls.server_name: m0"),
        (stranger.signs("own", &["127.0.0.1"]), "signed by nobody who is trusted here"),
    ];
    for (identity, why) in certificates {
        let arguments = identity.arguments();
        let server = Memcached::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        refuses(&format!("servers: ['{}'], tls: {{ca: {ca}}}", server.address()), "", why);
    }
    let plain = Memcached::start();
    refuses(&format!("servers: ['{}'], tls: {{ca: {ca}}}", plain.address()), "", "no TLS with it");
    let secured = SecuredServer::start();
    let over_plain = format!("servers: ['{}']", secured.server.address());
    refuses(&over_plain, "", "does it speak TLS on this port? Then write tls: {} on its pool");
    let hangs = FakeServer::start();
    let why = "no handshake within 250ms: does it speak TLS on this port";
    refuses(&format!("servers: ['{}'], tls: {{ca: {ca}}}", hangs.address()), "", why);
}

#[test]
fn a_password_is_told_that_is_wrong_or_missing_or_that_nobody_asks_for() {
    let secured = SecuredServer::start();
    let wrong = secured.authority.path("wrong");
    fs::write(&wrong, "guessed\n").unwrap();
    let tls = format!("servers: ['{}'], tls: {{ca: {}}}", secured.server.address(), secured.authority.ca().display());
    let auth = |file| format!("auth: {{user: {USER}, password_file: {file}}}");
    refuses(&format!("{tls}, {}", auth(wrong.display())), "", "it says \"CLIENT_ERROR authentication failure\"");
    refuses(&tls, "", "it wants a password (CLIENT_ERROR unauthenticated): write auth");
    let open = Memcached::start();
    let pools = format!("pools: {{p: {{servers: ['{}'], {}}}}}\n", open.address(), auth(wrong.display()));
    let (out, errors, code) = check(&pools);
    assert_eq!(code, Some(0), "{out}{errors}");
    assert!(errors.starts_with("warning: ") && errors.contains("it asks nobody for a password"), "{errors}");
}

/// A memcached that is too old, played by the test: one that knows no meta commands, and one that knows other ones.
#[test]
fn a_server_that_is_too_old_is_told_with_its_version() {
    for (meta, version) in [("ERROR", "1.5.22"), ("MN", "1.6.9")] {
        let server = FakeServer::start();
        let yaml = format!("pools: {{p: {{servers: ['{}'], request_timeout: 5s}}}}\n", server.address());
        let played = std::thread::spawn(move || {
            let mut backend = server.accepts();
            assert_eq!(backend.reads_line(), "mn");
            backend.sends(format!("{meta}\r\n"));
            assert_eq!(backend.reads_line(), "version");
            backend.sends(format!("VERSION {version}\r\n"));
        });
        let (_, errors, code) = check(&yaml);
        played.join().unwrap();
        let why = format!("does not speak the meta protocol, memcached 1.6.10 or newer is needed: it is {version}\n");
        assert!(errors.ends_with(&why) && code == Some(69), "{errors}");
    }
}

#[test]
fn many_that_hang_take_no_longer_than_one() {
    let hanging: Vec<FakeServer> = (0..40).map(|_| FakeServer::start()).collect();
    let servers: Vec<String> = hanging.iter().map(|server| format!("'{}'", server.address())).collect();
    let begun = Instant::now();
    let (_, errors, code) = check(&format!("pools: {{p: {{servers: [{}]}}}}\n", servers.join(", ")));
    assert!(begun.elapsed() < Duration::from_millis(500) + SLACK, "{:?}", begun.elapsed());
    assert_eq!((errors.lines().count(), code), (40, Some(69)), "{errors}");
    assert!(errors.lines().all(|line| line.contains("it says nothing within 500ms")), "{errors}");
}

#[test]
fn programs_are_told_the_same() {
    let server = Memcached::start();
    let yaml = format!("pools: {{p: {{servers: ['{}', '127.0.0.1:{}']}}}}\n", server.address(), free_port());
    let output = run(Command::new(binary()).args(["check", "--json", "--connect", "-"]), yaml);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &verdict["ok"], &verdict["problems"]),
        (Some(69), &false.into(), &serde_json::json!([]))
    );
    let [there, gone] = [0, 1].map(|place| &verdict["asked"][place]);
    assert_eq!((&there["ok"], &there["path"]), (&true.into(), &"pools.p.servers[0]".into()));
    let address = &there["server"]["addresses"][0];
    assert_eq!((&address["cas"], &address["tls"]), (&true.into(), &false.into()));
    assert!(address["version"].as_str().unwrap().starts_with("1."), "{verdict}");
    assert_eq!((&gone["ok"], &gone["server"]["addresses"][0]["cause"]), (&false.into(), &"connect".into()));
    assert!(gone["problems"][0].as_str().unwrap().contains("Connection refused"), "{verdict}");
}

/// What `check --connect` says of the loader at `url` of a route.
fn looked_at(url: &str, more: &str) -> (String, String, Option<i32>) {
    check(&format!(
        "pools: {{p: {{servers: [embedded]}}}}\nroutes: [{{prefix: '', pool: p, loader: {{url: '{url}'{more}}}}}]\n"
    ))
}

#[test]
fn a_loader_is_reached_and_asked_nothing() {
    let origin = Origin::start("self.say(200, b'1')");
    let (out, errors, code) = looked_at(&origin.url("/{key}?token=t"), "");
    let expected = format!(
        "loader {} of route \"\": 127.0.0.1:{} was reached; nothing was asked\nstandard input: ok, ",
        origin.url("/{key}?token=t"),
        origin.port()
    );
    assert!(out.starts_with(&expected) && errors.is_empty() && code == Some(0), "{out}{errors}");
    assert_eq!(origin.paths(), Vec::<String>::new());
}

#[test]
fn a_loader_over_tls_is_told_with_its_version_or_with_what_is_wrong_with_it() {
    let authority = Authority::new("an authority");
    let identity = authority.signs("endpoint", &["127.0.0.1"]);
    let arguments = identity.arguments();
    // A memcached shakes hands like anybody else, and says nothing first.
    let server = Memcached::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let url = format!("https://{}/{{key}}", server.address());
    let (out, errors, code) = looked_at(&url, &format!(", ca: {}", authority.ca().display()));
    assert!(out.contains(" was reached over TLS 1.3; nothing was asked\n") && code == Some(0), "{out}{errors}");
    let (out, errors, code) = looked_at(&url, "");
    assert!(errors.contains("its certificate is signed by nobody who is trusted here: write"), "{out}{errors}");
    assert_eq!(code, Some(0), "leash serves without it");
    let plain = Memcached::start();
    let (_, errors, _) = looked_at(&format!("https://{}/{{key}}", plain.address()), "");
    assert!(errors.contains("cannot be reached: "), "{errors}");
}

#[test]
fn a_loader_that_is_not_there_is_a_warning() {
    for (url, why) in [
        (format!("http://127.0.0.1:{}/{{key}}", free_port()), "cannot be reached: Connection refused"),
        ("http://nowhere.invalid/{key}".to_string(), "cannot be reached: failed to lookup address"),
        ("unix:/nowhere/app.sock:/{key}".to_string(), "cannot be reached: No such file"),
    ] {
        let (out, errors, code) = looked_at(&url, "");
        let expected = format!("warning: standard input: routes[0].loader.url: loader {url} of route \"\": {why}");
        assert!(errors.starts_with(&expected), "{errors}");
        assert!(out.starts_with("standard input: ok, ") && code == Some(0), "{out}{errors}");
    }
    let hangs = FakeServer::start();
    let (_, errors, code) = looked_at(&format!("https://{}/{{key}}", hangs.address()), ", connect_timeout: 200ms");
    assert!(errors.contains("cannot be reached: no connection within 200ms, its connect_timeout"), "{errors}");
    assert_eq!(code, Some(0));
}
