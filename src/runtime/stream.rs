//! A connection as both sides of leash use it, in plain or over TLS: a reader for the task that owns it, a writer that
//! every task of the same worker may use. The only place where the two are told apart.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use bytes::{BufMut, BytesMut};

use super::secured::{SecuredReader, SecuredStream, SecuredWriter};
use super::socket::{SocketReader, SocketStream, SocketWriter};
use crate::protocol::{MAX_SLICES, Output};

/// A connection.
pub(crate) enum Stream {
    /// In plain.
    Plain(SocketStream),
    /// Over TLS.
    Secured(Box<SecuredStream>),
}

/// The half that is read.
pub enum Reader {
    /// In plain.
    Plain(SocketReader),
    /// Over TLS.
    Secured(SecuredReader),
}

/// The half that is written. Dropping it tells the other end that nothing more will come.
pub enum Writer {
    /// In plain.
    Plain(SocketWriter),
    /// Over TLS.
    Secured(SecuredWriter),
}

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Everything is with the kernel.
    All,
    /// The kernel takes no more for now.
    Blocked,
}

impl Stream {
    /// Parts it into its halves.
    pub(crate) fn into_split(self) -> (Reader, Writer) {
        match self {
            Stream::Plain(socket) => {
                let (reader, writer) = socket.into_split();
                (Reader::Plain(reader), Writer::Plain(writer))
            }
            Stream::Secured(stream) => {
                let (reader, writer) = stream.into_split();
                (Reader::Secured(reader), Writer::Secured(writer))
            }
        }
    }
}

impl Reader {
    /// Reads into the spare room of `buffer`, which must have some; 0 bytes mean the other end is done.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        self.poll_read_some(cx, buffer, usize::MAX)
    }

    /// The same of `most` bytes at most; over TLS, of the records that are there already.
    #[inline]
    pub(crate) fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        match self {
            Reader::Plain(reader) => reader.poll_read(cx, &mut buffer.limit(most)),
            Reader::Secured(reader) => reader.poll_read(cx, buffer),
        }
    }
}

impl Writer {
    /// Writes as much of `output` as the kernel takes, and returns also how many bytes that were.
    pub fn write(&self, output: &mut Output) -> io::Result<(Written, usize)> {
        self.write_questions(output, || 0)
    }

    /// The same of questions, the last of which has so many bytes ([`TlsSession::next_part`](crate::tls::TlsSession)).
    #[inline]
    pub(crate) fn write_questions(
        &self,
        output: &mut Output,
        last: impl FnOnce() -> usize,
    ) -> io::Result<(Written, usize)> {
        match self {
            Writer::Plain(socket) => write_plain(socket, output),
            Writer::Secured(writer) => {
                let (is_all, total) = writer.write(output, last())?;
                Ok((if is_all { Written::All } else { Written::Blocked }, total))
            }
        }
    }

    /// Writes some of `output` without asking the event loop, which learns of room only once there is much of it.
    /// Returns how many bytes.
    pub fn press(&self, output: &mut Output) -> usize {
        match self {
            Writer::Plain(socket) => {
                let taken = with_slices::<MAX_SLICES, _>(output, |slices| socket.press(slices)).unwrap_or(0);
                output.consume(taken);
                taken
            }
            Writer::Secured(writer) => writer.press(output),
        }
    }

    /// Whether the other end has said that it sends no more, also where not all that it sent was read.
    pub(crate) fn is_read_closed(&self) -> bool {
        self.socket().is_read_closed()
    }

    /// Whether the other end has reset the connection: it takes nothing more.
    pub(crate) fn is_write_closed(&self) -> bool {
        self.socket().is_write_closed()
    }

    /// Has the kernel drop undelivered bytes once the socket is closed, as the peer does not take them.
    pub fn reset_at_end(&self) {
        self.socket().reset_at_end();
    }

    /// Ready when the kernel takes more after a [`Written::Blocked`].
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_writable(cx)
    }

    fn socket(&self) -> &SocketWriter {
        match self {
            Writer::Plain(socket) => socket,
            Writer::Secured(writer) => writer.socket(),
        }
    }
}

fn write_plain(socket: &SocketWriter, output: &mut Output) -> io::Result<(Written, usize)> {
    let mut total = 0;
    while !output.is_empty() {
        match write_some(socket, output) {
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

/// Writes what one write takes. Most outputs are text or one large value with its line and its end: making the places for
/// all slices that a write may have costs as much as asking for it.
fn write_some(socket: &SocketWriter, output: &Output) -> io::Result<usize> {
    match output.values() {
        0 => socket.try_write(&[IoSlice::new(output.left_of_text())]),
        1..=3 => with_slices::<7, _>(output, |slices| socket.try_write(slices)),
        _ => with_slices::<MAX_SLICES, _>(output, |slices| socket.try_write(slices)),
    }
}

fn with_slices<const MOST: usize, R>(output: &Output, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
    let mut slices = [IoSlice::new(&[]); MOST];
    let count = output.slices(&mut slices);
    write(&slices[..count])
}
