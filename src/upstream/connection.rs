//! The life of one connection to a server: connect, greet, read replies until it ends, then say so to all who wait.
//!
//! Framing doubt is fatal to the connection, never to the data: a reply that does not fit its question closes it.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::task::JoinHandle;

use super::connect::Connected;
use super::greeting::greet;
use super::lane::Lane;
use super::link::LinkPhase;
use super::receive::Received;
use super::replay::let_end;
use super::rest;
use super::slot::Slot;
use super::unusable::Unusable;
use crate::metrics::UpstreamCount;
use crate::protocol::{AnswerDecoder, Cause, Question};
use crate::runtime::stream::Reader;
use crate::runtime::turn::{give_way, remember};

/// So much is read in a turn: a server that sends large values without end, or many small ones, leaves the rest of the
/// turn to the clients. Less would cost large values a look at the sockets for each part of them.
const MOST_BYTES: usize = 1 << 20;

/// Connects, serves, and fails what is still owed at the end. Once more if all of it can be asked again.
pub(super) async fn run(lane: Rc<Lane>) {
    loop {
        let (cause, faulty) = live(&lane).await;
        if let Some(asked) = faulty {
            lane.note_failure(cause, asked);
        }
        if !end(&lane, cause) {
            return;
        }
    }
}

/// From connecting to the end; and where that end is the server's fault, since when it had been asked for better.
async fn live(lane: &Rc<Lane>) -> (Cause, Option<Instant>) {
    let begun = Instant::now();
    let changes = lane.target.addresses.changes();
    let (Connected { mut reader, writer, peer, took }, decoder) = match open(lane).await {
        Ok(opened) => opened,
        Err(cause) => {
            lane.count(UpstreamCount::Desync, u64::from(cause == Cause::Desync));
            let says_nothing = match cause {
                // leash itself lacks something.
                Cause::Descriptors => true,
                // The server is well, and says that it has no room: the connections that it has go on.
                Cause::TurnedAway => lane.target.open.load(Ordering::Relaxed) > 0,
                // One that is full may also leave a new connection unanswered, in the kernel's queue.
                Cause::Connect | Cause::Timeout => lane.target.health.last_reply.is_after(begun),
                _ => false,
            };
            return (cause, Some(begun).filter(|_| !says_nothing));
        }
    };
    lane.count(UpstreamCount::Opened, 1);
    lane.target.open.fetch_add(1, Ordering::Relaxed);
    {
        let mut link = lane.link.borrow_mut();
        if link.heard.is_some() {
            lane.count(UpstreamCount::Reconnects, 1);
        }
        (link.phase, link.heard) = (LinkPhase::Open(writer), Some(lane.turn.tick()));
        (link.peer, link.changes) = (peer, changes);
        link.admission.connected(took, lane.turn.now());
        // It has just answered, however long ago the connection before it did.
        link.unproven = false;
    }
    lane.send();
    let resting = rest::watch(lane);
    let cause = serve(lane, &mut reader, decoder).await;
    resting.inspect(JoinHandle::abort);
    lane.count(UpstreamCount::Closed, 1);
    lane.target.open.fetch_sub(1, Ordering::Relaxed);
    lane.begins_an_era();
    let (owed, unproven) = {
        let link = lane.link.borrow();
        // Requests since the link moved to another connection have not been sent on this one.
        (link.slots.youngest().filter(|_| !link.has_moved()), link.unproven)
    };
    if cause == Cause::Desync {
        lane.count(UpstreamCount::Desync, 1);
    }
    // What the server has not read on this connection yet must not run after what it is told on the next one.
    if cause == Cause::Down || (cause == Cause::Shutdown && owed.is_some()) {
        let_end(&lane.target.spool, reader);
    }
    let faulty = match cause {
        // A connection that times out is one that says nothing while the server answers others.
        Cause::Down | Cause::Shutdown | Cause::Unwanted | Cause::Timeout => None,
        Cause::Desync => Some(lane.turn.now()),
        // A server may close an idle connection without being at fault.
        _ => owed.filter(|_| !unproven),
    };
    (cause, faulty)
}

