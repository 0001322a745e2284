//! Putting questions on a connection: whether one more is admitted, what is kept of it, and who sees to its reply.

use std::time::Duration;

use super::connection;
use super::deadline;
use super::lane::Lane;
use super::link::{Link, LinkPhase};
use super::mark::Mark;
use super::slot::{Kept, Slot, is_plain_read};
use super::ticket::Ticket;
use crate::protocol::{Cause, Question, Reply};
use crate::runtime::turn::MUCH;

/// A connection this long without a reply may have died unseen; what is asked on it next may be asked again.
const IDLE: Duration = Duration::from_secs(1);

impl Lane {
    /// Asks. The reply goes to `ticket` later, unless it is returned now because the server is not asked at all. What is
    /// seldom done on the way is marked as cold, or the compiler takes the last step of all for seldom, too. Compiled
    /// into its callers, as is what leads here from a key of a get: two calls less on the way saved a key 47 of its 2,400
    /// instructions.
    #[inline(always)]
    pub(super) fn ask(&self, question: Question<'_>, mark: Mark, ticket: Ticket) -> Option<Reply> {
        if !self.target.health.is_calm()
            && let Some(reply) = self.unasked(question, mark)
        {
            return Some(reply);
        }
        let mut link = self.link.borrow_mut();
        if link.leave_old_address(&self.target.addresses).is_some() {
            self.wake_reader();
        }
        let stalled = link.is_stalled();
        let no_memory = stalled && !link.output.is_empty() && self.memory.is_full();
        let asked = self.turn.now();
        if no_memory || !link.admits(mark.whose, self.target.options.queue, asked) {
            return Some(self.failed(Cause::Overloaded));
        }
        self.asked.update(|asked| asked + 1);
        if link.slots.is_empty() {
            link.unproven = link.heard.is_some_and(|heard| asked.saturating_duration_since(heard) >= IDLE);
        }
        let is_plain_read = !mark.is_once && is_plain_read(question);
        let may_repeat = link.unproven && !self.memory.is_tight();
        let needs_nothing = mark.is_once || (is_plain_read && !may_repeat);
        let kept = if needs_nothing { None } else { Kept::of(question, may_repeat) };
        let (ticket, expected, token) = (Some(ticket), question.expected(), link.tokens.draw());
        self.put(&mut link, question, Slot { ticket, asked, expected, token, len: 0, mark, is_plain_read, kept });
        if stalled || may_repeat {
            link.count_waiting();
            self.count_asked();
        }
        self.arrange_to_send(&mut link);
        let is_much = !stalled && link.output.len() >= MUCH;
        drop(link);
        if is_much {
            self.send();
        }
        self.watch();
        None
    }

    /// Asks a question once more that waited behind a large value on another lane, in the words that were sent there.
    pub(super) fn take_over(&self, slot: Slot, words: &[u8]) {
        let mut link = self.link.borrow_mut();
        let Link { output, slots, .. } = &mut *link;
        let start = output.text().len();
        output.text().extend_from_slice(words);
        slots.push(slot, output.text(), start);
        self.common.is_spread.set(true);
        self.arrange_to_send(&mut link);
        drop(link);
        self.watch();
    }

    /// Has a timer run for the oldest question.
    #[inline]
    fn watch(&self) {
        if !self.deadline_armed.replace(true) {
            self.arm_deadline();
        }
    }

    #[cold]
    fn arm_deadline(&self) {
        tokio::task::spawn_local(deadline::watch(self.rc()));
    }

    #[inline]
    fn arrange_to_send(&self, link: &mut Link) {
        match link.phase {
            LinkPhase::Open(_) if link.flush_asked || link.blocked => {}
            _ => self.send_later_or_connect(link),
        }
    }

    #[cold]
    fn send_later_or_connect(&self, link: &mut Link) {
        match link.phase {
            LinkPhase::Open(_) => self.send_later(link),
            LinkPhase::Closed => {
                link.phase = LinkPhase::Opening;
                tokio::task::spawn_local(connection::run(self.rc()));
            }
            LinkPhase::Opening | LinkPhase::Doomed(_) => {}
        }
    }

    fn send_later(&self, link: &mut Link) {
        link.flush_asked = true;
        // An output that was long has given back its room: growing to that again would copy what is there each time.
        link.output.text().reserve(link.left_last.min(MUCH));
        self.turn.flush_later(self.rc());
    }
}
