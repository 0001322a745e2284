//! A socket over which TLS is spoken: the handshake, then two halves that share one session. All of it stays on one
//! thread, as everything about a connection does.
//!
//! ```text
//!   socket ─▶ scratch of the thread ─▶ session ─▶ buffer          output ─▶ session ─▶ socket
//! ```
//! The scratch is where bytes of the wire are read to, as their session is done with them at once: a connection at rest
//! keeps no buffer for them.

use std::cell::RefCell;
use std::io::{self, IoSlice, Write};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::Interest;

use super::pace::heavy_step;
use super::socket::{SocketReader, SocketStream, SocketWriter};
use crate::protocol::{MAX_SLICES, Output};
use crate::tls::TlsSession;

/// Bytes of the wire that are read at a time.
const SCRATCH: usize = 64 * 1024;
/// And at least: less would be a system call for little.
const LEAST: usize = 2 * 1024;

/// What a handshake takes that has begun, beside what the other end said: the session, and what it has to say.
const HANDSHAKE: usize = 12 * 1024;

thread_local! {
    static WIRE: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SCRATCH));
}

/// A connected socket whose ends have agreed on keys.
pub(crate) struct SecuredStream {
    socket: SocketStream,
    session: TlsSession,
}

/// The half that is read.
pub struct SecuredReader {
    socket: SocketReader,
    session: Rc<RefCell<TlsSession>>,
}

/// The half that is written. Dropping it tells the other end that nothing more will come.
pub struct SecuredWriter {
    socket: SocketWriter,
    session: Rc<RefCell<TlsSession>>,
}

impl SecuredStream {
    /// Agrees on keys with the other end, for as long as the caller has patience. `held` is told how many bytes the
    /// handshake takes so far; an error of its ends it.
    pub(crate) async fn agree(
        socket: SocketStream,
        mut session: TlsSession,
        mut held: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<SecuredStream> {
        // Whoever connects and says nothing has a session, too.
        held(HANDSHAKE)?;
        let mut heard = 0;
        loop {
            while session.has_more() {
                match session.send(&mut Wire(|slices: &[IoSlice<'_>]| socket.try_write(slices))).1 {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.ready(Interest::WRITABLE).await?,
                    Err(error) => return Err(error),
                }
            }
            if !session.is_handshaking() {
                return Ok(SecuredStream { socket, session });
            }
            socket.ready(Interest::READABLE).await?;
            heavy_step().await;
            // Read in one piece and digested before the next wait, so the scratch is free again.
            let received = WIRE.with_borrow_mut(|wire| {
                wire.resize(SCRATCH, 0);
                let count = socket.try_read(wire)?;
                if count == 0 {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, session.cut_off()));
                }
                session.receive(&wire[..count]).map_err(io::Error::other)?;
                heard += count;
                held(HANDSHAKE + heard + heard / 2)
            });
            match received {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    // The other end learns why, if it can still be told at once.
                    let _ = session.send(&mut Wire(|slices: &[IoSlice<'_>]| socket.try_write(slices)));
                    return Err(error);
                }
                Ok(()) => {}
            }
        }
    }

    /// Parts it into its halves.
    pub(super) fn into_split(self) -> (SecuredReader, SecuredWriter) {
        let (reader, writer) = self.socket.into_split();
        let session = Rc::new(RefCell::new(self.session));
        (SecuredReader { socket: reader, session: session.clone() }, SecuredWriter { socket: writer, session })
    }
}

impl SecuredReader {
    /// Reads into the spare room of `buffer`, which must have some; 0 bytes mean the other end is done.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        let mut session = self.session.borrow_mut();
        loop {
            let count = session.take(buffer).map_err(io::Error::other)?;
            if count > 0 || session.is_over() {
                return Poll::Ready(Ok(count));
            }
            let room = (buffer.capacity() - buffer.len()).clamp(LEAST, SCRATCH);
            let received = WIRE.with_borrow_mut(|wire| {
                wire.clear();
                wire.reserve(SCRATCH);
                let count = ready!(self.socket.poll_read(cx, &mut bytes::BufMut::limit(&mut *wire, room)))?;
                Poll::Ready(if count == 0 {
                    Ok(0)
                } else {
                    session.receive(wire).map_err(io::Error::other).map(|()| count)
                })
            });
            if ready!(received)? == 0 {
                return Poll::Ready(Ok(0));
            }
        }
    }
}

impl SecuredWriter {
    /// Writes as much of `output` as the kernel takes; its last question has `last` bytes. True once that is everything;
    /// also how many bytes of it left.
    pub(super) fn write(&self, output: &mut Output, last: usize) -> io::Result<(bool, usize)> {
        let mut wire = Wire(|slices: &[IoSlice<'_>]| self.socket.try_write(slices));
        let mut session = self.session.borrow_mut();
        let mut total = 0;
        loop {
            let (left, result) = session.send(&mut wire);
            output.consume(left);
            total += left;
            match result {
                Ok(()) if output.is_empty() => return Ok((true, total)),
                Ok(()) => encrypt(&mut session, output, last)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok((false, total)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes some of `output` without asking the event loop. Returns how many bytes.
    pub(super) fn press(&self, output: &mut Output) -> usize {
        let mut session = self.session.borrow_mut();
        if !session.has_more() && (output.is_empty() || encrypt(&mut session, output, 0).is_err()) {
            return 0;
        }
        let (left, _) = session.send(&mut Wire(|slices: &[IoSlice<'_>]| self.socket.press(slices)));
        output.consume(left);
        left
    }

    /// The socket.
    pub(super) fn socket(&self) -> &SocketWriter {
        &self.socket
    }
}

impl Drop for SecuredWriter {
    fn drop(&mut self) {
        let mut session = self.session.borrow_mut();
        session.close();
        // Whoever does not hear it sees the socket end.
        let _ = session.send(&mut Wire(|slices: &[IoSlice<'_>]| self.socket.try_write(slices)));
    }
}

/// Encrypts the next part of `output`, at whose end stands a question of `last` bytes.
fn encrypt(session: &mut TlsSession, output: &Output, last: usize) -> io::Result<()> {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let count = output.slices(&mut slices);
    let mut left = session.next_part(output.len(), last);
    let mut part = [IoSlice::new(&[]); MAX_SLICES];
    for (slice, whole) in part.iter_mut().zip(&slices[..count]) {
        *slice = IoSlice::new(&whole[..whole.len().min(left)]);
        left -= slice.len();
    }
    session.put(&part[..count], output.len(), last)
}

/// A socket as the session writes to it.
struct Wire<F>(F);

impl<F: FnMut(&[IoSlice<'_>]) -> io::Result<usize>> Write for Wire<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
