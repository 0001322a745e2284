//! The memory that an answer takes: how long the next message may well be, and whether its client may have so much.

use std::cell::Cell;

use super::decide::QueueWishKind;
use crate::protocol::Reply;
use crate::queue::QueueAnswer;
use crate::route::Client;
use crate::runtime::memory::Shed;

/// How long messages are taken to be before any came.
const FIRST_LIKELY: usize = 64 * 1024;
/// What a client is told for whose message there is no memory; it stays in its queue.
const NO_MEMORY: &str = "SERVER_ERROR out of memory writing get response";

/// How long the messages of one route are.
pub(super) struct MessageRoom {
    /// The longest of late.
    likely: Cell<usize>,
}

impl MessageRoom {
    /// Nothing is known yet.
    pub(super) fn new() -> MessageRoom {
        MessageRoom { likely: Cell::new(FIRST_LIKELY) }
    }

    /// The bytes that the answer probably takes; a client that waits takes none until there is one.
    pub(super) fn likely(&self, what: &QueueWishKind) -> usize {
        match what {
            QueueWishKind::Take { wait, .. } if wait.is_zero() => self.likely.get(),
            _ => 0,
        }
    }

    /// Learns how long messages are; whether there is memory to tell the client of this one.
    pub(super) fn learns(&self, answer: &QueueAnswer, client: &Client) -> bool {
        let (size, before) = (answer.len(), self.likely.get());
        if matches!(answer, QueueAnswer::Message(..)) {
            self.likely.set(size.max(before - before / 16));
        }
        client.holder.may_take(size)
    }
}

/// What a client is told instead of a message for which it may have no memory.
pub(super) fn no_memory(client: &Client) -> Reply {
    client.holder.shed(Shed::Reply);
    Reply::Error(NO_MEMORY.into())
}
