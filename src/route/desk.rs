//! Where requests wait whose reply a node of the tree wants to see first.
//!
//! ```text
//!   walk ─▶ leave ─▶ ticket ─▶ child ─▶ … ─▶ server
//!                                              │
//!   ticket.answer ◀─ pass ◀─ judge ◀─ deliver ◀┘
//!   ticket.answer ◀─ recover ◀─ refuse
//! ```
//! One desk a worker: a request that is only watched costs a place in a vector.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use slab::Slab;
use tokio::task::spawn_local;

use super::{Client, Route, Run, Verdict};
use crate::protocol::{Reply, Request};
use crate::upstream::{ReplyTo, Ticket};

/// The watched requests of one worker.
#[derive(Default)]
pub struct Desk {
    watched: RefCell<Slab<Option<Watched>>>,
}

/// A request as the node that watches it sent it.
pub(super) struct Watched {
    pub node: Rc<dyn Route>,
    pub request: Request,
    pub client: Rc<Client>,
    pub ticket: Ticket,
}

impl Desk {
    /// A place for a request that is about to be sent.
    pub(super) fn reserve(&self) -> usize {
        self.watched.borrow_mut().insert(None)
    }

    /// Leaves the request that was sent.
    pub(super) fn leave(&self, place: usize, watched: Watched) {
        self.watched.borrow_mut()[place] = Some(watched);
    }

    /// The ticket for the reply to what was left at `place`.
    pub(super) fn ticket(self: &Rc<Self>, place: usize) -> Ticket {
        Ticket::new(self.clone(), place as u64)
    }

    /// Shows a reply to the node that wanted to see it. What is to be told to whoever asked, unless they are told later.
    pub(super) fn settle(&self, place: usize, reply: Reply) -> Option<Reply> {
        self.judge(place, reply).map(|(reply, _)| reply)
    }

    fn judge(&self, place: usize, reply: Reply) -> Option<(Reply, Ticket)> {
        let watched = self.watched.borrow_mut().remove(place);
        let Some(Watched { node, request, client, ticket }) = watched else {
            unreachable!("a reply never comes from within the call that asked")
        };
        match node.judge(&request, &client, reply) {
            Verdict::Pass(reply) => Some((reply, ticket)),
            Verdict::Refuse(refused) => start(node.recover(request, client, refused), ticket),
        }
    }
}

impl ReplyTo for Desk {
    fn deliver(self: Rc<Self>, token: u64, reply: Reply) {
        if let Some((reply, ticket)) = self.judge(token as usize, reply) {
            ticket.answer(reply);
        }
    }
}

/// Runs as far as it goes without waiting, so that what is asked first is sent before this returns and nothing that
/// comes later overtakes it. What is left becomes a task.
pub(super) fn start(mut run: Run, ticket: Ticket) -> Option<(Reply, Ticket)> {
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some((reply, ticket)),
        Poll::Pending => {
            spawn_local(async move { ticket.answer(run.await) });
            None
        }
    }
}
