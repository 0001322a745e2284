//! A scripted memcached: the test itself plays the server, byte by byte.
//!
//! A story is told in the words of memcached's proxy tests: the client sends, the backend receives, the backend sends,
//! the client receives, and at the end nobody says anything. Every wait is bounded.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::{BOUND, Client, wait_until};

/// How long silence is listened to.
const SILENCE: Duration = Duration::from_millis(30);

/// A port that only answers what a test makes it answer.
pub struct FakeServer {
    listener: TcpListener,
}

/// One connection to it.
pub struct Backend {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What leash asked.
#[derive(Debug)]
pub struct Question {
    /// The line without its token and its end.
    pub line: String,
    /// The token, with the letter of its flag; empty where there was none.
    pub opaque: String,
    /// The value of a store.
    pub value: Vec<u8>,
}

impl FakeServer {
    pub fn start() -> FakeServer {
        FakeServer::with_backlog(128)
    }

    /// A server in front of which at most so many and one connections wait to be accepted; what comes then has to knock
    /// again a second later.
    pub fn with_backlog(backlog: i32) -> FakeServer {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Little goes into a connection that nobody reads.
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free loopback port");
        socket.listen(backlog).unwrap();
        socket.set_nonblocking(true).unwrap();
        FakeServer { listener: socket.into() }
    }

    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Takes the next connection as it comes, before its greeting.
    #[track_caller]
    pub fn accepts(&self) -> Backend {
        let mut accepted = None;
        wait_until("leash connects", BOUND, || {
            accepted = self.listener.accept().ok();
            accepted.is_some()
        });
        let (stream, _) = accepted.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        stream.set_write_timeout(Some(BOUND)).unwrap();
        Backend { stream, buffer: Vec::new() }
    }

    /// Takes the next connection and answers its greeting.
    #[track_caller]
    pub fn greets(&self) -> Backend {
        let mut backend = self.accepts();
        assert_eq!(backend.reads_line(), "mn");
        backend.sends("MN\r\n");
        backend.tells_its_version();
        backend
    }

    /// Takes the connection that leash makes for this client, which asks for what is not there.
    #[track_caller]
    pub fn meets(&self, client: &mut Client) -> Backend {
        client.send("get warm-up\r\n");
        let mut backend = self.greets();
        let question = backend.receives("mg warm-up v f");
        backend.sends_code(&question, "EN");
        client.expect("", "END\r\n");
        backend
    }

    /// Nobody else connects.
    #[track_caller]
    pub fn is_left_alone(&self) {
        crate::pause(SILENCE);
        assert!(self.listener.accept().is_err(), "nobody should have connected");
    }
}

impl Backend {
    /// Answers the second half of a greeting.
    #[track_caller]
    pub fn tells_its_version(&mut self) {
        assert_eq!(self.reads_line(), "version");
        self.sends("VERSION 1.6.18\r\n");
    }

    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("leash takes what the server says");
    }

    /// Whether leash still takes what the server says.
    pub fn takes(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// One line, without its end.
    #[track_caller]
    pub fn reads_line(&mut self) -> String {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                break end;
            }
            assert!(self.fill(), "the connection ended before a line was whole: {:?}", self.buffer);
        };
        let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
        String::from_utf8_lossy(&line[..end]).into_owned()
    }

    #[track_caller]
    fn reads_exactly(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.fill(), "the connection ended before {count} bytes had come");
        }
        self.buffer.drain(..count).collect()
    }

    /// The next question, with its value if it has one.
    #[track_caller]
    pub fn receives_any(&mut self) -> Question {
        let line = self.reads_line();
        let words: Vec<&str> = line.split(' ').collect();
        let value = match words[..] {
            ["ms", _, len, ..] => {
                let mut value = self.reads_exactly(len.parse::<usize>().unwrap() + 2);
                assert!(value.ends_with(b"\r\n"));
                value.truncate(value.len() - 2);
                value
            }
            _ => Vec::new(),
        };
        let (tokens, words): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.starts_with('O'));
        Question { line: words.join(" "), opaque: tokens.concat(), value }
    }

    /// Exactly this question comes next; its token aside.
    #[track_caller]
    pub fn receives(&mut self, line: &str) -> Question {
        let question = self.receives_any();
        assert_eq!(question.line, line);
        question
    }

    /// Answers a read with a value.
    #[track_caller]
    pub fn sends_value(&mut self, question: &Question, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        let head = format!("VA {} f0 {}\r\n", value.len(), question.opaque);
        self.sends([head.as_bytes(), value, b"\r\n"].concat());
    }

    /// Answers with a code and what must be repeated.
    #[track_caller]
    pub fn sends_code(&mut self, question: &Question, code: &str) {
        self.sends(format!("{code} {}\r\n", question.opaque));
    }

    /// leash says nothing more for now.
    #[track_caller]
    pub fn hears_nothing(&mut self) {
        self.stream.set_read_timeout(Some(SILENCE)).unwrap();
        let heard = self.fill();
        self.stream.set_read_timeout(Some(BOUND)).unwrap();
        assert!(!heard && self.buffer.is_empty(), "heard {:?}", String::from_utf8_lossy(&self.buffer));
    }

    /// leash ends the connection, having said nothing more.
    #[track_caller]
    pub fn sees_the_end(mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection stays open: {error}"),
            _ => {}
        }
        rest.splice(..0, self.buffer);
        assert!(rest.is_empty(), "heard {:?} before the end", String::from_utf8_lossy(&rest));
    }

    /// Ends the connection as a process does that goes away.
    pub fn hangs_up(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Reads more; false at the end of the connection or of patience.
    fn fill(&mut self) -> bool {
        let mut chunk = [0; 65536];
        match self.stream.read(&mut chunk) {
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                count > 0
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => false,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) if error.kind() == ErrorKind::Interrupted => self.fill(),
            Err(error) => panic!("cannot read from leash: {error}"),
        }
    }
}

/// The client hears nothing for now.
#[track_caller]
pub fn hears_nothing(client: &mut Client) {
    client.set_bound(SILENCE);
    let heard = client.read_exactly(1);
    client.set_bound(BOUND);
    let kind = heard.expect_err("nobody should have said anything").kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind:?}");
}

/// The client's connection ends, with nothing more said.
#[track_caller]
pub fn is_closed(client: &mut Client) {
    match client.read_to_end() {
        Ok(rest) => assert!(rest.is_empty(), "heard {:?} before the end", String::from_utf8_lossy(&rest)),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the connection stays open"),
    }
}
