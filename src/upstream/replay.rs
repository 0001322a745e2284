//! Telling a server that is back what it missed: the deletes of its spool, before any client reads from it.
//!
//! ```text
//!   greeted ─▶ old connections are done ─▶ is it empty? ─▶ deletes, in pipelined batches ─▶ up
//! ```
//! A server that holds no item has none to delete, so the replay is skipped. leash asks the server itself (`curr_items`
//! of its `stats`) after it took the deletes from the spool: later deletes wait for the next batch. The server's uptime
//! was weighed and says less: a process that was frozen has an old clock for a moment after it goes on.
//!
//! Once a batch is not full any more, new deletes and writes go to the server itself, so that the replay comes to an
//! end.
//!
//! The connections that the server had before may still carry writes that it has not read yet. leash half closes them
//! when the server goes down, and the replay waits until the server has closed them too, for as long as a request may
//! take: so an old write cannot follow the delete that was to undo it.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, sleep, timeout};

use super::spacing::{LARGEST_BATCH, ReplayPace};
use super::spool::{Ending, Record, Spool};
use super::target::Target;
use super::tokens::Tokens;
use crate::protocol::{AnswerDecoder, Cause, Command, Delete, Output, Question, Reply, Request, Token};
use crate::runtime::stream::{Reader, Writer, Written};

/// A batch may take as long as a request, and at least this long.
const BATCH_TIME: Duration = Duration::from_secs(1);
/// More `stats` than this are not read.
const MOST_STATS: usize = 64 * 1024;
/// Time between two looks whether the old connections have ended.
const GLANCE: Duration = Duration::from_millis(2);

/// Replays all that waits for the server, on a connection that owes nothing else.
pub(super) async fn replay(target: &Target, reader: &mut Reader, writer: &Writer) -> Result<(), Cause> {
    if target.spool.lock().is_empty() {
        return Ok(());
    }
    old_connections_are_done(target).await;
    let patience = target.options.request_timeout.max(BATCH_TIME);
    // Also the deletes that the server refused before.
    let all = target.spool.take_all(&target.me);
    let is_empty = timeout(patience, holds_nothing(reader, writer)).await.unwrap_or(Err(Cause::Timeout))?;
    if is_empty {
        all.were_needless();
    } else {
        drop(all);
    }
    let (mut pace, mut refused_in_a_row) = (ReplayPace::new(patience), 0);
    loop {
        let batch = target.spool.take(&target.me, pace.batch());
        if batch.records().is_empty() {
            return Ok(());
        }
        let (begun, sent_now) = (Instant::now(), batch.records().len());
        let is_full = sent_now == pace.batch();
        if !is_full {
            target.tell(true);
        }
        let sent = timeout(patience, send(batch.records(), reader, writer)).await;
        let refused = sent.unwrap_or(Err(Cause::Timeout))?;
        if !batch.were_replayed(&refused) {
            target.tell_refused_too_many(refused.len());
            return Err(Cause::Down);
        }
        refused_in_a_row = if refused.len() == sent_now { refused_in_a_row + refused.len() } else { 0 };
        // The server takes nothing at the moment. The rest can wait, as leash withholds its keys meanwhile.
        if refused_in_a_row >= LARGEST_BATCH && target.health.is_withholding() {
            return Ok(());
        }
        // Clients delete more keys while the replay rests: with a rest after small batches it might never end.
        if is_full {
            sleep(pace.took(begun.elapsed())).await;
        }
    }
}

/// Ends a connection after leash's last word on it, and counts it until the server has read that word.
pub(super) fn let_end(spool: &Arc<Spool>, mut reader: Reader) {
    let ending = Ending::new(spool.clone());
    tokio::task::spawn_local(async move {
        let mut rest = BytesMut::new();
        loop {
            rest.clear();
            rest.reserve(4096);
            tokio::select! {
                read = poll_fn(|cx| reader.poll_read(cx, &mut rest)) => if read.map_or(true, |n| n == 0) { break },
                // Its network may be gone for good, so it is not kept for longer than it matters.
                () = sleep(Duration::from_secs(1)) => if !ending.matters() { break },
            }
        }
    });
}

async fn old_connections_are_done(target: &Target) {
    let until = Instant::now() + target.options.request_timeout;
    while target.spool.has_endings() && Instant::now() < until {
        sleep(GLANCE).await;
    }
}

/// Whether the server says that it has no item at all. A server that does not say is taken to have some.
async fn holds_nothing(reader: &mut Reader, writer: &Writer) -> Result<bool, Cause> {
    let mut output = Output::default();
    output.text().extend_from_slice(b"stats\r\n");
    write_all(&mut output, 0, writer).await?;
    let mut answer = BytesMut::with_capacity(8 * 1024);
    loop {
        read_more(reader, &mut answer).await?;
        if answer.ends_with(b"END\r\n") || (answer.starts_with(b"ERROR") && answer.ends_with(b"\r\n")) {
            return Ok(answer[..].split(|&b| b == b'\n').any(|line| line == b"STAT curr_items 0\r"));
        }
        if answer.len() > MOST_STATS {
            return Err(Cause::Desync);
        }
    }
}

/// Deletes, and which of the deletes the server refused, by their places.
async fn send(records: &[Record], reader: &mut Reader, writer: &Writer) -> Result<Vec<usize>, Cause> {
    let (mut output, command) = (Output::default(), Command::Delete(Delete::default()));
    let mut request = Request { key: records[0].key.clone(), command };
    let mut tokens = Tokens::new();
    let tokens: Vec<Token> = records.iter().map(|_| tokens.draw()).collect();
    let mut before = 0;
    for (token, record) in tokens.iter().zip(records) {
        request.key = record.key.clone();
        before = output.len();
        Question::Ask(&request).encode(*token, &mut output);
    }
    let last = output.len() - before;
    write_all(&mut output, last, writer).await?;
    let expected = Question::Ask(&request).expected();
    let (mut buffer, mut decoder, mut refused) = (BytesMut::new(), AnswerDecoder::new(true), Vec::new());
    for (place, token) in tokens.into_iter().enumerate() {
        let reply = loop {
            match decoder.next(&mut buffer, &expected, token) {
                Ok(Some(reply)) => break reply,
                Ok(None) => read_more(reader, &mut buffer).await?,
                Err(_) => return Err(Cause::Desync),
            }
        };
        if !matches!(reply, Reply::Hit(_) | Reply::NotFound) {
            refused.push(place);
        }
    }
    Ok(refused)
}

/// Writes questions, the last of which has `last` bytes.
async fn write_all(output: &mut Output, last: usize, writer: &Writer) -> Result<(), Cause> {
    loop {
        match writer.write_questions(output, || last).map_err(|_| Cause::Disconnected)?.0 {
            Written::All => return Ok(()),
            Written::Blocked => poll_fn(|cx| writer.poll_writable(cx)).await.map_err(|_| Cause::Disconnected)?,
        }
    }
}

async fn read_more(reader: &mut Reader, buffer: &mut BytesMut) -> Result<(), Cause> {
    buffer.reserve(4096);
    match poll_fn(|cx| reader.poll_read(cx, buffer)).await {
        Ok(0) | Err(_) => Err(Cause::Disconnected),
        Ok(_) => Ok(()),
    }
}