async fn open(lane: &Lane) -> Result<(Connected, AnswerDecoder), Cause> {
    let target = &*lane.target;
    let complain = |unusable: Unusable| {
        let why = &*unusable.why;
        if let Some(suppressed) = lane.cannot_connect.allow(lane.turn.tick()) {
            tracing::warn!(server = %target.label, why, suppressed, "server cannot be used");
        }
        unusable.cause
    };
    let mut connected = target.connect().await.map_err(complain)?;
    let decoder = greet(target, &mut connected.reader, &connected.writer).await.map_err(complain)?.decoder;
    Ok((connected, decoder))
}

/// Reads replies until the connection ends, and why it did.
async fn serve(lane: &Rc<Lane>, reader: &mut Reader, decoder: AnswerDecoder) -> Cause {
    let mut received = Received::new(decoder);
    let cause = poll_fn(|cx| {
        if let Err(cause) = ready!(poll_link(lane, cx)) {
            return Poll::Ready(cause);
        }
        let mut bytes = 0;
        loop {
            if lane.is_done() {
                return Poll::Ready(Cause::Shutdown);
            }
            if bytes >= MOST_BYTES {
                return give_way(cx);
            }
            match ready!(received.poll_read(&lane.memory.buffers, reader, cx)) {
                Ok(0) | Err(_) => return Poll::Ready(Cause::Disconnected),
                Ok(read) => {
                    bytes += read;
                    lane.count(UpstreamCount::BytesRead, read as u64);
                }
            }
            if let Err(cause) = received.hand_out(lane) {
                return Poll::Ready(cause);
            }
        }
    })
    .await;
    *lane.reader.borrow_mut() = None;
    cause
}

/// Goes on writing where the kernel could take no more, and notices when the connection was given up.
fn poll_link(lane: &Rc<Lane>, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
    remember(&lane.reader, cx);
    loop {
        let link = lane.link.borrow();
        match &link.phase {
            LinkPhase::Doomed(cause) => return Poll::Ready(Err(*cause)),
            LinkPhase::Open(writer) if link.blocked => match writer.poll_writable(cx) {
                Poll::Pending => return Poll::Ready(Ok(())),
                Poll::Ready(_) => {
                    drop(link);
                    lane.send();
                }
            },
            _ => return Poll::Ready(Ok(())),
        }
    }
}

/// Closes the connection. True if some of the requests on it are to be asked again on a new one.
fn end(lane: &Rc<Lane>, cause: Cause) -> bool {
    let mut link = lane.link.borrow_mut();
    if link.has_moved() {
        // Nothing was owed when the connection was given up, so the requests there now have not been sent.
        let is_wanted = !link.slots.is_empty();
        (link.phase, link.blocked) = (if is_wanted { LinkPhase::Opening } else { LinkPhase::Closed }, false);
        // It was not lost, so the next one is none that had to be made anew.
        link.heard = None;
        return is_wanted;
    }
    let died_idle = std::mem::take(&mut link.unproven) && cause == Cause::Disconnected;
    let health = &lane.target.health;
    let ask_again = died_idle && !health.is_down() && !health.is_withholding();
    (link.phase, link.blocked) = (LinkPhase::Closed, false);
    if cause == Cause::Unwanted {
        // It was not lost, so the next one is none that had to be made anew.
        link.heard = None;
    }
    link.output.clear();
    link.receiving = 0;
    link.admission.forget();
    let (again, lost): (Vec<Slot>, Vec<Slot>) =
        link.slots.take_all().into_iter().partition(|slot| ask_again && slot.can_be_repeated());
    for mut slot in again {
        if let Some(request) = slot.take_again() {
            lane.count(UpstreamCount::Retries, 1);
            lane.put(&mut link, Question::Ask(&request), slot);
        }
    }
    let retry = !link.slots.is_empty();
    if retry {
        link.phase = LinkPhase::Opening;
    }
    link.count_waiting();
    drop(link);
    lane.fail(lost, cause);
    retry
}
