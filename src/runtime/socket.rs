//! A connected socket, TCP or Unix, and its two halves, in plain. Bytes out of here are those of the wire.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BufMut;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, Interest, Ready};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

/// A connected socket.
pub(crate) enum SocketStream {
    /// Over TCP, without delay of small writes.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// The half that is read.
pub enum SocketReader {
    /// Of a TCP connection.
    Tcp(tcp::OwnedReadHalf),
    /// Of a Unix connection.
    Unix(unix::OwnedReadHalf),
}

/// The half that is written. Dropping it tells the other end that nothing more will come.
pub enum SocketWriter {
    /// Of a TCP connection.
    Tcp(tcp::OwnedWriteHalf),
    /// Of a Unix connection.
    Unix(unix::OwnedWriteHalf),
}

impl AsRawFd for SocketStream {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            SocketStream::Tcp(stream) => stream.as_raw_fd(),
            SocketStream::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

impl SocketStream {
    /// The address at its other end; sockets of the file system have none.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match self {
            SocketStream::Tcp(stream) => stream.peer_addr().ok(),
            SocketStream::Unix(_) => None,
        }
    }

    /// Parts the socket into its halves.
    pub(crate) fn into_split(self) -> (SocketReader, SocketWriter) {
        match self {
            SocketStream::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (SocketReader::Tcp(reader), SocketWriter::Tcp(writer))
            }
            SocketStream::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                (SocketReader::Unix(reader), SocketWriter::Unix(writer))
            }
        }
    }

    /// Waits until something can be read or, if that is wanted as well, written.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<()> {
        match self {
            SocketStream::Tcp(stream) => stream.ready(interest).await,
            SocketStream::Unix(stream) => stream.ready(interest).await,
        }
        .map(drop)
    }

    /// Reads what is there.
    pub(super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            SocketStream::Tcp(stream) => stream.try_read(bytes),
            SocketStream::Unix(stream) => stream.try_read(bytes),
        }
    }

    /// Writes what there is room for.
    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            SocketStream::Tcp(stream) => stream.try_write_vectored(slices),
            SocketStream::Unix(stream) => stream.try_write_vectored(slices),
        }
    }
}

impl SocketReader {
    /// Reads into the spare room of `buffer`, which must have some; 0 bytes mean the other end is done.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut impl BufMut) -> Poll<io::Result<usize>> {
        // The halves know, unlike `try_read`, not to try again after a short read.
        match self {
            SocketReader::Tcp(reader) => pin!(reader.read_buf(buffer)).poll(cx),
            SocketReader::Unix(reader) => pin!(reader.read_buf(buffer)).poll(cx),
        }
    }
}

impl SocketWriter {
    /// Writes some of `slices`.
    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (SocketWriter::Tcp(writer), [one]) => writer.try_write(one),
            (SocketWriter::Tcp(writer), many) => writer.try_write_vectored(many),
            (SocketWriter::Unix(writer), many) => writer.try_write_vectored(many),
        }
    }

    /// The same without asking the event loop, which learns of room only once there is much of it.
    pub(super) fn press(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let socket = match self {
            SocketWriter::Tcp(writer) => SockRef::from(writer.as_ref()),
            SocketWriter::Unix(writer) => SockRef::from(writer.as_ref()),
        };
        socket.send_vectored(slices)
    }

    /// Has the kernel drop undelivered bytes once the socket is closed, as the peer does not take them.
    pub(super) fn reset_at_end(&self) {
        if let SocketWriter::Tcp(writer) = self {
            // Otherwise it tries on for a while, at its own expense.
            let _ = SockRef::from(writer.as_ref()).set_linger(Some(Duration::ZERO));
        }
    }

    /// Whether the other end has said that it sends no more, as far as the event loop knows: also where not all that it sent
    /// was read.
    pub(super) fn is_read_closed(&self) -> bool {
        self.ready_now(Interest::READABLE).is_some_and(|ready| ready.is_read_closed())
    }

    /// Whether the other end takes nothing more: it has reset the connection, as far as the event loop knows.
    pub(super) fn is_write_closed(&self) -> bool {
        self.ready_now(Interest::WRITABLE).is_some_and(|ready| ready.is_write_closed())
    }

    fn ready_now(&self, interest: Interest) -> Option<Ready> {
        let mut cx = Context::from_waker(Waker::noop());
        let ready = match self {
            SocketWriter::Tcp(writer) => pin!(writer.as_ref().ready(interest)).poll(&mut cx),
            SocketWriter::Unix(writer) => pin!(writer.as_ref().ready(interest)).poll(&mut cx),
        };
        match ready {
            Poll::Ready(ready) => ready.ok(),
            Poll::Pending => None,
        }
    }

    /// Ready when the kernel takes more after it took less than there was.
    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            SocketWriter::Tcp(writer) => writer.as_ref().poll_write_ready(cx),
            SocketWriter::Unix(writer) => writer.as_ref().poll_write_ready(cx),
        }
    }
}
