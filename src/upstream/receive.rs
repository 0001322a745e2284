//! What a server says: read, decoded, handed out.
//!
//! ```text
//!   socket ─▶ buffer ─▶ decoder ─▶ deliveries ─▶ those who wait
//!                         └─ a large value: kept while a caller waits and there is room, else dropped as it arrives
//! ```

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::admission::Came;
use super::deliveries::Deliveries;
use super::lane::Lane;
use super::link::Link;
use super::mark::Party;
use super::progress::LARGE;
use super::slot::Slot;
use super::ticket::Ticket;
use crate::metrics::UpstreamCount;
use crate::protocol::{AnswerDecoder, Cause, Desync, Reply};
use crate::runtime::memory::{Buffer, Buffers};
use crate::runtime::net::LEAST_ROOM;
use crate::runtime::stream::Reader;

/// memcached's words for a value it cannot keep until it is read.
const NO_ROOM: &str = "SERVER_ERROR out of memory writing get response";

/// If more than this is still to come of a value that no caller waits for or that has no room, the connection ends.
const MOST_DROPPED: usize = 32 * 1024 * 1024;
/// So it does if more than this is still to come of all values on it, and no caller waits for any.
const MOST_UNWANTED: usize = 4 * 1024 * 1024;

/// What was received on one connection and not handed out yet.
pub(super) struct Received {
    buffer: Buffer,
    decoder: AnswerDecoder,
    deliveries: Deliveries,
    /// How much of what was read last belongs to a large value.
    of_large: usize,
}

impl Received {
    /// Nothing so far.
    pub(super) fn new(decoder: AnswerDecoder) -> Received {
        Received { buffer: Buffer::default(), decoder, deliveries: Deliveries::default(), of_large: 0 }
    }

    /// Reads more.
    pub(super) fn poll_read(
        &mut self,
        buffers: &Buffers,
        reader: &mut Reader,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        let left = if self.decoder.value_len() < LARGE { 0 } else { self.decoder.left(&self.buffer) };
        let wanted = self.decoder.wanted(&self.buffer);
        buffers.lend(&mut self.buffer);
        buffers.make_room(&mut self.buffer, wanted);
        // After a large value comes another, most often. What is read of it before its size is known must be copied.
        let most = if self.of_large > 0 && left == 0 { LEAST_ROOM } else { usize::MAX };
        let Poll::Ready(read) = reader.poll_read_some(cx, &mut self.buffer, most) else {
            buffers.take_back(&mut self.buffer);
            return Poll::Pending;
        };
        let read = read?;
        self.of_large = left.min(read);
        Poll::Ready(Ok(read))
    }

    /// Hands out the replies that are whole.
    pub(super) fn hand_out(&mut self, lane: &Rc<Lane>) -> Result<(), Cause> {
        let now = lane.turn.tick();
        let waited = {
            let mut link = lane.link.borrow_mut();
            if std::mem::take(&mut link.unproven) {
                link.slots.settle();
                link.count_waiting();
            }
            link.heard = Some(now);
            let waited = link.moves(now);
            if self.of_large > 0 {
                link.goes_on(self.of_large, waited, now, lane.target.options.request_timeout);
            }
            waited
        };
        lane.turn.hold();
        let mut batch = Batch { is_timed: lane.times_replies(), ..Batch::default() };
        let result = loop {
            match self.hand_out_next(lane, &mut batch) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(slip) => break Err(desync(lane, &slip.0)),
            }
        };
        self.deliveries.deliver(&mut self.buffer);
        lane.turn.release(batch.replies == 1);
        let has_brought_nothing = batch.replies == 0 && self.of_large == 0;
        batch.end(lane, now);
        result?;
        if self.decoder.value_len() >= LARGE {
            if has_brought_nothing {
                // Over a thin link its first bytes wait for what passes before them.
                lane.link.borrow_mut().admission.passes(waited);
            }
            self.mind_value(lane)?;
        }
        lane.link.borrow_mut().leave_old_address(&lane.target.addresses).map_or(Ok(()), Err)
    }

    /// Hands out the next reply. False if it is not whole yet, or none is owed.
    #[inline(always)]
    fn hand_out_next(&mut self, lane: &Lane, batch: &mut Batch) -> Result<bool, Desync> {
        let Received { buffer, decoder, deliveries, .. } = self;
        let mut link = lane.link.borrow_mut();
        let Some((expected, token)) = link.slots.next_expected() else {
            let rest = &buffer[deliveries.taken()..];
            return if rest.is_empty() { Ok(false) } else { Err(Desync::at(rest)) };
        };
        let received = &buffer[deliveries.taken()..];
        if let Some(hit) = decoder.whole_hit(received, expected, token) {
            let ticket = batch.answer(lane, &mut link, hit.value().len());
            drop(link);
            deliveries.add_hit(ticket, hit, buffer);
            return Ok(true);
        }
        if let Some((reply, len)) = decoder.whole_line(received, expected, token) {
            let ticket = batch.answer(lane, &mut link, 0);
            drop(link);
            deliveries.add(ticket, reply, len, buffer);
            return Ok(true);
        }
        if deliveries.taken() > 0 {
            // The rest is taken off the buffer itself, at whose front these still are.
            drop(link);
            deliveries.deliver(buffer);
            return Ok(true);
        }
        let Some(reply) = decoder.next(buffer, expected, token)? else { return Ok(false) };
        let ticket = batch.answer(lane, &mut link, reply.value_len());
        drop(link);
        deliveries.add(ticket, reply, 0, buffer);
        Ok(true)
    }

    /// Decides whether the large value that is arriving is kept.
    fn mind_value(&mut self, lane: &Lane) -> Result<(), Cause> {
        let mut link = lane.link.borrow_mut();
        let wanted = self.decoder.wanted(&self.buffer);
        if wanted == 0 {
            // It is dropped. That it could not end the connection as it began may have changed meanwhile.
            drop(link);
            return if self.is_in_vain(lane) { Err(Cause::Unwanted) } else { Ok(()) };
        }
        let is_new = link.receiving == 0;
        if is_new {
            link.slots.hold_up_first();
            if let Some(slot) = link.slots.first() {
                lane.large.note(slot.mark);
                lane.takers.note(slot.mark.whose, false);
            }
            drop(link);
            lane.let_aside(lane.turn.now());
            link = lane.link.borrow_mut();
        }
        if link.slots.first().is_some_and(Slot::is_wanted) && lane.memory.has_room(wanted) {
            link.receiving = self.buffer.len();
            link.count_waiting();
            return Ok(());
        }
        self.decoder.drop_value(&mut self.buffer);
        link.receiving = 0;
        link.count_waiting();
        let told = link.slots.bury_first();
        drop(link);
        // Told even if the client has left: a node of the tree may still wait for the reply.
        if let Some(ticket) = told {
            lane.count(UpstreamCount::Finished, 1);
            ticket.answer(Reply::Error(NO_ROOM.into()));
        }
        if wanted > MOST_DROPPED || self.is_in_vain(lane) { Err(Cause::Unwanted) } else { Ok(()) }
    }

    /// Whether a new connection is had sooner than what is still to come on this one, for which no caller waits. What was
    /// asked together is taken to be of one size. The last connection stays: a server that is full may let in no other.
    fn is_in_vain(&self, lane: &Lane) -> bool {
        let (slots, target) = (&lane.link.borrow().slots, &lane.target);
        let others = self.decoder.value_len().saturating_mul(slots.len().saturating_sub(1));
        let to_come = self.decoder.left(&self.buffer).saturating_add(others);
        let may_end = target.options.least_rest.is_zero() && target.open.load(Ordering::Relaxed) > 1;
        may_end && to_come > MOST_UNWANTED && slots.are_plain_reads(|slot| !slot.is_wanted())
    }
}

