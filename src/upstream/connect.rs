//! The way to a connection on which a server can be asked something.
//!
//! ```text
//!   addresses of its name ─▶ socket ─▶ TLS, if the pool has it ─▶ password, if the pool has one
//!   └─── connect_timeout ────────┘     └── connect_timeout ──┘    └──── request_timeout ─────┘
//! ```

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::UnixStream;
use tokio::time::timeout;

use super::password::log_in;
use super::race;
use super::target::Target;
use super::unusable::Unusable;
use crate::config::Address;
use crate::runtime::dns::one_server;
use crate::runtime::net::{leave_reserve, notice_deaf};
use crate::runtime::secured::SecuredStream;
use crate::runtime::socket::SocketStream;
use crate::runtime::stream::{Reader, Stream, Writer};

/// A server whose machine acknowledges nothing for this long is gone: the connection ends, even if callers wait on it.
const DEAF: Duration = Duration::from_secs(10);

/// A connection that owes nothing.
pub struct Connected {
    /// What the server says.
    pub reader: Reader,
    /// What it is told.
    pub writer: Writer,
    /// Where it leads.
    pub peer: Option<SocketAddr>,
    /// How long the socket took to be connected, its name known.
    pub took: Duration,
}

/// A socket, and how long it took to be connected.
type Dialled = (SocketStream, Duration);

impl Target {
    /// Opens a connection.
    pub async fn connect(&self) -> Result<Connected, Unusable> {
        self.connect_over(self.open()).await
    }

    /// The same to one of the addresses of its name.
    pub(super) async fn connect_to(&self, address: SocketAddr) -> Result<Connected, Unusable> {
        self.connect_over(self.dial(vec![address])).await
    }

    async fn connect_over(&self, opening: impl Future<Output = io::Result<Dialled>>) -> Result<Connected, Unusable> {
        let opened = timeout(self.options.connect_timeout, opening);
        let opened = opened.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let opened = opened.and_then(|opened| leave_reserve(&opened.0).map(|()| opened));
        let (socket, took) = opened.map_err(|error| {
            self.own_words.forget_refusal();
            Unusable::no_connection(&error)
        })?;
        let peer = socket.peer();
        let (mut reader, writer) =
            self.secured(socket).await.inspect_err(|_| self.own_words.forget_refusal())?.into_split();
        if let Some(auth) = &self.options.auth {
            let patience = self.options.request_timeout;
            timeout(patience, log_in(auth, &self.own_words, &mut reader, &writer)).await.unwrap_or_else(|_| {
                let why =
                    format!("it says nothing to the password within {patience:?}, the request_timeout of its pool");
                Err(Unusable::not_let_in(why))
            })?;
        }
        Ok(Connected { reader, writer, peer, took })
    }

    async fn open(&self) -> io::Result<Dialled> {
        match &self.address {
            Address::Unix(path) => Ok((SocketStream::Unix(UnixStream::connect(path).await?), Duration::ZERO)),
            Address::Tcp { host, port } => self.dial(self.look_up(host, *port).await?).await,
            Address::Embedded => Err(io::Error::other("the embedded store is not connected to")),
        }
    }

    /// The addresses of its name, if it means one server.
    pub(super) async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        // A name service that does not answer must leave time to connect to where the server was.
        let patience = self.options.connect_timeout / 2;
        let addresses = self.addresses.resolve(host, port, patience).await?;
        if !self.options.any_address {
            one_server(host, port, &addresses).map_err(io::Error::other)?;
        }
        Ok(addresses)
    }

    async fn dial(&self, addresses: Vec<SocketAddr>) -> io::Result<Dialled> {
        let begun = Instant::now();
        let stream = race::connect(addresses, self.options.connect_timeout).await?;
        let took = begun.elapsed();
        stream.set_nodelay(true)?;
        notice_deaf(&stream, DEAF)?;
        Ok((SocketStream::Tcp(stream), took))
    }

    async fn secured(&self, socket: SocketStream) -> Result<Stream, Unusable> {
        let Some(tls) = &self.options.tls else { return Ok(Stream::Plain(socket)) };
        let host = match &self.address {
            Address::Tcp { host, .. } => host,
            // Whoever configures TLS over a path writes the name of the certificate, too.
            Address::Unix(_) | Address::Embedded => "localhost",
        };
        let session = tls.session(host).map_err(Unusable::no_tls)?;
        let patience = self.options.connect_timeout;
        match timeout(patience, SecuredStream::agree(socket, session, |_| Ok(()))).await {
            Ok(agreed) => agreed.map(|stream| Stream::Secured(Box::new(stream))).map_err(Unusable::no_tls),
            Err(_) => {
                let cure =
                    "does it speak TLS on this port (memcached -Z)? If it does, raise connect_timeout of its pool";
                Err(Unusable::no_tls(format!("no handshake within {patience:?}: {cure}")))
            }
        }
    }
}
