//! A conversation with one leash about its queues, in the words that sidecars use too: questions in one write, as many as
//! are wanted, and their answers one after the other.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::time::timeout;

use crate::protocol::Output;
use crate::runtime::net::make_room;
use crate::runtime::stream::{Reader, Writer, Written};
use crate::upstream::{Connected, Target, Unusable};

/// A leash that says nothing for so long has a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(15);
/// No line is longer: the name of a queue and a few numbers.
const LONGEST_LINE: usize = 4096;
/// No message is longer, whatever its holder's configuration says.
const LONGEST_BODY: usize = 64 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TalkError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] Unusable),
    /// The connection ended.
    #[error("connection lost")]
    Lost,
    /// Nothing came for too long.
    #[error("said nothing for {} s", PATIENCE.as_secs())]
    Silent,
    /// It does not do that.
    #[error("refuses: {0}")]
    Refused(String),
    /// A message was not reserved any more.
    #[error("has given messages to others by now, as they were reserved for too long: these may be there twice")]
    Late,
    /// What came answers nothing that was asked.
    #[error("answers as no holder of queues does; is it one?")]
    Garbled,
}

/// A message that is reserved for this conversation: it is given back when that ends.
pub(super) struct Reserved {
    /// By which it is acknowledged.
    pub(super) id: u64,
    /// The client flags.
    pub(super) client_flags: u32,
    /// Seconds until it is over; `None`: never.
    pub(super) ttl: Option<i64>,
    /// The message.
    pub(super) body: Bytes,
}

/// An open conversation.
pub(super) struct Talk {
    reader: Reader,
    writer: Writer,
    heard: BytesMut,
}

impl Talk {
    pub(super) async fn begin(target: &Target) -> Result<Talk, TalkError> {
        let Connected { reader, writer, .. } = target.connect().await?;
        Ok(Talk { reader, writer, heard: BytesMut::new() })
    }

    /// Asks all of it.
    pub(super) async fn ask(&mut self, questions: &[u8]) -> Result<(), TalkError> {
        let mut output = Output::default();
        output.text().extend_from_slice(questions);
        while let (Written::Blocked, _) = self.writer.write(&mut output).map_err(|_| TalkError::Lost)? {
            let writable = timeout(PATIENCE, poll_fn(|cx| self.writer.poll_writable(cx)));
            writable.await.map_err(|_| TalkError::Silent)?.map_err(|_| TalkError::Lost)?;
        }
        Ok(())
    }

    /// The answer to `mg … v f c t`: a message, or none.
    pub(super) async fn message(&mut self) -> Result<Option<Reserved>, TalkError> {
        let line = self.answer().await?;
        let mut words = line.split(' ');
        match words.next() {
            Some("EN") => return Ok(None),
            Some("VA") => {}
            _ => return Err(TalkError::Garbled),
        }
        let length = words.next().and_then(|word| word.parse().ok()).filter(|length| *length <= LONGEST_BODY);
        let fact = |letter: char| words.clone().find_map(|word| word.strip_prefix(letter));
        let id = fact('c').and_then(|id| id.parse().ok()).unwrap_or(0);
        let client_flags = fact('f').and_then(|flags| flags.parse().ok()).unwrap_or(0);
        let ttl = fact('t').and_then(|ttl| ttl.parse().ok()).filter(|ttl| *ttl >= 0);
        let length = length.ok_or(TalkError::Garbled)?;
        let body = self.body(length).await?;
        Ok(Some(Reserved { id, client_flags, ttl, body }))
    }

    /// The answer to what is done or not: a message that is stored, acknowledged, or given back. `false` where there was
    /// none any more.
    pub(super) async fn done(&mut self) -> Result<bool, TalkError> {
        match self.answer().await?.as_str() {
            "HD" => Ok(true),
            "NF" => Ok(false),
            _ => Err(TalkError::Garbled),
        }
    }

    /// The answer to `stats …`: names and values.
    pub(super) async fn stats(&mut self) -> Result<Vec<(String, String)>, TalkError> {
        let mut all = Vec::new();
        loop {
            let line = self.answer().await?;
            match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
                ["END"] => return Ok(all),
                ["STAT", name, value] => all.push((name.to_string(), value.to_string())),
                _ => return Err(TalkError::Garbled),
            }
        }
    }

    /// The next line, which says no error.
    async fn answer(&mut self) -> Result<String, TalkError> {
        let line = self.line().await?;
        match ["ERROR", "CLIENT_ERROR", "SERVER_ERROR"].iter().any(|word| line.starts_with(word)) {
            true => Err(TalkError::Refused(line)),
            false => Ok(line),
        }
    }

    async fn line(&mut self) -> Result<String, TalkError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.heard) {
                let line = self.heard.split_to(end + 1);
                return Ok(String::from_utf8_lossy(&line).trim_end().to_string());
            }
            if self.heard.len() > LONGEST_LINE {
                return Err(TalkError::Garbled);
            }
            self.hear(0).await?;
        }
    }

    async fn body(&mut self, length: usize) -> Result<Bytes, TalkError> {
        while self.heard.len() < length + 2 {
            self.hear(length + 2 - self.heard.len()).await?;
        }
        let body = self.heard.split_to(length).freeze();
        let is_whole = self.heard.starts_with(b"\r\n");
        self.heard.advance(2);
        if is_whole { Ok(body) } else { Err(TalkError::Garbled) }
    }

    /// Reads some more; `wanted` more bytes are sure to come.
    async fn hear(&mut self, wanted: usize) -> Result<(), TalkError> {
        make_room(&mut self.heard, wanted);
        match timeout(PATIENCE, poll_fn(|cx| self.reader.poll_read(cx, &mut self.heard))).await {
            Err(_) => Err(TalkError::Silent),
            Ok(Ok(0) | Err(_)) => Err(TalkError::Lost),
            Ok(Ok(_)) => Ok(()),
        }
    }
}
