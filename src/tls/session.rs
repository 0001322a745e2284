//! One TLS session: bytes of the wire in, plain bytes out, and the other way round. No socket, no clock.
//!
//! What is written counts as gone only once it has left: [`TlsSession::send`] says how much of the plain bytes that were
//! [put](TlsSession::put) in may be forgotten. So an output that is encrypted looks like one that is not, to all who
//! count what has not left yet.

use std::io::{self, BufRead, IoSlice, Write};

use bytes::BytesMut;
use rustls::Connection;

use super::TlsTrouble;

/// Plain bytes in one record of TLS.
const RECORD: usize = 16 * 1024;

/// A session with a client or with a server.
pub struct TlsSession {
    connection: Connection,
    /// Bytes of the wire for which there was no room; as a rule none.
    unread: Vec<u8>,
    /// Plain bytes that are encrypted and have not left.
    leaving: usize,
    /// Whether what was encrypted last ended within a question.
    is_amid_question: bool,
    is_over: bool,
}

impl TlsSession {
    pub(super) fn new(connection: Connection) -> TlsSession {
        TlsSession { connection, unread: Vec::new(), leaving: 0, is_amid_question: false, is_over: false }
    }

    /// Whether both ends still agree on keys.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether there are bytes for the wire.
    pub fn has_more(&self) -> bool {
        self.connection.wants_write()
    }

    /// Takes bytes off the wire, whatever they are.
    pub fn receive(&mut self, wire: &[u8]) -> Result<(), TlsTrouble> {
        if self.unread.is_empty() {
            let rest = self.digest(wire)?;
            self.unread.extend_from_slice(&wire[wire.len() - rest..]);
        } else {
            self.unread.extend_from_slice(wire);
        }
        Ok(())
    }

    /// Moves plain bytes to the spare room of `plain`, which must have some. How many there were.
    pub fn take(&mut self, plain: &mut BytesMut) -> Result<usize, TlsTrouble> {
        let before = plain.len();
        loop {
            while plain.len() < plain.capacity() {
                // An error here says that there is nothing, or nothing more.
                let mut reader = self.connection.reader();
                let Ok(chunk) = reader.fill_buf() else { break };
                let count = chunk.len().min(plain.capacity() - plain.len());
                if count == 0 {
                    break;
                }
                plain.extend_from_slice(&chunk[..count]);
                reader.consume(count);
            }
            if self.unread.is_empty() || plain.len() == plain.capacity() {
                return Ok(plain.len() - before);
            }
            let wire = std::mem::take(&mut self.unread);
            let rest = self.digest(&wire)?;
            if rest == wire.len() {
                return Ok(plain.len() - before);
            }
            self.unread.extend_from_slice(&wire[wire.len() - rest..]);
        }
    }

    /// Takes bytes off the wire as far as there is room for what they say; how many are left.
    fn digest(&mut self, mut wire: &[u8]) -> Result<usize, TlsTrouble> {
        while !wire.is_empty() && !self.is_over {
            // Refused only while what was received before waits to be taken.
            if self.connection.read_tls(&mut wire).is_err() {
                return Ok(wire.len());
            }
            match self.connection.process_new_packets() {
                Ok(state) => self.is_over = state.peer_has_closed(),
                Err(error) => return Err(self.trouble(&error)),
            }
        }
        Ok(0)
    }

    /// Whether the other end has said that nothing more will come.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many of `all` bytes may be encrypted next, if they end with a question of `last` bytes.
    ///
    /// memcached before 1.6.39 goes to sleep on what OpenSSL has decrypted and it has not taken, until more bytes come:
    /// the rest of a record, whose beginning was the end of a value or filled its buffer. So the last question of a
    /// burst begins with a record of its own, unless all of the burst is in one. What is left of records before it is
    /// taken when that one arrives.
    pub fn next_part(&self, all: usize, last: usize) -> usize {
        let is_one_record = all <= RECORD && !self.is_amid_question;
        if is_one_record || all <= last { all } else { all - last }
    }

