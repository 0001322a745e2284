//! What is known of a server in the whole process: who it is, how to reach it, how it feels.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream, lookup_host};

use super::health::Health;
use crate::config::Address;
use crate::net::Stream;

/// How a server is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a reply, from when it was asked for.
    pub request_timeout: Duration,
    /// The most requests one connection may owe.
    pub queue: usize,
    /// Whether what it said may be logged: it may hold keys and values.
    pub show_keys: bool,
}

/// One server of one pool.
pub struct Target {
    /// Its name and address for people: `m1 (10.0.0.7:11211)`.
    pub label: Arc<str>,
    /// How it is treated.
    pub options: Options,
    /// How it feels.
    pub health: Health,
    address: Address,
    /// What its name meant when it could last be resolved.
    resolved: Mutex<Vec<SocketAddr>>,
}

impl Target {
    /// A server thought to be up, which `failures` in a row make down.
    pub fn new(name: &str, address: Address, options: Options, failures: u32) -> Target {
        let place = address.to_string();
        let label: Arc<str> = if name == place { name.into() } else { format!("{name} ({place})").into() };
        let health = Health::new(label.clone(), failures);
        Target { label, options, health, address, resolved: Mutex::default() }
    }

    /// The same server for somebody who only looks: asked with at most so much patience, never held to be down for being
    /// silent, and without a word in what the process thinks of it.
    pub fn apart(&self, patience: Duration) -> Target {
        let known = self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let options = Options {
            connect_timeout: self.options.connect_timeout.min(patience),
            request_timeout: self.options.request_timeout.min(patience),
            queue: usize::MAX,
            ..self.options
        };
        let health = Health::new(self.label.clone(), u32::MAX);
        Target {
            label: self.label.clone(),
            options,
            health,
            address: self.address.clone(),
            resolved: Mutex::new(known),
        }
    }

    /// Opens a connection, within the connect timeout.
    pub async fn connect(&self) -> io::Result<Stream> {
        match tokio::time::timeout(self.options.connect_timeout, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn open(&self) -> io::Result<Stream> {
        let (host, port) = match &self.address {
            Address::Unix(path) => return UnixStream::connect(path).await.map(Stream::Unix),
            Address::Tcp { host, port } => (host, *port),
            Address::Embedded => return Err(io::Error::other("the embedded store is not connected to")),
        };
        let mut refused = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in self.resolve(host, port).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Stream::Tcp(stream));
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The addresses `host` has now, or the ones it last had if nobody can tell.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let known = || self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        match lookup_host((host, port)).await.map(Iterator::collect::<Vec<_>>) {
            Ok(found) if !found.is_empty() => {
                known().clone_from(&found);
                Ok(found)
            }
            _ if !known().is_empty() => Ok(known().clone()),
            Ok(none) => Ok(none),
            Err(error) => Err(error),
        }
    }
}
