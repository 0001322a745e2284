//! A connection of a load, and the answer to a get of one key.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::load::Shared;
use super::tally::Outcome;
use crate::checked_value::version_of;

/// How long a client whose connection was lost takes to open the next.
pub const AGAIN: Duration = Duration::from_millis(20);

pub async fn connect(address: &str) -> io::Result<(BufReader<OwnedReadHalf>, OwnedWriteHalf)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    Ok((BufReader::new(reader), writer))
}

/// Reads it, and judges it.
pub async fn read_get(reader: &mut BufReader<OwnedReadHalf>, key: &str, tally: &Shared) -> io::Result<Outcome> {
    let line = read_line(reader).await?;
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["END"] => Ok(Outcome::Miss),
        ["VALUE", name, "0", length] => {
            let length: usize = length.parse().map_err(io::Error::other)?;
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes).await?;
            let end = read_line(reader).await?;
            let is_right = name == key && end == "END" && version_of(key, &bytes[..length]).is_some();
            if !is_right {
                tally.borrow_mut().blame(&format!("asked for {key}: {line}"));
            }
            Ok(if is_right { Outcome::Hit } else { Outcome::Wrong })
        }
        _ => {
            tally.borrow_mut().blame(&line);
            Ok(if line.starts_with("SERVER_ERROR ") { Outcome::Error } else { Outcome::Wrong })
        }
    }
}

pub async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<String> {
    let mut line = Vec::new();
    match reader.read_until(b'\n', &mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(String::from_utf8_lossy(&line).trim_end().to_string()),
    }
}
