//! Connections to one endpoint, whatever the address in a request says: so nothing leads elsewhere, no redirect and no
//! proxy of the environment.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::wire::{Socket, Wire};
use crate::config::{Endpoint, HttpVersion, Loader};
use crate::runtime::dns::Addresses;
use crate::runtime::net::notice_vanished;
use crate::tls::{ClientTls, ClientTlsFiles, TlsFault};

/// Makes connections to one endpoint.
#[derive(Clone)]
pub(super) struct Connector(Arc<Way>);

struct Way {
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    addresses: Addresses,
    /// How long a connection may take to be made.
    patience: Duration,
}

impl Connector {
    /// To the endpoint of a loader, over TLS where it wants that.
    pub(super) fn new(loader: &Loader) -> Result<Connector, TlsFault> {
        let (endpoint, patience) = (loader.url.endpoint.clone(), loader.connect_timeout);
        let files = ClientTlsFiles { ca: loader.ca.clone(), ..ClientTlsFiles::default() };
        let tls = match &endpoint {
            Endpoint::Https { .. } => Some(ClientTls::load(files)?.offering(offered(loader.http))),
            Endpoint::Http { .. } | Endpoint::Unix(_) => None,
        };
        Ok(Connector(Arc::new(Way { endpoint, tls, addresses: Addresses::default(), patience })))
    }

    /// Makes one.
    pub(super) async fn connect(&self) -> io::Result<Socket> {
        let connected = timeout(self.0.patience, self.0.connect()).await;
        connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await.map(Wire::new) })
    }
}

impl Way {
    async fn connect(&self) -> io::Result<Socket> {
        match &self.endpoint {
            Endpoint::Unix(path) => UnixStream::connect(path).await.map(Socket::Unix),
            Endpoint::Http { host, port } => self.reach(host, *port).await.map(Socket::Tcp),
            Endpoint::Https { host, port } => {
                let settings = self.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = self.reach(host, *port).await?;
                let stream = TlsConnector::from(settings).connect(name, stream).await?;
                Ok(Socket::Tls(Box::new(stream)))
            }
        }
    }

    /// The first of the name's addresses that takes a connection. Each has its share of the time, so that one from which
    /// nothing comes back does not hide the others.
    async fn reach(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        let addresses = self.addresses.resolve(host, port, self.patience).await?;
        let share = self.patience / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for address in addresses {
            let connected = timeout(share, TcpStream::connect(address)).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    notice_vanished(&stream)?;
                    return Ok(stream);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

fn offered(http: HttpVersion) -> &'static [&'static [u8]] {
    match http {
        HttpVersion::Auto => &[b"h2", b"http/1.1"],
        HttpVersion::Http1 => &[b"http/1.1"],
        HttpVersion::Http2 => &[b"h2"],
    }
}
