//! The life of one connection to a server: connect, greet, read replies until it ends, then say so to all who wait.
//!
//! Framing doubt is fatal to the connection, never to the data: whatever does not fit the question asked closes it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::greeting::greet;
use super::link::Phase;
use super::replay::let_end;
use super::server::Server;
use super::slots::Slot;
use crate::metrics::Upstream as Count;
use crate::net::{Reader, Writer, make_room};
use crate::protocol::{AnswerDecoder, Cause, Desync, Question};

/// Connects, serves, and fails what is still owed at the end. Once more if all of it can be asked again.
pub(super) async fn run(server: Rc<Server>) {
    loop {
        let (cause, faulty) = live(&server).await;
        if let Some(asked) = faulty {
            server.note_failure(cause, asked);
        }
        if !end(&server, cause) {
            return;
        }
    }
}

/// From connecting to the end; and where that end is the server's fault, since when it had been asked for better.
async fn live(server: &Rc<Server>) -> (Cause, Option<Instant>) {
    let begun = Instant::now();
    let changes = server.target.names.changes();
    let (mut reader, writer, peer, decoder) = match open(server).await {
        Ok(opened) => opened,
        Err(cause) => {
            server.count(Count::Desync, u64::from(cause == Cause::Desync));
            return (cause, Some(begun));
        }
    };
    server.count(Count::Opened, 1);
    {
        let mut link = server.link.borrow_mut();
        if link.heard.is_some() {
            server.count(Count::Reconnects, 1);
        }
        (link.phase, link.heard) = (Phase::Open(writer), Some(server.turn.tick()));
        (link.peer, link.changes) = (peer, changes);
        // It has just answered, however long ago the connection before it did.
        link.unproven = false;
    }
    server.send();
    let cause = serve(server, &mut reader, decoder).await;
    server.count(Count::Closed, 1);
    let (owed, unproven) = {
        let link = server.link.borrow();
        // What was asked since it moved has not been sent.
        (link.slots.youngest().filter(|_| !link.has_moved()), link.unproven)
    };
    if cause == Cause::Desync {
        server.count(Count::Desync, 1);
    }
    // What it has not read yet must not follow what it is told by somebody else.
    if cause == Cause::Down || (cause == Cause::Shutdown && owed.is_some()) {
        let_end(&server.target.spool, reader);
    }
    let faulty = match cause {
        Cause::Down | Cause::Shutdown => None,
        Cause::Desync => Some(server.turn.now()),
        // Whoever hangs up on an idle connection is not thereby at fault.
        _ => owed.filter(|_| !unproven),
    };
    (cause, faulty)
}

async fn open(server: &Server) -> Result<(Reader, Writer, Option<SocketAddr>, AnswerDecoder), Cause> {
    let target = &*server.target;
    let complain = |why: &str| {
        if let Some(suppressed) = server.cannot_connect.allow(server.turn.tick()) {
            tracing::warn!(server = %target.label, why, suppressed, "server cannot be used");
        }
    };
    let stream = target.connect().await.map_err(|error| {
        complain(&format!("cannot connect: {error}"));
        Cause::Connect
    })?;
    let peer = stream.peer();
    let (mut reader, writer) = stream.into_split();
    let decoder = greet(target, &mut reader, &writer).await.inspect_err(|cause| complain(cause.text()))?;
    Ok((reader, writer, peer, decoder))
}

/// Reads replies until the connection ends, and why it did.
async fn serve(server: &Rc<Server>, reader: &mut Reader, mut decoder: AnswerDecoder) -> Cause {
    let mut buffer = BytesMut::new();
    let cause = poll_fn(|cx| {
        if let Err(cause) = ready!(poll_link(server, cx)) {
            return Poll::Ready(cause);
        }
        loop {
            if server.is_done() {
                return Poll::Ready(Cause::Shutdown);
            }
            let wanted = decoder.wanted(&buffer);
            make_room(&mut buffer, wanted);
            match ready!(reader.poll_read(cx, &mut buffer)) {
                Ok(0) | Err(_) => return Poll::Ready(Cause::Disconnected),
                Ok(n) => server.count(Count::BytesRead, n as u64),
            }
            if let Err(cause) = take_replies(server, &mut decoder, &mut buffer) {
                return Poll::Ready(cause);
            }
        }
    })
    .await;
    *server.reader.borrow_mut() = None;
    cause
}