/// The replies of one read, counted together.
#[derive(Default)]
struct Batch {
    /// All of them.
    replies: usize,
    /// Those that a caller still waited for.
    answers: u64,
    waited: Duration,
    /// How long the last reply took.
    last: Option<Duration>,
    /// The same of a reply that no caller waited for any more.
    last_late: Option<Instant>,
    /// Whether values went that were counted.
    frees: bool,
    /// What was given to whom last: neighbours are mostly the same client's.
    given: Option<(Party, bool)>,
    /// Whether each of them is timed by itself.
    is_timed: bool,
}

impl Batch {
    /// Notes that the reply to the oldest question is here, with a value of `size` bytes. Who takes it, if any does.
    #[inline(always)]
    fn answer(&mut self, lane: &Lane, link: &mut Link, size: usize) -> Option<Ticket> {
        self.replies += 1;
        self.frees |= std::mem::take(&mut link.receiving) > 0;
        let mut slot = link.slots.pop()?;
        self.frees |= slot.held() > 0 || slot.ticket.is_none();
        if (1..LARGE).contains(&size) {
            lane.large.note_small(slot.mark);
        }
        if slot.ticket.is_none() {
            self.last_late = Some(slot.asked);
            return slot.take_late();
        }
        self.gave(lane, slot.mark.whose, size.max(slot.len) < LARGE);
        self.add(lane, slot.asked);
        slot.ticket
    }

    fn gave(&mut self, lane: &Lane, whose: Party, is_small: bool) {
        if self.given != Some((whose, is_small)) {
            self.given = Some((whose, is_small));
            lane.takers.note(whose, is_small);
        }
    }

    fn add(&mut self, lane: &Lane, asked: Instant) {
        let took = lane.turn.since(asked);
        self.last = Some(took);
        self.answers += 1;
        self.waited += took;
        if self.is_timed {
            lane.time_reply(took);
        }
    }

    fn end(self, lane: &Lane, now: Instant) {
        if self.replies == 0 {
            return;
        }
        let mut link = lane.link.borrow_mut();
        if let Some(took) = self.last {
            lane.target.health.succeeded();
            lane.target.health.last_reply.note(now.checked_sub(took).unwrap_or(now), now);
            link.answered = Some(now);
        }
        let late = self.last_late.map(|asked| now.saturating_duration_since(asked));
        let took = self.last.or(late).unwrap_or_default();
        let came = Came { count: self.replies, owed: link.slots.len(), took };
        link.admission.learn(&came, now);
        if self.frees {
            link.count_waiting();
        }
        drop(link);
        lane.count_replies(self.answers, self.waited);
    }
}

fn desync(lane: &Lane, said: &str) -> Cause {
    // The bytes may be part of any value, so they are shown only where keys may be shown.
    let said = if lane.target.options.show_keys { &said[..said.len().min(80)] } else { "not shown without log.keys" };
    if let Some(suppressed) = lane.out_of_step.allow(lane.turn.now()) {
        let label = &lane.target.label;
        tracing::error!(server = %label, said, suppressed, "server {}, closing its connection", Cause::Desync.text());
    }
    Cause::Desync
}
