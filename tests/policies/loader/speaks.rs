//! The ways to reach an endpoint: HTTP/2 without asking first, TLS, and a unix socket. Node's own servers.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{BOUND, Memcached, free_port, needs, wait_until};

use super::loading;

/// A server in Node that answers with the HTTP version and the path it was asked for.
struct Node {
    child: Child,
}

impl Node {
    fn start(directory: &Path, serve: &str, is_there: impl Fn() -> bool) -> Node {
        let answer = "const answer = (ask, say) => { const body = ask.httpVersion + ' ' + ask.url; \
                      say.writeHead(200, {'content-length': body.length}); say.end(body); };";
        let file = directory.join("origin.js");
        fs::write(&file, format!("const fs = require('fs');\n{answer}\n{serve}\n")).unwrap();
        let child = Command::new("node").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let node = Node { child };
        wait_until("the endpoint listens", BOUND, is_there);
        node
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn http_2_is_spoken_without_asking_first_where_that_is_configured() {
    if !needs::has("node", Command::new("node").arg("--version")) {
        return;
    }
    let (servers, directory, port) = (Memcached::start_many(1), tempfile::tempdir().unwrap(), free_port());
    let serve = format!("require('http2').createServer(answer).listen({port}, '127.0.0.1');");
    let _node = Node::start(directory.path(), &serve, || support::listens(port));
    let leash = loading(&servers, &format!("http://127.0.0.1:{port}/c/{{key}}"), ", http: http2", "");
    let mut client = leash.client();
    for key in ["a", "b"] {
        client.expect(format!("get {key}\r\n"), format!("VALUE {key} 0 8\r\n2.0 /c/{key}\r\nEND\r\n"));
    }
}

#[test]
fn over_tls_the_endpoint_must_be_vouched_for_and_http_2_is_agreed_on() {
    if !needs::has("node", Command::new("node").arg("--version"))
        || !needs::has("openssl", Command::new("openssl").arg("version"))
    {
        return;
    }
    let (servers, directory, port) = (Memcached::start_many(1), tempfile::tempdir().unwrap(), free_port());
    let path = |name: &str| directory.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .stderr(Stdio::null())
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let serve = format!(
        "require('http2').createSecureServer({{key: fs.readFileSync('{}'), cert: fs.readFileSync('{}'), allowHTTP1: true}}, answer).listen({port}, '127.0.0.1');",
        path("key.pem"),
        path("cert.pem")
    );
    let _node = Node::start(directory.path(), &serve, || support::listens(port));
    let url = format!("https://localhost:{port}/{{key}}");
    let ca = format!(", ca: '{}'", path("cert.pem"));
    for (key, more, expected) in
        [("a", "", "2.0 /a"), ("b", ", http: http1", "1.1 /b"), ("c", ", http: http2", "2.0 /c")]
    {
        let leash = loading(&servers, &url, &format!("{ca}{more}"), "");
        leash.client().expect(format!("get {key}\r\n"), format!("VALUE {key} 0 6\r\n{expected}\r\nEND\r\n"));
    }
    // Nobody on this machine vouches for it, and it is not 127.0.0.1.
    for (key, url, more) in [("d", url.clone(), ""), ("e", url.replace("localhost", "127.0.0.1"), ca.as_str())] {
        loading(&servers, &url, more, "").client().expect(format!("get {key}\r\n"), "END\r\n");
    }
}

#[test]
fn an_endpoint_behind_a_unix_socket_is_asked() {
    if !needs::has("node", Command::new("node").arg("--version")) {
        return;
    }
    let (servers, directory) = (Memcached::start_many(1), tempfile::tempdir().unwrap());
    let socket = directory.path().join("app.sock");
    let serve = format!("require('http').createServer(answer).listen('{}');", socket.display());
    let at = socket.clone();
    let _node = Node::start(directory.path(), &serve, move || at.exists());
    let leash = loading(&servers, &format!("unix:{}:/c/{{key}}", socket.display()), "", "");
    leash.client().expect("get a\r\n", "VALUE a 0 8\r\n1.1 /c/a\r\nEND\r\n");
}