    /// Encrypts as much of `plain` as may be on its way at once, once all before it has left. It is the next part of
    /// `all` bytes, which end with a question of `last` bytes.
    pub fn put(&mut self, plain: &[IoSlice<'_>], all: usize, last: usize) -> io::Result<()> {
        if self.leaving == 0 {
            self.leaving = self.connection.writer().write_vectored(plain)?;
            self.is_amid_question = self.leaving != all && self.leaving + last != all;
        }
        Ok(())
    }

    /// Gives bytes to the wire as far as it takes them. How many plain bytes have left with them: all that are encrypted
    /// once none is left, before that never the last one.
    pub fn send(&mut self, wire: &mut dyn Write) -> (usize, io::Result<()>) {
        let mut sent = 0;
        let result = loop {
            if !self.connection.wants_write() {
                sent = self.leaving;
                break Ok(());
            }
            match self.connection.write_tls(wire) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    sent = sent.min(self.leaving.saturating_sub(1));
                    break Err(error);
                }
            }
        };
        self.leaving -= sent;
        (sent, result)
    }

    /// Says that nothing more will come.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// What is wrong if the other end ends the connection during the handshake.
    pub fn cut_off(&self) -> TlsTrouble {
        TlsTrouble::of(match &self.connection {
            Connection::Client(_) => "it ended the connection during the handshake: does it speak TLS on this port?",
            Connection::Server(_) => "it hung up during the handshake",
        })
    }

    /// What is wrong, told for the side that it is on.
    fn trouble(&self, error: &rustls::Error) -> TlsTrouble {
        match &self.connection {
            Connection::Client(_) => TlsTrouble::with_server(error),
            Connection::Server(_) => TlsTrouble::with_client(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::HandshakeKind;
    use support::Authority;

    use super::*;
    use crate::tls::{ClientTls, ClientTlsFiles, ServerTls, ServerTlsFiles};

    /// A wire that takes so many bytes at a time, and then none for a while.
    struct Narrow<'w>(&'w mut Vec<u8>, usize);

    impl Write for Narrow<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(std::mem::take(&mut self.1));
            self.0.extend_from_slice(&bytes[..count]);
            if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Both ends, who have agreed on keys.
    fn both(client: &ClientTls, server: &ServerTls) -> (TlsSession, TlsSession) {
        let (mut near, mut far) = (client.session("m0").unwrap(), server.session().unwrap());
        for _ in 0..10 {
            let mut wire = Vec::new();
            near.send(&mut wire).1.unwrap();
            far.receive(&wire).unwrap();
            wire.clear();
            far.send(&mut wire).1.unwrap();
            near.receive(&wire).unwrap();
        }
        assert!(!near.is_handshaking() && !far.is_handshaking());
        (near, far)
    }

    fn house() -> (Authority, ClientTls, ServerTls) {
        let authority = Authority::new("house");
        let identity = authority.signs("m0", &["m0"]);
        let client = ClientTls::load(ClientTlsFiles { ca: Some(authority.ca()), ..ClientTlsFiles::default() });
        let files = ServerTlsFiles { cert: identity.cert, key: identity.key, client_ca: None };
        (authority, client.unwrap(), ServerTls::load(files).unwrap())
    }

    #[test]
    fn the_second_session_goes_on_with_the_first() {
        let (_authority, client, server) = house();
        let (first, _) = both(&client, &server);
        assert_eq!(first.connection.handshake_kind(), Some(HandshakeKind::Full));
        let (second, _) = both(&client, &server);
        assert_eq!(second.connection.handshake_kind(), Some(HandshakeKind::Resumed));
        let (other, _) = both(&client, &ServerTls::load(server.files().clone()).unwrap());
        assert_eq!(other.connection.handshake_kind(), Some(HandshakeKind::Full), "its tickets are of other keys");
    }

    #[test]
    fn plain_bytes_count_as_gone_when_they_have_left_and_the_last_one_when_all_have() {
        let (_authority, client, server) = house();
        let (mut near, mut far) = both(&client, &server);
        let plain: Vec<u8> = (0..40_000_u32).map(|n| n as u8).collect();
        let (mut gone, mut wire) = (0, Vec::new());
        while gone < plain.len() {
            near.put(&[IoSlice::new(&plain[gone..])], plain.len() - gone, 0).unwrap();
            let before = wire.len();
            let (sent, _) = near.send(&mut Narrow(&mut wire, 1000));
            assert!(sent <= wire.len() - before, "what has not left does not count");
            gone += sent;
            assert!(gone < plain.len() || !near.has_more());
        }
        let mut read = BytesMut::new();
        for part in wire.chunks(777) {
            far.receive(part).unwrap();
            // Little room at a time: what does not fit waits.
            loop {
                let mut room = BytesMut::with_capacity(100);
                if far.take(&mut room).unwrap() == 0 {
                    break;
                }
                read.extend_from_slice(&room);
            }
        }
        assert_eq!(read, plain);
    }

    #[test]
    fn the_last_question_of_a_burst_begins_with_a_record_of_its_own() {
        let (_authority, client, server) = house();
        let (mut near, _) = both(&client, &server);
        let put = |session: &mut TlsSession, all: usize, last: usize| {
            let part = session.next_part(all, last);
            let plain = vec![0; part];
            session.put(&[IoSlice::new(&plain)], all, last).unwrap();
            session.send(&mut Vec::new()).0
        };
        assert_eq!(put(&mut near, 16 * 1024, 100), 16 * 1024, "one record");
        assert_eq!(put(&mut near, 16 * 1024 + 1, 100), 16 * 1024 - 99);
        assert_eq!(put(&mut near, 100, 100), 100);
        assert_eq!(put(&mut near, 200_000, 200_000), 64 * 1024, "as much as is on its way at once");
        assert_eq!(put(&mut near, 200_000 - 64 * 1024 + 30, 30), 64 * 1024, "another question came");
        assert_eq!(put(&mut near, 200_000 - 2 * 64 * 1024 + 30, 30), 64 * 1024);
        assert_eq!(put(&mut near, 200_000 - 3 * 64 * 1024 + 30, 30), 200_000 - 3 * 64 * 1024);
        assert_eq!(put(&mut near, 30, 30), 30);
    }
}
