//! Where applications connect: binds the addresses, accepts, and hands each client to the least busy worker.

use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::config::{Entrance, Listen};
use crate::logging::Repeated;
use crate::protocol::Dialect;
use crate::runtime::net;
use crate::runtime::socket::SocketStream;

/// How long leash still accepts clients once it is to end: long enough for those that the kernel has accepted already,
/// and no longer, however many more come.
const LAST_CALL: Duration = Duration::from_millis(10);
/// How long accepting waits after the kernel could not give a socket.
const BACK_OFF: Duration = Duration::from_millis(50);
/// The same complaint is logged this often at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// A listening socket.
pub(crate) enum Listener {
    /// On a TCP port.
    Tcp(TcpListener),
    /// On a Unix socket, whose file goes with it.
    Unix(UnixListener, PathBuf),
}

/// A client that no worker serves yet; it is on no event loop, so it can go to another thread.
pub(crate) enum Incoming {
    /// Over TCP.
    Tcp(std::net::TcpStream),
    /// Over a Unix socket.
    Unix(std::os::unix::net::UnixStream),
}

/// A client, and the number of the listener at which it came.
pub(crate) struct NewClient {
    /// The client.
    pub client: Incoming,
    /// The listener, by its place in the configuration.
    pub listener: usize,
}

/// A worker as the acceptor sees it.
#[derive(Clone)]
pub(crate) struct WorkerSeat {
    /// Where new clients are handed to it.
    pub inbox: UnboundedSender<NewClient>,
    /// How many clients it has, those on their way to it included.
    pub clients: Arc<AtomicUsize>,
}

