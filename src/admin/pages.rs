//! Which answer belongs to which path. No socket: a request in, a response out. Probes are answered at once, pages are
//! made aside, one after the other.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use serde::Serialize;

use super::query::{self, Query};
use super::{StatusSource, hosts, negotiate};
use crate::admin::page::{AskedKey, View, render, security_policy};
use crate::explain::Destination;
use crate::runtime::side_thread::SideThread;

/// A complete response.
pub(super) type Page = Response<Full<Bytes>>;

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What is said instead of a page at the end.
const ENDING: &str = "leash is stopping";
/// More of a host name than this is not repeated.
const LONGEST_NAME: usize = 253;

/// The pages there are, told to a client that asks for another one.
const PAGES: [(&str, &str); 7] = [
    ("/", "how things are, for people"),
    ("/status", "the same as JSON"),
    ("/metrics", "metrics for Prometheus"),
    ("/livez", "whether the process is alive"),
    ("/readyz", "whether the listeners are bound and the configuration is loaded"),
    ("/config", "the effective configuration, secrets masked"),
    ("/route?key=", "where a key goes; more of them with &key=, what is there with &live=1"),
];

/// Who knows what the pages show, and where they are made.
#[derive(Clone)]
pub(super) struct Pages {
    /// Who knows.
    pub source: Arc<dyn StatusSource>,
    /// Where: they are the work of milliseconds.
    pub aside: Arc<SideThread>,
}

impl Pages {
    /// Answers GET and HEAD to who may ask; hyper leaves the body of an answer to HEAD out.
    pub(super) async fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Page {
        if let Some(host) = hosts::unknown(uri, headers, || self.source.hosts()) {
            return misdirected(&host);
        }
        if *method != Method::GET && *method != Method::HEAD {
            return read_only();
        }
        match uri.path() {
            "/" => self.people(uri.query()).await,
            "/status" => self.make(|source| json(&source.overview(Instant::now()))).await,
            "/metrics" => self.metrics(headers).await,
            "/livez" => verdict("not alive", self.source.live()),
            "/readyz" => verdict("not ready", self.source.ready()),
            "/config" => self.make(|source| json(&source.config())).await,
            "/route" => self.route(uri.query()).await,
            _ => page(StatusCode::NOT_FOUND, TEXT, list("no such page; there are:")),
        }
    }

    async fn metrics(&self, headers: &HeaderMap) -> Page {
        let (exposition, takes_gzip) = (negotiate::exposition(headers), negotiate::takes_gzip(headers));
        self.make(move |source| {
            let text = source.metrics(exposition);
            let packed = if takes_gzip { gzip(&text) } else { None };
            let is_packed = packed.is_some();
            let mut page = page(StatusCode::OK, exposition.content_type(), packed.unwrap_or_else(|| text.into()));
            page.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
            if is_packed {
                page.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            page
        })
        .await
    }

    /// The page for people.
    async fn people(&self, query: Option<&str>) -> Page {
        let asked = match query::of_form(query) {
            Some(query) => Some(self.asked(query).await),
            None => None,
        };
        self.make(move |source| people(source, asked.as_ref())).await
    }

    async fn asked(&self, query: Result<Query, String>) -> AskedKey {
        let (keys, live) = match query {
            Ok(Query { keys, live }) => (keys, live),
            Err(why) => return AskedKey { key: String::new(), live: false, answer: Err(why) },
        };
        let key = keys.first().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default();
        let found = self.find(Query { keys, live }).await;
        let answer = found.and_then(|mut found| found.pop().ok_or_else(|| ENDING.to_string()));
        AskedKey { key, live, answer }
    }

    /// An array with one element per key, also for one key, so that scripts need one way to read it.
    async fn route(&self, query: Option<&str>) -> Page {
        let found = match query::parse(query) {
            Ok(query) => self.find(query).await,
            Err(reason) => Err(reason),
        };
        match found {
            Ok(destinations) => json(&destinations),
            Err(reason) => page(StatusCode::BAD_REQUEST, TEXT, format!("{reason}\n")),
        }
    }

    async fn find(&self, query: Query) -> Result<Vec<Destination>, String> {
        let Query { keys, live } = query;
        if live {
            return self.source.look(keys).await;
        }
        let look_up = move |source: &dyn StatusSource| keys.iter().map(|key| source.route(key)).collect();
        self.aside(look_up).await.unwrap_or_else(|| Err(ENDING.to_string()))
    }

    async fn make(&self, make: impl FnOnce(&dyn StatusSource) -> Page + Send + 'static) -> Page {
        self.aside(make).await.unwrap_or_else(|| page(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{ENDING}\n")))
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&dyn StatusSource) -> T + Send + 'static) -> Option<T> {
        let source = self.source.clone();
        self.aside.work(move || work(&*source)).await
    }
}

fn verdict(otherwise: &str, verdict: Result<(), String>) -> Page {
    match verdict {
        Ok(()) => page(StatusCode::OK, TEXT, "ok\n"),
        Err(reason) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{otherwise}: {reason}\n")),
    }
}

fn people(source: &dyn StatusSource, asked: Option<&AskedKey>) -> Page {
    let (overview, config) = (source.overview(Instant::now()), source.config());
    let nonce = BASE64.encode(rand::random::<[u8; 16]>());
    let view = View { overview: &overview, config: &config, asked };
    let mut page = page(StatusCode::OK, HTML, render(&view, &nonce));
    if let Ok(policy) = HeaderValue::from_str(&security_policy(&nonce)) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    // Its address may hold a key.
    page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}

fn misdirected(host: &str) -> Page {
    let host: String = host.chars().take(LONGEST_NAME).collect();
    let said = format!("{host:?} is no name of this leash: ask by its IP address, or list the name in admin.hosts\n");
    page(StatusCode::MISDIRECTED_REQUEST, TEXT, said)
}

fn read_only() -> Page {
    let mut page = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD: nothing can be changed here\n");
    page.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    page
}

/// Metrics are much the same words over and over, so packing them is worth its time.
fn gzip(text: &str) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// The fields in the order of their names, so that a script finds what it looks for and two answers can be compared.
fn json(told: &impl Serialize) -> Page {
    match serde_json::to_value(told) {
        Ok(value) => page(StatusCode::OK, JSON, format!("{value:#}\n")),
        Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
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
