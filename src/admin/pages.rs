//! Which answer belongs to which path. No socket: a method and an address in, a response out.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode, Uri};
use serde_json::Value;

use super::Source;
use super::query::{self, Query};
use crate::page::{Asked, View, render, security_policy};

/// A complete response.
pub type Page = Response<Full<Bytes>>;

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const PROMETHEUS: &str = "text/plain; version=0.0.4";

/// The pages there are, for whoever asks for another one.
const PAGES: [(&str, &str); 7] = [
    ("/", "how things are, for people"),
    ("/status", "the same as JSON"),
    ("/metrics", "metrics for Prometheus"),
    ("/livez", "whether the process is alive"),
    ("/readyz", "whether the listeners are bound and the configuration is loaded"),
    ("/config", "the effective configuration, secrets masked"),
    ("/route?key=", "where a key goes; more of them with &key=, what is there with &live=1"),
];

/// Answers GET and HEAD; hyper leaves the body of an answer to HEAD out.
pub async fn answer(method: &Method, uri: &Uri, source: &dyn Source) -> Page {
    if *method != Method::GET && *method != Method::HEAD {
        return read_only();
    }
    match uri.path() {
        "/" => people(uri.query(), source).await,
        "/status" => status(source),
        "/metrics" => page(StatusCode::OK, PROMETHEUS, source.metrics()),
        "/livez" => verdict("not alive", source.live()),
        "/readyz" => verdict("not ready", source.ready()),
        "/config" => json(&source.config()),
        "/route" => route(uri.query(), source).await,
        _ => page(StatusCode::NOT_FOUND, TEXT, list("no such page; there are:")),
    }
}

fn verdict(otherwise: &str, verdict: Result<(), String>) -> Page {
    match verdict {
        Ok(()) => page(StatusCode::OK, TEXT, "ok\n"),
        Err(reason) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{otherwise}: {reason}\n")),
    }
}

fn status(source: &dyn Source) -> Page {
    match serde_json::to_value(source.overview(Instant::now())) {
        Ok(overview) => json(&overview),
        Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

/// The page for people.
async fn people(query: Option<&str>, source: &dyn Source) -> Page {
    let asked = match query::of_form(query) {
        Some(query) => Some(asked(query, source).await),
        None => None,
    };
    let (overview, config) = (source.overview(Instant::now()), source.config());
    let nonce = BASE64.encode(rand::random::<[u8; 16]>());
    let view = View { overview: &overview, config: &config, asked: asked.as_ref() };
    let mut page = page(StatusCode::OK, HTML, render(&view, &nonce));
    if let Ok(policy) = HeaderValue::from_str(&security_policy(&nonce)) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    // Its address may hold a key.
    page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}

async fn asked(query: Result<Query, String>, source: &dyn Source) -> Asked {
    let (keys, live) = match query {
        Ok(Query { keys, live }) => (keys, live),
        Err(why) => return Asked { key: String::new(), live: false, answer: Err(why) },
    };
    let key = keys.first().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default();
    let answer = find(Query { keys, live }, source).await;
    Asked { key, live, answer: answer.map(|mut places| places.pop().unwrap_or_default()) }
}

async fn find(query: Query, source: &dyn Source) -> Result<Vec<Value>, String> {
    match query {
        Query { keys, live: true } => source.look(keys).await,
        Query { keys, live: false } => keys.iter().map(|key| source.route(key)).collect(),
    }
}

/// An array with one element per key, also for one key, so that scripts need one way to read it.
async fn route(query: Option<&str>, source: &dyn Source) -> Page {
    let found = match query::parse(query) {
        Ok(query) => find(query, source).await,
        Err(reason) => Err(reason),
    };
    match found {
        Ok(places) => json(&Value::Array(places)),
        Err(reason) => page(StatusCode::BAD_REQUEST, TEXT, format!("{reason}\n")),
    }
}

fn read_only() -> Page {
    let mut page = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD: nothing can be changed here\n");
    page.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    page
}

fn json(value: &Value) -> Page {
    page(StatusCode::OK, JSON, format!("{value:#}\n"))
}

fn page(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A key or an address shown as text must not be taken for markup.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    page
}

fn list(title: &str) -> String {
    let lines = PAGES.map(|(path, about)| format!("  {path:<12} {about}\n"));
    format!("{title}\n{}", lines.concat())
}
