//! A client that hides nothing: bytes out, bytes in, every read bounded.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{BOUND, everywhere};

/// One connection to memcached or leash.
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
    taken: usize,
}

impl Client {
    #[track_caller]
    pub fn connect(address: &str) -> Client {
        Client::try_connect(address).unwrap_or_else(|e| panic!("cannot connect to {address}: {e}"))
    }

    pub fn try_connect(address: &str) -> io::Result<Client> {
        let resolved = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let secured = everywhere::plain_port(resolved.port());
        let resolved = SocketAddr::new(resolved.ip(), secured.unwrap_or(resolved.port()));
        let mut stream = TcpStream::connect_timeout(&resolved, BOUND)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.set_write_timeout(Some(BOUND))?;
        if secured.is_some() {
            everywhere::log_in(&mut stream)?;
        }
        Ok(Client::of(stream))
    }

    /// One over this connection, which may have another for its other direction.
    pub fn of(stream: TcpStream) -> Client {
        Client { stream, buffer: Vec::new(), taken: 0 }
    }

    /// How long a read may wait.
    pub fn set_bound(&self, bound: Duration) {
        self.stream.set_read_timeout(Some(bound)).unwrap();
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the connection takes the request");
    }

    /// Says that nothing more will come.
    pub fn finish_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// One reply line, with its line end.
    pub fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut seen = 0;
        loop {
            let waiting = &self.buffer[self.taken..];
            if let Some(end) = waiting[seen..].iter().position(|&b| b == b'\n') {
                return Ok(self.take(seen + end + 1));
            }
            seen = waiting.len();
            self.fill()?;
        }
    }

    /// Exactly so many bytes.
    pub fn read_exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() - self.taken < count {
            self.fill()?;
        }
        Ok(self.take(count))
    }

    /// Everything until the other side closes.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = self.take(self.buffer.len() - self.taken);
        self.stream.read_to_end(&mut all)?;
        Ok(all)
    }

    /// Sends and compares the reply, byte for byte.
    #[track_caller]
    pub fn expect(&mut self, request: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) {
        let (request, reply) = (request.as_ref(), reply.as_ref());
        self.send(request);
        let got = self.read_exactly(reply.len());
        let asked = || String::from_utf8_lossy(request).escape_debug().to_string();
        let got = got.unwrap_or_else(|e| {
            let so_far = String::from_utf8_lossy(&self.buffer[self.taken..]).escape_debug().to_string();
            panic!("{}: no whole reply: {e}; so far {so_far}", asked())
        });
        let shown = || String::from_utf8_lossy(&got).escape_debug().to_string();
        assert!(got == reply, "{}: got {}, not {}", asked(), shown(), String::from_utf8_lossy(reply).escape_debug());
    }

    /// Sends a command and gives back its one reply line without the line end.
    #[track_caller]
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> String {
        self.send(request);
        let line = self.read_line().expect("a reply line");
        String::from_utf8_lossy(&line).trim_end().to_string()
    }

    /// What `mg` tells of an item by these flags, each under its letter; `None` if there is no item.
    #[track_caller]
    pub fn facts(&mut self, key: &str, flags: &str) -> Option<HashMap<char, i64>> {
        let line = self.ask(format!("mg {key} {flags}\r\n"));
        let fact = |word: &str| Some((word.chars().next()?, word.get(1..)?.parse().ok()?));
        (line != "EN").then(|| line.split(' ').skip(1).filter_map(fact).collect())
    }

    /// The value of a key by classic `get`.
    pub fn get(&mut self, key: &str) -> io::Result<Option<Vec<u8>>> {
        self.stream.write_all(format!("get {key}\r\n").as_bytes())?;
        self.read_get(key)
    }

    /// Reads the reply to a `get` of one key.
    pub fn read_get(&mut self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let line = self.read_line()?;
        if line == b"END\r\n" {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        let ["VALUE", name, _, length, ..] = words[..] else { return Err(io::Error::other(text)) };
        assert_eq!(name, key, "a reply for another key");
        let value = self.read_exactly(length.parse().expect("a length"))?;
        let end = self.read_exactly(7)?;
        assert_eq!(end, b"\r\nEND\r\n", "the end of a get");
        Ok(Some(value))
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 65536];
        let count = loop {
            match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(())
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.buffer[self.taken..self.taken + count].to_vec();
        self.taken += count;
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        }
        bytes
    }
}
