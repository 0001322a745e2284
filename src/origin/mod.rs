//! Asks an HTTP endpoint for values. It knows neither keys nor caches: what to ask for is given to it, and what an
//! answer means for a cache is decided elsewhere.
//!
//! ```text
//!   path ─▶ request ─▶ a connection that is kept, or a new one ─▶ endpoint
//!   answer ◀─ whole, in time, not too large, as announced ◀──────────┘   else trouble, and nothing of it is used
//! ```
//! No redirect is followed, no proxy of the environment is used, nothing is decoded. Connections are kept by
//! hyper-util's client; over HTTP/2 one carries all calls.

mod answer;
mod connect;
mod look;
mod surplus;
mod value;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, USER_AGENT};
use hyper::http::Extensions;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

pub(crate) use answer::{AnswerHeaders, OriginAnswer};
use connect::Connector;
pub(crate) use look::{Reached, look};
use value::ValueSoFar;
use wire::Ear;

use crate::config::{Endpoint, HttpVersion, Loader};
use crate::runtime::memory::Holder;
use crate::tls::TlsFault;

/// An answer with a longer head, or more lines in it, is none.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// A connection that rested for longer is not used again: endpoints of many kinds end it after 5 s.
const REST: Duration = Duration::from_secs(4);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoValue {
    /// No connection could be made.
    #[error("no connection")]
    Connect,
    /// It did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The endpoint answered with a status that is neither a value nor the absence of one.
    #[error("status {0}")]
    Status(u16),
    /// The value has more bytes than are stored.
    #[error("a value larger than limits.item_size")]
    TooLarge,
    /// There is no memory for the value.
    #[error("no room for the value in limits.memory")]
    NoMemory,
    /// It is not HTTP, not whole, or not as announced.
    #[error("an answer that is no HTTP, not whole or not as announced")]
    Broken,
    /// Nothing told where its value ends.
    #[error("an answer with neither Content-Length nor chunks")]
    Endless,
}

impl NoValue {
    /// Whether the endpoint is to blame.
    pub(crate) fn is_of_endpoint(self) -> bool {
        self != NoValue::NoMemory
    }
}

/// One endpoint.
pub(crate) struct OriginClient {
    client: Client<Connector, Empty<Bytes>>,
    scheme: &'static str,
    authority: String,
    headers: HeaderMap,
    first_byte_timeout: Duration,
    timeout: Duration,
    /// The longest value.
    most: usize,
}

impl OriginClient {
    /// The endpoint of a loader. Call it, and ask it, on one event loop.
    pub(crate) fn new(loader: &Loader, most: usize) -> Result<OriginClient, TlsFault> {
        let scheme = match &loader.url.endpoint {
            Endpoint::Https { .. } => "https",
            Endpoint::Http { .. } | Endpoint::Unix(_) => "http",
        };
        let connector = Connector::new(loader)?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(REST)
            .pool_max_idle_per_host(loader.max_in_flight)
            .http2_only(loader.http == HttpVersion::Http2)
            .http1_max_buf_size(LONGEST_HEAD)
            .http1_max_headers(MOST_HEADERS)
            .http2_max_header_list_size(LONGEST_HEAD as u32)
            .build(connector);
        let (first_byte_timeout, timeout) = (loader.first_byte_timeout, loader.timeout);
        let (authority, headers) = (loader.url.authority.clone(), headers(loader));
        Ok(OriginClient { client, scheme, authority, headers, first_byte_timeout, timeout, most })
    }

    /// Asks for `path`; if `etag` is known of an earlier answer, only whether it is still that. `holder` has the value until
    /// all of it is there.
    pub(crate) async fn ask(&self, path: &str, etag: Option<&str>, holder: &Holder) -> Result<OriginAnswer, NoValue> {
        let whole = async {
            let answer = timeout(self.first_byte_timeout, self.begin(path, etag)).await;
            answer::read(answer.map_err(|_| NoValue::Timeout)??, ValueSoFar::new(self.most, holder), etag.is_some())
                .await
        };
        timeout(self.timeout, whole).await.unwrap_or(Err(NoValue::Timeout))
    }

    /// A connection that had ended unseen while it rested says nothing of the endpoint: what was asked on it is asked
    /// once more.
    async fn begin(&self, path: &str, etag: Option<&str>) -> Result<Response<Incoming>, NoValue> {
        match self.client.request(self.request(path, etag)?).await {
            Ok(answer) => Ok(answer),
            Err(error) if is_outlived(&error) => {
                self.client.request(self.request(path, etag)?).await.map_err(|error| trouble(&error))
            }
            Err(error) => Err(trouble(&error)),
        }
    }

    fn request(&self, path: &str, etag: Option<&str>) -> Result<Request<Empty<Bytes>>, NoValue> {
        let uri = Uri::builder().scheme(self.scheme).authority(&*self.authority).path_and_query(path).build();
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri.map_err(|_| NoValue::Broken)?;
        *request.headers_mut() = self.headers.clone();
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request.headers_mut().insert(IF_NONE_MATCH, etag);
        }
        Ok(request)
    }
}

fn trouble(error: &Error) -> NoValue {
    if error.is_connect() { NoValue::Connect } else { NoValue::Broken }
}

fn is_outlived(error: &Error) -> bool {
    let mut extras = Extensions::new();
    error.connect_info().iter().for_each(|connected| connected.get_extras(&mut extras));
    extras.get::<Ear>().is_some_and(|ear| ear.heard().is_outlived())
}

/// What every request carries: what is stored must be the value, so no coding is asked for.
fn headers(loader: &Loader) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("leash/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for header in &loader.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(&header.value)) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests;
