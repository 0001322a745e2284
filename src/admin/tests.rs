//! The admin pages as an HTTP client sees them, through real sockets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::server::{AdminLimits, serve_within};
use super::{Handle, Looking, StatusSource, serve};
use crate::admin::model::Overview;
use crate::explain::Destination;
use crate::metrics::Exposition;

#[derive(Default)]
struct Fixed {
    ready: AtomicBool,
    answered: watch::Sender<bool>,
}

impl StatusSource for Fixed {
    fn metrics(&self, exposition: Exposition) -> String {
        format!("leash_config_routes 1\n# {exposition:?}\n")
    }
    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::Relaxed) { Ok(()) } else { Err("no listener is bound yet".to_string()) }
    }
    fn config(&self) -> Value {
        json!({"admin": "127.0.0.1:11291"})
    }
    fn hosts(&self) -> Vec<String> {
        vec!["leash.example.com".to_string()]
    }
    fn note(&self, _: Instant) {}
    fn overview(&self, _: Instant) -> Overview {
        Overview::default()
    }
    fn route(&self, key: &[u8]) -> Result<Destination, String> {
        if key.is_empty() { Err("a key has 1 to 250 bytes".to_string()) } else { Ok(nowhere(&format!("{key:?}"))) }
    }
    /// Waits for the test to say that it is ready.
    fn look(&self, keys: Vec<Vec<u8>>) -> Looking {
        let mut answered = self.answered.subscribe();
        Box::pin(async move {
            let _ = answered.wait_for(|answered| *answered).await;
            tokio::task::spawn_local(async {}).await.map_err(|error| error.to_string())?;
            Ok(keys.iter().map(|_| nowhere("looked at")).collect())
        })
    }
}

fn nowhere(key: &str) -> Destination {
    Destination::nowhere(key, None, "no server")
}

