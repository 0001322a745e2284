//! Sockets as both sides of leash use them: how they listen, what they have room for, how they notice a dead peer.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;

/// Room for ordinary requests and replies made at a time.
pub(crate) const ROOM: usize = 64 * 1024;
/// Less room than this left is not worth a read.
pub(crate) const LEAST_ROOM: usize = 4 * 1024;
/// A value's room is made at most this much at a time, so that memory is taken as its bytes arrive.
pub(crate) const MOST_ROOM: usize = 4 * 1024 * 1024;

/// Descriptors that are for no client and no server.
const RESERVE: u64 = 16;
/// Connections that the kernel keeps until they are accepted: crowds come when applications start, and one that finds no
/// room is tried again a second later. It is what Linux allows by default (`somaxconn`).
const BACKLOG: i32 = 4096;

/// A socket that listens on a TCP address, for an event loop. Linux hands its options down to the connections.
pub(crate) fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // The port may be taken again at once after a restart.
    socket.set_reuse_address(true)?;
    socket.set_tcp_keepalive(&keepalive())?;
    listen_at(&socket, &address.into())?;
    Ok(socket.into())
}

/// A socket that listens at a path, for an event loop. Nobody can connect before `prepare` has seen its file.
pub(crate) fn listen_unix(
    path: &Path,
    prepare: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<std::os::unix::net::UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    prepare(path)?;
    socket.listen(BACKLOG)?;
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
