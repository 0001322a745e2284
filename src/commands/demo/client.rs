//! The caller's side of a connection: classic text as any client speaks it. Shares nothing with what serves it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::config::Address;

/// How long anything may take: far longer than what is to be measured.
const PATIENCE: Duration = Duration::from_secs(10);
/// No line of an answer, and none of the demo's values, is longer.
const LONGEST: usize = 1024;

/// Why a client was not served.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no connection.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address.
        address: Address,
        /// What the kernel said.
        source: io::Error,
    },
    /// The connection ended.
    #[error("{address}: connection lost: {source}")]
    Lost {
        /// The address.
        address: Address,
        /// What the kernel said.
        source: io::Error,
    },
    /// The server was not of a mind to do it.
    #[error("{address}: {command} was answered {answer:?}")]
    Answer {
        /// The address.
        address: Address,
        /// What was asked.
        command: &'static str,
        /// What was said.
        answer: String,
    },
}

trait Socket: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Socket for T {}

/// One connection to a memcached, or to what looks like one.
pub(super) struct DemoClient {
    stream: BufReader<Box<dyn Socket>>,
    address: Address,
}

impl DemoClient {
    /// Connects.
    pub(super) async fn connect(address: &Address) -> Result<DemoClient, ClientError> {
        match in_time(open(address)).await {
            Ok(stream) => Ok(DemoClient { stream: BufReader::new(stream), address: address.clone() }),
            Err(source) => Err(ClientError::Connect { address: address.clone(), source }),
        }
    }

    /// The value of a key.
    pub(super) async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, ClientError> {
        let line = self.ask(&format!("get {key}\r\n")).await?;
        if line == "END" {
            return Ok(None);
        }
        let words: Vec<&str> = line.split(' ').collect();
        let length = match words[..] {
            ["VALUE", name, "0", length] if name == key => length.parse().ok().filter(|length| *length <= LONGEST),
            _ => None,
        };
        let Some(length) = length else { return Err(self.unexpected("get", line)) };
        let mut value = vec![0; length + b"\r\nEND\r\n".len()];
        let read = in_time(self.stream.read_exact(&mut value)).await;
        read.map_err(|source| self.lost(source))?;
        match value.split_off(length) == b"\r\nEND\r\n" {
            true => Ok(Some(value)),
            false => Err(self.unexpected("get", format!("{line} and no end"))),
        }
    }

    /// Stores a value.
    pub(super) async fn set(&mut self, key: &str, ttl: Duration, value: &str) -> Result<(), ClientError> {
        let (ttl, length) = (ttl.as_secs(), value.len());
        let line = self.ask(&format!("set {key} 0 {ttl} {length}\r\n{value}\r\n")).await?;
        if line == "STORED" { Ok(()) } else { Err(self.unexpected("set", line)) }
    }

    /// Removes a value, if there is one.
    pub(super) async fn delete(&mut self, key: &str) -> Result<(), ClientError> {
        let line = self.ask(&format!("delete {key}\r\n")).await?;
        if ["DELETED", "NOT_FOUND"].contains(&line.as_str()) { Ok(()) } else { Err(self.unexpected("delete", line)) }
    }

    /// Sends a request and reads one line.
    async fn ask(&mut self, request: &str) -> Result<String, ClientError> {
        let line = in_time(exchange(&mut self.stream, request)).await;
        line.map_err(|source| self.lost(source))
    }

    fn lost(&self, source: io::Error) -> ClientError {
        ClientError::Lost { address: self.address.clone(), source }
    }

    fn unexpected(&self, command: &'static str, answer: String) -> ClientError {
        ClientError::Answer { address: self.address.clone(), command, answer }
    }
}

async fn open(address: &Address) -> io::Result<Box<dyn Socket>> {
    Ok(match address {
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Address::Embedded => return Err(io::Error::other("the embedded store is not connected to")),
    })
}

async fn exchange(stream: &mut BufReader<Box<dyn Socket>>, request: &str) -> io::Result<String> {
    stream.get_mut().write_all(request.as_bytes()).await?;
    let mut line = Vec::new();
    stream.take(LONGEST as u64).read_until(b'\n', &mut line).await?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