impl Listener {
    /// Listens on a Unix socket, whose directory is made if need be. A socket left by a process that is gone is
    /// replaced; any other file is not.
    pub(crate) fn unix(path: PathBuf, entrance: &Entrance) -> io::Result<Listener> {
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory)?;
        }
        let is_socket = std::fs::symlink_metadata(&path).is_ok_and(|file| file.file_type().is_socket());
        if is_socket
            && std::os::unix::net::UnixStream::connect(&path)
                .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(&path)?;
        }
        let listener = UnixListener::from_std(net::listen_unix(&path, |path| give_rights(path, entrance))?)?;
        Ok(Listener::Unix(listener, path))
    }

    /// Listens on a TCP address.
    pub(crate) fn tcp(address: std::net::SocketAddr) -> io::Result<Listener> {
        TcpListener::from_std(net::listen(address)?).map(Listener::Tcp)
    }

    /// Where it listens, with the port that the kernel gave.
    pub(crate) fn address(&self) -> io::Result<Listen> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Listener::Unix(_, path) => Ok(Listen::Unix(path.clone())),
        }
    }

    /// Accepts until `closing` turns true, and then whom the kernel has accepted already: they may have asked
    /// something.
    pub(crate) async fn accept(self, seating: Seating, mut closing: watch::Receiver<bool>) {
        let complaints = Repeated::new(COMPLAINT);
        loop {
            let next = tokio::select! {
                next = self.next() => next,
                _ = closing.wait_for(|closing| *closing) => break,
            };
            match next {
                Ok(client) => seating.seat(client),
                Err(error) => {
                    if let Some(suppressed) = complaints.allow(Instant::now()) {
                        tracing::warn!(%error, suppressed, "cannot accept a client");
                    }
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
        let last_call = tokio::time::Instant::now() + LAST_CALL;
        while let Ok(Ok(client)) = tokio::time::timeout_at(last_call, self.next()).await {
            seating.seat(client);
        }
    }

    async fn next(&self) -> io::Result<Incoming> {
        match self {
            Listener::Tcp(listener) => listener.accept().await?.0.into_std().map(Incoming::Tcp),
            Listener::Unix(listener, _) => listener.accept().await?.0.into_std().map(Incoming::Unix),
        }
    }
}

/// Lets those connect who may.
fn give_rights(path: &Path, entrance: &Entrance) -> io::Result<()> {
    if let Some(group) = entrance.group {
        chown(path, None, Some(group))?;
    }
    match entrance.mode {
        Some(mode) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            // An error means that the file was removed already, which is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// How many clients there may be at a time.
pub(crate) struct Capacity {
    most: AtomicUsize,
    /// Whether more were allowed, and only descriptors are too few for them.
    is_cut: AtomicBool,
}

impl Capacity {
    /// For `most` clients; `is_cut` if it is so few for want of descriptors.
    pub(crate) fn new(most: usize, is_cut: bool) -> Arc<Capacity> {
        Arc::new(Capacity { most: AtomicUsize::new(most), is_cut: AtomicBool::new(is_cut) })
    }

    /// Changes it.
    pub(crate) fn set(&self, most: usize, is_cut: bool) {
        self.most.store(most, Ordering::Relaxed);
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }

    /// What to raise for more.
    fn cure(&self, lacks_descriptors: bool) -> &'static str {
        if lacks_descriptors || self.is_cut.load(Ordering::Relaxed) {
            "the limit of file descriptors"
        } else {
            "limits.connections"
        }
    }
}

/// Who gets a seat at which worker.
pub(crate) struct Seating {
    /// The number of the listener.
    listener: usize,
    seats: Vec<WorkerSeat>,
    capacity: Arc<Capacity>,
    /// Learns of each client there was no seat for.
    refused: Box<dyn Fn()>,
    /// Keeps the complaint about that from repeating.
    complaints: Repeated,
}

impl Seating {
    /// Seating at one listener for as many clients as `capacity` says, which may change.
    pub(crate) fn new(
        listener: usize,
        seats: Vec<WorkerSeat>,
        capacity: Arc<Capacity>,
        refused: impl Fn() + 'static,
    ) -> Seating {
        Seating { listener, seats, capacity, refused: Box::new(refused), complaints: Repeated::new(COMPLAINT) }
    }

    /// Hands a client to the least busy worker, or tells it that there are too many.
    fn seat(&self, mut client: Incoming) {
        let most = self.capacity.most.load(Ordering::Relaxed);
        let taken: usize = self.seats.iter().map(|seat| seat.clients.load(Ordering::Relaxed)).sum();
        let free = self.seats.iter().min_by_key(|seat| seat.clients.load(Ordering::Relaxed));
        let lacks_descriptors = net::leave_reserve(&client).is_err();
        if let Some(seat) = free.filter(|_| taken < most && !lacks_descriptors) {
            seat.clients.fetch_add(1, Ordering::Relaxed);
            // A worker that ended has no clients to lose: leash is going down.
            let _ = seat.inbox.send(NewClient { client, listener: self.listener });
            return;
        }
        let cure = self.capacity.cure(lacks_descriptors);
        client.refuse(&format!("SERVER_ERROR too many connections, raise {cure}"));
        (self.refused)();
        if let Some(suppressed) = self.complaints.allow(Instant::now()) {
            tracing::warn!(most, suppressed, "too many clients, raise {cure}");
        }
    }
}

impl AsRawFd for Incoming {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Incoming::Tcp(stream) => stream.as_raw_fd(),
            Incoming::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

impl Incoming {
    /// Puts the client on the event loop of the current thread.
    pub(crate) fn into_socket(self) -> io::Result<SocketStream> {
        match self {
            Incoming::Tcp(stream) => {
                stream.set_nodelay(true)?;
                TcpStream::from_std(stream).map(SocketStream::Tcp)
            }
            Incoming::Unix(stream) => UnixStream::from_std(stream).map(SocketStream::Unix),
        }
    }

    /// Says why and hangs up; a client that is gone does not hear it. Reads first what the client has sent already:
    /// closing with bytes unread would reset the connection, and the first of them tells what the client speaks.
    fn refuse(&mut self, line: &str) {
        let _ = match self {
            Incoming::Tcp(stream) => refuse(stream, line),
            Incoming::Unix(stream) => refuse(stream, line),
        };
    }
}

fn refuse(stream: &mut (impl Read + Write), line: &str) -> io::Result<usize> {
    let mut unheard = [0; 4096];
    let heard = stream.read(&mut unheard).unwrap_or(0);
    stream.write(&Dialect::of(&unheard[..heard]).complaint(line))
}
