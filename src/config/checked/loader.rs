//! Where the values of a route come from that nobody has stored yet, checked. Asking for them is done elsewhere.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The HTTP endpoint that makes the values of a route, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loader {
    /// Where it is, and what it is asked for.
    pub url: LoaderUrl,
    /// What every request to it carries.
    pub headers: Vec<FixedHeader>,
    /// Which HTTP it is spoken to in.
    pub http: HttpVersion,
    /// The file of the authorities that vouch for it over https; `None`: those of this machine.
    pub ca: Option<PathBuf>,
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// How long it may take to begin its answer.
    pub first_byte_timeout: Duration,
    /// How long a call may take, and a caller that has no value may wait.
    pub timeout: Duration,
    /// How long the caller for whom a stale value is refreshed waits for the new one; zero: it does not.
    pub soft_timeout: Duration,
    /// How long a value is fresh whose answer does not say; whole seconds.
    pub ttl: Duration,
    /// How long a value is kept past its grace, to be served while it cannot be made anew; whole seconds, zero: it is not.
    pub fail_safe: Duration,
    /// How long it is remembered that there is no value; whole seconds.
    pub negative_ttl: Duration,
    /// So many calls are under way at once in this process, at most.
    pub max_in_flight: usize,
}

/// The address of an endpoint, with places for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderUrl {
    /// As it was written.
    pub written: String,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// What the requests are addressed to.
    pub authority: String,
    /// Path and query, in their order.
    pub pieces: Vec<UrlPiece>,
}

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP port, spoken to in plain text.
    Http {
        /// Its name or address, without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A TCP port, spoken to over TLS.
    Https {
        /// Its name or address, without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// The path of a unix socket.
    Unix(PathBuf),
}

/// A part of path and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlPiece {
    /// This, as it is.
    Text(String),
    /// The key as clients write it.
    Key,
    /// The key without the route's prefix.
    Suffix,
}

/// A header of every request.
#[derive(Clone, PartialEq, Eq)]
pub struct FixedHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: String,
    /// What people may see of that.
    pub shown: String,
}

/// Which HTTP an endpoint is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// What TLS agrees on; HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, without asking first.
    Http2,
}

impl HttpVersion {
    /// All of them, as they are written.
    pub(crate) const WORDS: [(&str, HttpVersion); 3] =
        [("auto", HttpVersion::Auto), ("http1", HttpVersion::Http1), ("http2", HttpVersion::Http2)];

    /// As it is written.
    pub fn word(self) -> &'static str {
        HttpVersion::WORDS.iter().find(|(_, known)| *known == self).map_or("auto", |(word, _)| word)
    }
}

impl Loader {
    /// A loader of this address, all else as it is unless written.
    pub fn of(url: LoaderUrl) -> Loader {
        let timeout = Duration::from_secs(5);
        Loader {
            url,
            headers: Vec::new(),
            http: HttpVersion::Auto,
            ca: None,
            connect_timeout: Duration::from_secs(1),
            first_byte_timeout: timeout,
            timeout,
            soft_timeout: Duration::ZERO,
            ttl: Duration::from_secs(300),
            fail_safe: Duration::ZERO,
            negative_ttl: Duration::from_secs(5),
            max_in_flight: 64,
        }
    }
}

/// Without the value, as this may end up in a log.
impl fmt::Debug for FixedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.shown)
    }
}