fn start() -> (Handle, Arc<Fixed>) {
    let source = Arc::new(Fixed::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (serve(listener, source.clone(), 128).unwrap(), source)
}

fn connect(handle: &Handle) -> TcpStream {
    let stream = TcpStream::connect(handle.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// Head and body of the answer.
fn ask(handle: &Handle, method: &str, target: &str) -> (String, String) {
    let mut stream = connect(handle);
    write!(stream, "{method} {target} HTTP/1.1\r\nhost: leash\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_string(), body.to_string())
}

/// Status and body of the answer to a GET.
fn get(handle: &Handle, target: &str) -> (u16, String) {
    let (head, body) = ask(handle, "GET", target);
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

#[test]
fn metrics_come_as_prometheus_wants_them() {
    let (handle, _) = start();
    let (head, body) = ask(&handle, "GET", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
    assert_eq!(body, "leash_config_routes 1\n# Text\n");
}

#[test]
fn readiness_follows_the_source_and_says_what_is_missing() {
    let (handle, source) = start();
    assert_eq!(get(&handle, "/readyz"), (503, "not ready: no listener is bound yet\n".to_string()));
    assert_eq!(get(&handle, "/livez"), (200, "ok\n".to_string()));
    source.ready.store(true, Ordering::Relaxed);
    assert_eq!(get(&handle, "/readyz"), (200, "ok\n".to_string()));
}

#[test]
fn a_look_up_decodes_its_keys_and_answers_in_their_order() {
    let (handle, _) = start();
    let (status, body) = get(&handle, "/route?key=a%3A%ff&key=b");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let told = |key: &[u8]| json!({"key": format!("{key:?}"), "route": null, "answer": "no server"});
    assert_eq!((status, answer), (200, json!([told(b"a:\xff"), told(b"b")])));
    for (target, reason) in [("/route", "which key"), ("/route?key=%2", "hexadecimal"), ("/route?key=", "1 to 250")] {
        let (status, body) = get(&handle, target);
        assert!(status == 400 && body.contains(reason), "{target}: {status} {body}");
    }
}

#[test]
fn a_look_that_waits_for_a_server_holds_nobody_up() {
    let (handle, source) = start();
    let mut looks = connect(&handle);
    looks.write_all(b"GET /route?key=a&key=b&live=1 HTTP/1.1\r\nhost: leash\r\nconnection: close\r\n\r\n").unwrap();
    assert_eq!(get(&handle, "/livez"), (200, "ok\n".to_string()));
    source.answered.send_replace(true);
    let mut answer = String::new();
    looks.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&answer[0]["key"], &answer[1]["key"], &answer[2]),
        (&json!("looked at"), &json!("looked at"), &Value::Null)
    );
}

#[test]
fn who_hangs_up_during_a_look_leaves_nothing_waiting() {
    let (handle, source) = start();
    let mut looks = connect(&handle);
    looks.write_all(b"GET /route?key=a&live=1 HTTP/1.1\r\nhost: leash\r\n\r\n").unwrap();
    let wait_for = |receivers| {
        let deadline = Instant::now() + Duration::from_secs(5);
        while source.answered.receiver_count() != receivers {
            assert!(Instant::now() < deadline, "{} looks, not {receivers}", source.answered.receiver_count());
            std::thread::yield_now();
        }
    };
    wait_for(1);
    drop(looks);
    wait_for(0);
}

#[test]
fn the_configuration_is_json_and_the_page_for_people_links_to_the_others() {
    let (handle, _) = start();
    let (status, body) = get(&handle, "/config");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["admin"], "127.0.0.1:11291");
    let (index_status, index) = get(&handle, "/");
    assert_eq!((status, index_status), (200, 200));
    for path in ["status", "metrics", "livez", "readyz", "config"] {
        assert!(index.contains(&format!("href=\"{path}\"")), "{path}");
    }
}

#[test]
fn the_page_for_people_runs_only_what_has_its_nonce_and_each_answer_has_its_own() {
    let (handle, _) = start();
    let nonce = || {
        let (head, body) = ask(&handle, "GET", "/?key=a");
        assert!(
            head.contains("cache-control: no-store\r\n") && head.contains("referrer-policy: no-referrer\r\n"),
            "{head}"
        );
        let nonce = head.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
        assert!(head.contains("content-security-policy: default-src 'none'; "), "{head}");
        assert_eq!(body.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "a style and a script");
        nonce.to_string()
    };
    assert_ne!(nonce(), nonce());
}

#[test]
fn a_key_that_makes_no_sense_is_answered_within_the_page() {
    let (handle, _) = start();
    for (query, reason) in [("key=", "1 to 250"), ("key=%2", "hexadecimal"), ("kee=a", "only key=NAME")] {
        let (status, body) = get(&handle, &format!("/?{query}"));
        assert!(status == 200 && body.contains(reason) && body.contains("</html>"), "{query}: {status}");
    }
}

#[test]
fn other_paths_and_methods_are_told_what_there_is() {
    let (handle, _) = start();
    let (status, body) = get(&handle, "/metric");
    assert!(status == 404 && body.contains("/metrics"), "{status} {body}");
    let (head, body) = ask(&handle, "POST", "/config");
    assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: GET, HEAD\r\n"), "{head}");
    assert!(body.contains("only GET and HEAD"), "{body}");
}

#[test]
fn head_has_the_length_and_no_body() {
    let (handle, _) = start();
    let (head, body) = ask(&handle, "HEAD", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 29"), "{head}");
    assert_eq!(body, "");
}

#[test]
fn one_connection_can_ask_twice() {
    let (handle, _) = start();
    let mut stream = connect(&handle);
    for _ in 0..2 {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: leash\r\n\r\n").unwrap();
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer).unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn garbage_is_refused_and_the_next_client_is_served() {
    let (handle, _) = start();
    let mut stream = connect(&handle);
    stream.write_all(b"\x80\x00\x00\x00 get key\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(get(&handle, "/livez").0, 200);
}

#[test]
fn clients_that_idle_lose_their_places_to_those_who_ask() {
    let limits = AdminLimits { connections: 4, head: Duration::from_millis(100), ..AdminLimits::USUAL };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let handle = serve_within(limits, listener, Arc::new(Fixed::default())).unwrap();
    let silent: Vec<TcpStream> = (0..2).map(|_| connect(&handle)).collect();
    let mut begun: Vec<TcpStream> = (0..2).map(|_| connect(&handle)).collect();
    begun.iter_mut().for_each(|stream| stream.write_all(b"GET /livez HTTP/1.1\r\n").unwrap());
    assert_eq!(get(&handle, "/livez").0, 200);
    drop((silent, begun));
}

#[test]
fn no_connection_lives_beyond_its_lifetime() {
    let limits = AdminLimits { lifetime: Duration::from_millis(100), ..AdminLimits::USUAL };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let handle = serve_within(limits, listener, Arc::new(Fixed::default())).unwrap();
    let mut idle = connect(&handle);
    assert_eq!(idle.read(&mut [0; 16]).unwrap(), 0, "closed by the server");
}

#[test]
fn stopping_closes_idle_connections_at_once_and_the_listener_with_them() {
    let (handle, _) = start();
    let address = handle.address();
    let mut idle = connect(&handle);
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: leash\r\n\r\n").unwrap();
    let mut answer = [0; 1024];
    assert!(idle.read(&mut answer).unwrap() > 0);
    let before = Instant::now();
    handle.stop(Duration::from_secs(10));
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    assert_eq!(idle.read(&mut answer).unwrap(), 0);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_client_that_never_finishes_its_request_cannot_hold_a_stop_beyond_its_grace() {
    let (handle, _) = start();
    let mut stuck = connect(&handle);
    stuck.write_all(b"GET /livez HTTP/1.1\r\nhost:").unwrap();
    assert_eq!(get(&handle, "/livez").0, 200, "by now the other one has begun");
    let before = Instant::now();
    handle.stop(Duration::from_millis(200));
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
}

#[test]
fn a_dropped_handle_ends_the_server() {
    let (handle, _) = start();
    let address = handle.address();
    drop(handle);
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "still listening");
        std::thread::yield_now();
    }
}
