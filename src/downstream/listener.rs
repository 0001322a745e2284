//! Where applications connect: binds the addresses, accepts, and hands each client to the least busy worker.

use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc::UnboundedSender;

use crate::logging::Repeated;
use crate::net::Stream;

/// How long accepting waits after the kernel could not give a socket.
const BACK_OFF: Duration = Duration::from_millis(50);
/// The same complaint is logged this often at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// A listening socket.
pub enum Listener {
    /// On a TCP port.
    Tcp(TcpListener),
    /// On a Unix socket, whose file goes with it.
    Unix(UnixListener, PathBuf),
}

/// A client nobody serves yet; it is on no event loop, so it can go to another thread.
pub enum Incoming {
    /// Over TCP.
    Tcp(std::net::TcpStream),
    /// Over a Unix socket.
    Unix(std::os::unix::net::UnixStream),
}

/// A worker as the acceptor sees it.
#[derive(Clone)]
pub struct Seat {
    /// Where new clients are handed to it.
    pub inbox: UnboundedSender<Incoming>,
    /// How many clients it has, those on their way to it included.
    pub clients: Arc<AtomicUsize>,
}

impl Listener {
    /// Listens on a Unix socket. A socket left by a process that is gone is replaced; any other file is not.
    pub fn unix(path: PathBuf) -> io::Result<Listener> {
        let is_socket = std::fs::symlink_metadata(&path).is_ok_and(|file| file.file_type().is_socket());
        if is_socket
            && std::os::unix::net::UnixStream::connect(&path)
                .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(&path)?;
        }
        Ok(Listener::Unix(UnixListener::bind(&path)?, path))
    }

    /// Listens on a TCP address.
    pub async fn tcp(address: std::net::SocketAddr) -> io::Result<Listener> {
        TcpListener::bind(address).await.map(Listener::Tcp)
    }

    /// Accepts until the task is dropped. At most `most` clients have a seat at a time; `refused` learns of the others.
    pub async fn accept(self, seats: Vec<Seat>, most: usize, refused: impl Fn()) {
        let (cannot_accept, too_many) = (Repeated::new(COMPLAINT), Repeated::new(COMPLAINT));
        loop {
            match self.next().await {
                Ok(client) => {
                    if seat(client, &seats, most) {
                        continue;
                    }
                    refused();
                    if let Some(suppressed) = too_many.allow(Instant::now()) {
                        tracing::warn!(most, suppressed, "too many clients, raise limits.connections");
                    }
                }
                Err(error) => {
                    if let Some(suppressed) = cannot_accept.allow(Instant::now()) {
                        tracing::warn!(%error, suppressed, "cannot accept a client");
                    }
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    async fn next(&self) -> io::Result<Incoming> {
        match self {
            Listener::Tcp(listener) => listener.accept().await?.0.into_std().map(Incoming::Tcp),
            Listener::Unix(listener, _) => listener.accept().await?.0.into_std().map(Incoming::Unix),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            // Somebody who took the file away already did the same.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Hands a client to the least busy worker; false if there is no seat for it.
fn seat(mut client: Incoming, seats: &[Seat], most: usize) -> bool {
    let taken: usize = seats.iter().map(|seat| seat.clients.load(Ordering::Relaxed)).sum();
    let free = seats.iter().min_by_key(|seat| seat.clients.load(Ordering::Relaxed));
    let Some(seat) = free.filter(|_| taken < most) else {
        client.say(b"SERVER_ERROR too many connections, raise limits.connections\r\n");
        return false;
    };
    seat.clients.fetch_add(1, Ordering::Relaxed);
    // A worker that ended has no clients to lose: leash is going down.
    let _ = seat.inbox.send(client);
    true
}

impl Incoming {
    /// Puts the client on the event loop of the current thread.
    pub fn into_stream(self) -> io::Result<Stream> {
        match self {
            Incoming::Tcp(stream) => {
                stream.set_nodelay(true)?;
                TcpStream::from_std(stream).map(Stream::Tcp)
            }
            Incoming::Unix(stream) => UnixStream::from_std(stream).map(Stream::Unix),
        }
    }

    /// Says one line; a client that is gone does not hear it.
    fn say(&mut self, line: &[u8]) {
        let _ = match self {
            Incoming::Tcp(stream) => stream.write(line),
            Incoming::Unix(stream) => stream.write(line),
        };
    }
}
