//! One question as its connection keeps it until it is answered.

use std::time::Instant;

use super::mark::Mark;
use super::ticket::Ticket;
use crate::protocol::{Command, Expected, Key, Output, Question, Request, Token};

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
    /// How many bytes of a value are kept for it until it is answered, as it may have to be asked again.
    pub held: usize,
    /// How many bytes of its words are kept, where asking twice does what asking once does.
    pub said: usize,
    /// The request, where it may be sent again should the connection prove to have died while idle.
    pub again: Option<Box<Request>>,
    /// The key of which no older value may be read any more, should the question fail.
    pub forgotten: Option<Box<Key>>,
    /// The item it is about, and who asks.
    pub mark: Mark,
}

impl Slot {
    /// Whether a caller still waits for the reply.
    pub(super) fn is_wanted(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::is_wanted)
    }
}

/// The request, if sending it twice does what sending it once does.
pub(super) fn repeatable(question: Question<'_>) -> Option<Box<Request>> {
    match question {
        Question::Ask(request) if Command::is_idempotent(&request.command) => Some(Box::new(request.clone())),
        _ => None,
    }
}

/// Whether asking this twice does what asking it once does, and it is a read.
pub(super) fn is_plain_read(question: Question<'_>) -> bool {
    matches!(question, Question::Ask(request) if matches!(request.command, Command::Get(_)) && request.command.is_idempotent())
}

/// How many bytes of a value are kept until the question is answered.
pub(super) fn held(question: Question<'_>) -> usize {
    match question {
        Question::Ask(Request { command: Command::Store(store), .. }) if store.value.len() >= Output::APART_FROM => {
            store.value.len()
        }
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