/// Goes on writing where the kernel could take no more, and notices when the connection was given up.
fn poll_link(server: &Rc<Server>, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
    *server.reader.borrow_mut() = Some(cx.waker().clone());
    loop {
        let link = server.link.borrow();
        match &link.phase {
            Phase::Doomed(cause) => return Poll::Ready(Err(*cause)),
            Phase::Open(writer) if link.blocked => match writer.poll_writable(cx) {
                Poll::Pending => return Poll::Ready(Ok(())),
                Poll::Ready(_) => {
                    drop(link);
                    server.send();
                }
            },
            _ => return Poll::Ready(Ok(())),
        }
    }
}

fn take_replies(server: &Rc<Server>, decoder: &mut AnswerDecoder, buffer: &mut BytesMut) -> Result<(), Cause> {
    let now = server.turn.tick();
    {
        let mut link = server.link.borrow_mut();
        link.unproven = false;
        link.heard = Some(now);
    }
    let mut batch = Batch::default();
    let result = loop {
        let next = match server.link.borrow().slots.next_expected() {
            Some((expected, token)) => decoder.next(buffer, expected, token),
            None if buffer.is_empty() => Ok(None),
            None => Err(Desync(buffer.escape_ascii().to_string())),
        };
        match next {
            Ok(None) => break Ok(()),
            Err(slip) => break Err(desync(server, &slip.0)),
            Ok(Some(reply)) => {
                server.target.health.succeeded();
                let slot = server.link.borrow_mut().slots.pop();
                if let Some(Slot { ticket: Some(ticket), asked, .. }) = slot {
                    batch.add(asked, now);
                    ticket.answer(reply);
                }
            }
        }
    };
    server.count_replies(batch.replies, batch.waited);
    result?;
    server.link.borrow_mut().leave_old_address(&server.target.names).map_or(Ok(()), Err)
}

/// The replies of one read, counted together.
#[derive(Default)]
struct Batch {
    replies: u64,
    waited: Duration,
    /// When the last reply was asked for, and how long it took: its neighbours were mostly asked in the same turn.
    last: Option<(Instant, Duration)>,
}

impl Batch {
    fn add(&mut self, asked: Instant, now: Instant) {
        let took = match self.last {
            Some((same, took)) if same == asked => took,
            _ => now.saturating_duration_since(asked),
        };
        self.last = Some((asked, took));
        self.replies += 1;
        self.waited += took;
    }
}

fn desync(server: &Server, said: &str) -> Cause {
    // What stands where no reply should may be anybody's value.
    let said = if server.target.options.show_keys { &said[..said.len().min(80)] } else { "not shown without log.keys" };
    if let Some(suppressed) = server.out_of_step.allow(server.turn.now()) {
        let label = &server.target.label;
        tracing::error!(server = %label, said, suppressed, "server {}, closing its connection", Cause::Desync.text());
    }
    Cause::Desync
}

/// Closes what is left of the connection. True if some of what was owed is to be asked again on a new one.
fn end(server: &Rc<Server>, cause: Cause) -> bool {
    let mut link = server.link.borrow_mut();
    if link.has_moved() {
        // Nothing was owed when it was given up, so what is there now has not been sent.
        let is_wanted = !link.slots.is_empty();
        (link.phase, link.blocked) = (if is_wanted { Phase::Opening } else { Phase::Closed }, false);
        return is_wanted;
    }
    let died_idle = std::mem::take(&mut link.unproven) && cause == Cause::Disconnected;
    let health = &server.target.health;
    let ask_again = died_idle && !health.is_down() && !health.is_withholding();
    (link.phase, link.blocked) = (Phase::Closed, false);
    link.output.clear();
    let (again, lost): (Vec<Slot>, Vec<Slot>) =
        link.slots.take_all().into_iter().partition(|slot| ask_again && slot.again.is_some());
    for mut slot in again {
        if let Some(request) = slot.again.take() {
            server.count(Count::Retries, 1);
            server.put(&mut link, Question::Ask(&request), slot);
        }
    }
    let retry = !link.slots.is_empty();
    if retry {
        link.phase = Phase::Opening;
    }
    link.count_waiting();
    drop(link);
    server.fail(lost, cause);
    retry
}
