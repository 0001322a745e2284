//! A connection to an endpoint as hyper takes it: TCP, TLS or a unix socket, with an ear on what passes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

use super::surplus::Heard;

/// What was heard on a connection, for the caller whose answer came over it.
#[derive(Clone, Default)]
pub(super) struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection is made of.
pub(super) enum Socket {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// A connection.
pub(super) struct Wire {
    socket: Socket,
    ear: Ear,
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Wire {
        Wire { socket, ear: Ear::default() }
    }

    fn socket(&mut self) -> Pin<&mut (dyn Duplex + Send)> {
        Pin::new(self.duplex())
    }

    fn duplex(&mut self) -> &mut (dyn Duplex + Send) {
        match &mut self.socket {
            Socket::Tcp(stream) => stream,
            Socket::Tls(stream) => stream.as_mut(),
            Socket::Unix(stream) => stream,
        }
    }
}

/// What every kind of socket can do.
trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Duplex for S {}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.ear.clone());
        let is_h2 = |stream: &TlsStream<TcpStream>| stream.get_ref().1.alpn_protocol() == Some(b"h2");
        match &self.socket {
            Socket::Tls(stream) if is_h2(stream) => connected.negotiated_h2(),
            _ => connected,
        }
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut room: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 8192];
        let most = bytes.len().min(room.remaining());
        let mut buffer = ReadBuf::new(&mut bytes[..most]);
        ready!(self.socket().poll_read(cx, &mut buffer))?;
        self.ear.heard().read(buffer.filled());
        room.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.ear.heard().written();
        self.socket().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(cx)
    }
}

/// Looks once more whether the other end has said something that was not read.
impl Drop for Wire {
    fn drop(&mut self) {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let read = self.socket().poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
        let has_leftover = matches!(read, Poll::Ready(Ok(()))) && !buffer.filled().is_empty();
        self.ear.heard().ended(has_leftover);
    }
}
