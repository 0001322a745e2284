//! One connection of the generator to a broker, whichever it speaks with: words out, lines and bodies in.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A connection. What was read last is in it, so that reading allocates nothing.
pub struct Wire {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    said: Vec<u8>,
    line: Vec<u8>,
    body: Vec<u8>,
    /// Which of the connections it is.
    pub number: usize,
}

impl Wire {
    pub async fn connect(address: &str, number: usize) -> io::Result<Wire> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let reader = BufReader::with_capacity(1 << 17, reader);
        Ok(Wire { reader, writer, said: Vec::new(), line: Vec::new(), body: Vec::new(), number })
    }

    /// Says all of it in one write.
    pub async fn say(&mut self, pieces: &[&[u8]]) -> io::Result<()> {
        self.said.clear();
        pieces.iter().for_each(|piece| self.said.extend_from_slice(piece));
        self.writer.write_all(&self.said).await
    }

    /// The next line, without its end.
    pub async fn line(&mut self) -> io::Result<&str> {
        self.line.clear();
        match self.reader.read_until(b'\n', &mut self.line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => std::str::from_utf8(&self.line).map(str::trim_end).map_err(io::Error::other),
        }
    }

    /// The next line, which has to be one that begins so; what stands behind.
    pub async fn expect(&mut self, beginning: &str) -> io::Result<&str> {
        let line = self.line().await?;
        line.strip_prefix(beginning).ok_or_else(|| io::Error::other(format!("{line}, and not {beginning}")))
    }

    /// So many bytes and the end of their line.
    pub async fn body(&mut self, length: usize) -> io::Result<()> {
        self.body.resize(length + 2, 0);
        self.reader.read_exact(&mut self.body).await?;
        self.body.truncate(length);
        Ok(())
    }

    /// The body that was read last.
    pub fn taken(&self) -> &[u8] {
        &self.body
    }
}
