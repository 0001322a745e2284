//! A server's list of its keys, asked for with `lru_crawler metadump` and read as fast as it comes.
//!
//! While a client reads a list, memcached's crawler waits for it: it does not free expired items, lets no other client
//! crawl, and in the mode `hash`, which alone lists everything, keeps the hash table from growing. So a list
//! is read at once and copied from later; it is never read at the pace of the copies.

use std::future::poll_fn;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{sleep, timeout};

use super::metadump::{DumpLine, Garbled, Listed, next};
use crate::protocol::Output;
use crate::runtime::net::make_room;
use crate::runtime::stream::{Reader, Writer, Written};
use crate::upstream::{Connected, Target, Unusable};

/// The walk of the whole hash table, and what servers understand that do not know it: the walk of what is in their
/// LRUs, which passes over the odd item that moves meanwhile.
const WALKS: [&str; 2] = ["hash", "all"];
/// How long a list may pause: the crawler says nothing as long as it finds nothing but expired items.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long another crawl is waited for.
const BUSY: Duration = Duration::from_secs(120);

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListingError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] Unusable),
    /// The connection ended before the list did.
    #[error("connection lost while it listed its keys")]
    Lost,
    /// Nothing came for too long.
    #[error("said nothing for {} s while it listed its keys", PATIENCE.as_secs())]
    Silent,
    /// Others crawl there.
    #[error("has been busy with another crawl for {} s; try again when that is over", BUSY.as_secs())]
    Busy,
    /// What came is no list.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// It does not list.
    #[error("does not list its keys ({line}); {cure}")]
    Refused {
        /// What it said.
        line: String,
        /// What to do about it.
        cure: &'static str,
    },
}

/// A list that is being read.
pub(super) struct Listing {
    reader: Reader,
    writer: Writer,
    buffer: BytesMut,
    /// The first line, by which it was known to be a list.
    first: Option<DumpLine>,
}

impl Listing {
    /// Asks for the list; tells `busy` each time another crawl has to be waited for.
    pub(super) async fn begin(target: &Target, busy: impl Fn(Duration)) -> Result<Listing, ListingError> {
        let Connected { reader, writer, .. } = target.connect().await?;
        let mut listing = Listing { reader, writer, buffer: BytesMut::new(), first: None };
        let (mut walks, mut waited, mut tries) = (WALKS.into_iter(), Duration::ZERO, 0);
        let mut walk = walks.next().unwrap_or("all");
        loop {
            match listing.ask(walk).await? {
                DumpLine::Busy if waited >= BUSY => return Err(ListingError::Busy),
                DumpLine::Busy => {
                    let pause = back_off(tries);
                    busy(pause);
                    sleep(pause).await;
                    (waited, tries) = (waited + pause, tries + 1);
                }
                DumpLine::Refused(line) => match walks.next().filter(|_| line.starts_with("BADCLASS")) {
                    Some(other) => walk = other,
                    None => return Err(refused(line)),
                },
                first => {
                    listing.first = Some(first);
                    return Ok(listing);
                }
            }
        }
    }

    /// The next item; `None` at the end of the list.
    pub(super) async fn next(&mut self) -> Result<Option<Listed>, ListingError> {
        let line = match self.first.take() {
            Some(line) => line,
            None => self.line().await?,
        };
        match line {
            DumpLine::Item(item) => Ok(Some(item)),
            DumpLine::End => Ok(None),
            DumpLine::Busy | DumpLine::Refused(_) => Err(Garbled.into()),
        }
    }

    async fn ask(&mut self, walk: &str) -> Result<DumpLine, ListingError> {
        let mut output = Output::default();
        output.text().extend_from_slice(format!("lru_crawler metadump {walk}\r\n").as_bytes());
        match self.writer.write(&mut output) {
            Ok((Written::All, _)) => self.line().await,
            Ok((Written::Blocked, _)) | Err(_) => Err(ListingError::Lost),
        }
    }

    async fn line(&mut self) -> Result<DumpLine, ListingError> {
        loop {
            if let Some(line) = next(&mut self.buffer)? {
                return Ok(line);
            }
            make_room(&mut self.buffer, 0);
            match timeout(PATIENCE, poll_fn(|cx| self.reader.poll_read(cx, &mut self.buffer))).await {
                Err(_) => return Err(ListingError::Silent),
                Ok(Ok(0) | Err(_)) => return Err(ListingError::Lost),
                Ok(Ok(_)) => {}
            }
        }
    }
}

/// A quarter of a second, then longer, up to five.
fn back_off(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(5)).min(Duration::from_secs(5))
}

fn refused(line: String) -> ListingError {
    let cure = match line.as_str() {
        _ if line.contains("disabled") => "send it \"lru_crawler enable\", or start it without no_lru_crawler",
        _ if line.contains("not allowed") => "start it without -X",
        _ => "memcached 1.6.10 or newer is needed",
    };
    ListingError::Refused { line, cure }
}
