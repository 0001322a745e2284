//! Sockets as both sides of leash use them: TCP or Unix, a reader for the task that owns the connection, a writer that
//! every task of the same worker may use.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UnixStream, tcp, unix};

use crate::protocol::{MAX_SLICES, Output};

/// Room for ordinary requests and replies made at a time.
const ROOM: usize = 64 * 1024;
/// Less room than this left is not worth a read.
pub(crate) const LEAST_ROOM: usize = 4 * 1024;
/// A value's room is made at most this much at a time, so that memory is taken as its bytes arrive.
pub(crate) const MOST_ROOM: usize = 4 * 1024 * 1024;

/// Descriptors that are for no client and no server.
const RESERVE: u64 = 16;
/// Connections that the kernel keeps until they are accepted: crowds come when applications start.
const BACKLOG: i32 = 1024;

/// A socket that listens on a TCP address, for an event loop. Linux hands its options down to the connections.
pub(crate) fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // The port may be taken again at once after a restart.
    socket.set_reuse_address(true)?;
    socket.set_tcp_keepalive(&keepalive())?;
    listen_at(&socket, &address.into())?;
    Ok(socket.into())
}

/// A socket that listens at a path, for an event loop.
pub(crate) fn listen_unix(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    listen_at(&socket, &SockAddr::unix(path)?)?;
    Ok(socket.into())
}

/// Refuses a socket that clients and servers must leave to the admin address and to files. The kernel gives the lowest
/// descriptor that is free, so a high one says that almost all are taken.
pub(crate) fn leave_reserve(socket: &impl AsRawFd) -> io::Result<()> {
    let Some(all) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    let is_free_for_all = socket.as_raw_fd() < i32::try_from(all - RESERVE.min(all / 4)).unwrap_or(i32::MAX);
    if is_free_for_all { Ok(()) } else { Err(Errno::MFILE.into()) }
}

/// Whether an error says that the process, or its machine, has no descriptor left: then the peer is not at fault.
pub(crate) fn lacks_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn listen_at(socket: &Socket, address: &SockAddr) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Makes room in `buffer` for the `wanted` bytes that a value being received still needs, else for an ordinary read.
pub(crate) fn make_room(buffer: &mut BytesMut, wanted: usize) {
    let room = buffer.capacity() - buffer.len();
    if room < wanted.clamp(LEAST_ROOM, MOST_ROOM) {
        buffer.reserve(wanted.clamp(ROOM, MOST_ROOM));
    }
}

/// A connection over which nothing was heard for this long is asked whether its other end is still there.
const QUIET: Duration = Duration::from_secs(15);
/// How far apart it is asked.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often until it is given up.
const ASKS: u32 = 3;

/// Lets the kernel end a connection whose other end has vanished without a word: within half a minute where nothing is
/// said.
pub(crate) fn notice_vanished(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_tcp_keepalive(&keepalive())
}

fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new().with_time(QUIET).with_interval(ASK_AGAIN).with_retries(ASKS)
}

/// The same, and within `patience` where what was said is not even received.
pub(crate) fn notice_deaf(stream: &TcpStream, patience: Duration) -> io::Result<()> {
    notice_vanished(stream)?;
    // Other systems than Linux have no such limit; what is unanswered times out there as well.
    #[cfg(target_os = "linux")]
    SockRef::from(stream).set_tcp_user_timeout(Some(patience))?;
    let _ = patience;
    Ok(())
}

/// A connected socket.
pub enum Stream {
    /// Over TCP, without delay of small writes.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// The half that is read.
pub enum Reader {
    /// Of a TCP connection.
    Tcp(tcp::OwnedReadHalf),
    /// Of a Unix connection.
    Unix(unix::OwnedReadHalf),
}

/// The half that is written. Dropping it tells the other end that nothing more will come.
pub enum Writer {
    /// Of a TCP connection.
    Tcp(tcp::OwnedWriteHalf),
    /// Of a Unix connection.
    Unix(unix::OwnedWriteHalf),
}

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Everything is with the kernel.
    All,
    /// The kernel takes no more for now.
    Blocked,
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Stream::Tcp(stream) => stream.as_raw_fd(),
            Stream::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

impl Stream {
    /// The address at its other end; sockets of the file system have none.
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Stream::Tcp(stream) => stream.peer_addr().ok(),
            Stream::Unix(_) => None,
        }
    }

    /// Parts the socket into its halves.
    pub fn into_split(self) -> (Reader, Writer) {
        match self {
            Stream::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (Reader::Tcp(reader), Writer::Tcp(writer))
            }
            Stream::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                (Reader::Unix(reader), Writer::Unix(writer))
            }
        }
    }
}

impl Reader {
    /// Reads into the spare room of `buffer`, which must have some; 0 bytes mean the other end is done.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        // The halves know, unlike `try_read`, not to try again after a short read.
        match self {
            Reader::Tcp(reader) => pin!(reader.read_buf(buffer)).poll(cx),
            Reader::Unix(reader) => pin!(reader.read_buf(buffer)).poll(cx),
        }
    }
}

impl Writer {
    /// Writes as much of `output` as the kernel takes, and returns also how many bytes that were.
    pub fn write(&self, output: &mut Output) -> io::Result<(Written, usize)> {
        let mut total = 0;
        while !output.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = output.slices(&mut slices);
            match self.try_write(&slices[..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    output.consume(n);
                    total += n;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok((Written::Blocked, total)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((Written::All, total))
    }

    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Writer::Tcp(writer), [one]) => writer.try_write(one),
            (Writer::Tcp(writer), many) => writer.try_write_vectored(many),
            (Writer::Unix(writer), many) => writer.try_write_vectored(many),
        }
    }

    /// Writes some of `output` without asking the event loop, which learns of room only once there is much of it.
    /// Returns how many bytes.
    pub fn press(&self, output: &mut Output) -> usize {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = output.slices(&mut slices);
        let socket = match self {
            Writer::Tcp(writer) => SockRef::from(writer.as_ref()),
            Writer::Unix(writer) => SockRef::from(writer.as_ref()),
        };
        let taken = socket.send_vectored(&slices[..count]).unwrap_or(0);
        output.consume(taken);
        taken
    }

    /// Has the kernel drop undelivered bytes once the socket is closed, as the peer does not take them.
    pub fn reset_at_end(&self) {
        if let Writer::Tcp(writer) = self {
            // Otherwise it tries on for a while, at its own expense.
            let _ = SockRef::from(writer.as_ref()).set_linger(Some(Duration::ZERO));
        }
    }

    /// Ready when the kernel takes more after a [`Written::Blocked`].
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ready = match self {
            Writer::Tcp(writer) => writer.as_ref().poll_write_ready(cx),
            Writer::Unix(writer) => writer.as_ref().poll_write_ready(cx),
        };
        Poll::Ready(ready!(ready))
    }
}
