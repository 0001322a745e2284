//! One question as its connection keeps it until it is answered.

use std::time::Instant;

use super::mark::Mark;
use super::ticket::Ticket;
use crate::protocol::{Command, Expected, Key, Output, Question, Request, Token};

/// How many bytes a question takes at its server until it is answered, but for its key: its place, another while the table of
/// places grows, and what some leave beside it.
pub const OWED: usize = 2 * size_of::<Slot>() + size_of::<Kept>();

/// One question that was or will be sent.
pub(super) struct Slot {
    /// Who waits; `None` for a tombstone.
    pub ticket: Option<Ticket>,
    /// When it was asked.
    pub asked: Instant,
    /// What may be answered.
    pub expected: Expected,
    /// The token its answer must repeat.
    pub token: Token,
    /// How many bytes it took to ask.
    pub len: usize,
    /// The item it is about, and who asks.
    pub mark: Mark,
    /// Whether it is a read, and asking it twice does what asking it once does: its words are kept.
    pub is_plain_read: bool,
    /// What else is kept of it; most reads need nothing.
    pub kept: Option<Box<Kept>>,
}

/// What some questions leave here until they are answered.
pub(super) struct Kept {
    /// The request, where it may be sent again should the connection prove to have died while idle.
    pub again: Option<Request>,
    /// How many bytes of a value that keeps.
    pub held: usize,
    /// The key of which no older value may be read any more, should the question fail.
    pub forgotten: Option<Key>,
    /// Who takes a reply that comes too late.
    pub late: Option<Ticket>,
}

/// A question that timed out.
pub(super) struct Expired {
    /// Who waited.
    pub ticket: Ticket,
    /// Since when.
    pub asked: Instant,
    /// The key of which no older value may be read any more.
    pub forgotten: Option<Key>,
}

impl Slot {
    /// Whether a caller still waits for the reply.
    pub(super) fn is_wanted(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::is_wanted)
    }

    /// Makes a tombstone of it. Who waited.
    pub(super) fn bury(&mut self) -> Option<Ticket> {
        let ticket = self.ticket.take()?;
        if self.mark.is_once
            && let Some(late) = ticket.late()
        {
            self.kept = Some(Box::new(Kept { again: None, held: 0, forgotten: None, late: Some(late) }));
        }
        Some(ticket)
    }

    /// Who takes the reply, though the caller was told that there is none.
    pub(super) fn take_late(&mut self) -> Option<Ticket> {
        self.kept.as_mut()?.late.take()
    }

    /// How many bytes of its words are kept.
    pub(super) fn said(&self) -> usize {
        if self.is_plain_read { self.len } else { 0 }
    }

    /// Lets go of what was read with it, here and where it is asked, as its reply takes long.
    pub(super) fn linger(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.detach());
        self.ticket.iter().for_each(Ticket::lingers);
    }

    /// How many bytes of a value are kept for it.
    pub(super) fn held(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.held)
    }

    /// Lets go of the request, which will not be sent again. How many bytes of a value that frees.
    pub(super) fn settle(&mut self) -> usize {
        self.kept.as_mut().map_or(0, |kept| {
            kept.again = None;
            std::mem::take(&mut kept.held)
        })
    }

    /// The key of which no older value may be read any more, now that the question has failed.
    pub(super) fn take_forgotten(&mut self) -> Option<Key> {
        self.kept.as_mut()?.forgotten.take()
    }

    /// The request, if it may be sent again.
    pub(super) fn take_again(&mut self) -> Option<Request> {
        self.kept.as_mut()?.again.take()
    }

    /// Whether it may be sent again.
    pub(super) fn can_be_repeated(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.again.is_some())
    }
}

impl Kept {
    /// Lets go of what was read with the question.
    fn detach(&mut self) {
        self.again.iter_mut().for_each(|request| *request = request.detached());
        self.forgotten.iter_mut().for_each(|key| *key = key.detached());
    }

    /// What is to be kept of a question; the request too, if it may have to be sent again and `may_repeat`.
    pub(super) fn of(question: Question<'_>, may_repeat: bool) -> Option<Box<Kept>> {
        let again = if may_repeat { repeatable(question) } else { None };
        let forgotten = forgotten(question);
        if again.is_none() && forgotten.is_none() {
            return None;
        }
        let held = again.map_or(0, held);
        Some(Box::new(Kept { again: again.cloned(), held, forgotten: forgotten.cloned(), late: None }))
    }
}

/// The request, if sending it twice does what sending it once does.
fn repeatable(question: Question<'_>) -> Option<&Request> {
    match question {
        Question::Ask(request) => Some(request).filter(|request| request.command.is_idempotent()),
        _ => None,
    }
}

/// Whether asking this twice does what asking it once does, and it is a read.
pub(super) fn is_plain_read(question: Question<'_>) -> bool {
    match question {
        Question::Ask(Request { command: Command::Get(get), .. }) => get.is_idempotent(),
        _ => false,
    }
}

/// How many bytes of its value keeping a request keeps.
fn held(request: &Request) -> usize {
    match &request.command {
        Command::Store(store) if store.value.len() >= Output::APART_FROM => store.value.len(),
        _ => 0,
    }
}

/// The key of which no older value may be read after this question.
pub(super) fn forgotten(question: Question<'_>) -> Option<&Key> {
    match question {
        Question::Ask(request) if request.command.outdates() => Some(&request.key),
        _ => None,
    }
}

/// Whether it deletes.
pub(super) fn is_delete(question: Question<'_>) -> bool {
    matches!(question, Question::Ask(request) if matches!(request.command, Command::Delete(_)))
}
