//! A connection as its server sees it: where it stands, what is owed on it, what has not left yet.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use super::slots::Slots;
use super::tokens::Tokens;
use crate::memory::{Memory, Share};
use crate::net::Writer;
use crate::protocol::{Cause, Output};

/// The connection and what is owed on it.
pub struct Link {
    /// Where it stands.
    pub phase: Phase,
    /// Who waits, in order.
    pub slots: Slots,
    /// What has not left yet.
    pub output: Output,
    /// Whether the kernel took less than it was given.
    pub blocked: bool,
    /// Whether the server may have hung up unseen: nothing was heard since it was last idle.
    pub unproven: bool,
    /// When the server was last heard.
    pub heard: Option<Instant>,
    /// Where it leads.
    pub peer: Option<SocketAddr>,
    /// How often the server's name had changed its meaning by then.
    pub changes: u32,
    /// Whether it is to be written at the end of this turn.
    pub flush_asked: bool,
    /// Where the token of the next question comes from.
    pub tokens: Tokens,
    /// What is counted of the output: all of it while it cannot leave, else nothing.
    waiting: Share,
}

/// Where the connection stands.
pub enum Phase {
    /// There is none.
    Closed,
    /// It is being made; questions gather meanwhile.
    Opening,
    /// It is there.
    Open(Writer),
    /// It must not be used again, for this reason; its task is about to end it.
    Doomed(Cause),
}

impl Link {
    /// There is none yet.
    pub fn new(memory: &Rc<Memory>) -> Link {
        Link {
            phase: Phase::Closed,
            slots: Slots::default(),
            output: Output::default(),
            blocked: false,
            unproven: false,
            heard: None,
            peer: None,
            changes: 0,
            flush_asked: false,
            tokens: Tokens::new(),
            waiting: Share::new(memory),
        }
    }

    /// Whether what is asked now has to wait before it can leave.
    pub fn is_stalled(&self) -> bool {
        self.blocked || !matches!(self.phase, Phase::Open(_))
    }

    /// Brings the count of what waits up to date.
    pub fn count_waiting(&mut self) {
        self.waiting.set(if self.is_stalled() { self.output.len() } else { 0 });
    }

    /// Takes back what timed out before there was a connection to send it on.
    pub fn withdraw(&mut self) {
        let unsent = self.slots.withdraw();
        self.output.consume(unsent);
        self.count_waiting();
    }
}
