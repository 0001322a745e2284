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
use crate::memory::{Memory, Share, Shed};
use crate::protocol::{Reply, Request};
use crate::upstream::{ReplyTo, Ticket};

/// A desk that had more places than this gives their memory back once nobody waits.
const KEEP: usize = 1024;
/// What one request of several steps is taken to need before it has begun.
pub(super) const STEPS: usize = 4 * 1024;
/// What it takes beside its code's own state: the task, the reply it waits for, its place in a line and at a server.
const BESIDE: usize = 1024;

/// The watched requests of one worker.
pub struct Desk {
    watched: RefCell<Slab<Option<Watched>>>,
    held: RefCell<Share>,
}

/// A request as the node that watches it sent it.
pub(super) struct Watched {
    pub node: Rc<dyn Route>,
    pub request: Request,
    pub client: Rc<Client>,
    pub ticket: Ticket,
}

impl Default for Desk {
    /// A desk whose places nobody counts.
    fn default() -> Desk {
        Desk::new(&Memory::new(usize::MAX))
    }
}

impl Desk {
    /// A desk without requests, whose places are a part of `memory`.
    pub fn new(memory: &Rc<Memory>) -> Desk {
        Desk { watched: RefCell::default(), held: RefCell::new(Share::new(memory)) }
    }

    /// A place for a request that is about to be sent.
    pub(super) fn reserve(&self) -> usize {
        let mut watched = self.watched.borrow_mut();
        let is_full = watched.len() == watched.capacity();
        let place = watched.insert(None);
        if is_full {
            self.held.borrow_mut().set(watched.capacity() * size_of::<Option<Watched>>());
        }
        place
    }

    fn take(&self, place: usize) -> Option<Watched> {
        let mut all = self.watched.borrow_mut();
        let watched = all.remove(place);
        if all.is_empty() && all.capacity() > KEEP {
            *all = Slab::new();
            self.held.borrow_mut().set(0);
        }
        watched
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
        let Some(Watched { node, request, client, ticket }) = self.take(place) else {
            unreachable!("a reply never comes from within the call that asked")
        };
        let verdict = match node.judge(&request, &client, reply) {
            Verdict::Refuse(refused) if !client.holder.may_take(STEPS) => {
                client.holder.shed(Shed::Steps);
                node.forgo(&request, refused)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Pass(reply) => Some((reply, ticket)),
            Verdict::Refuse(refused) => {
                start(node.recover(request.detached(), client.clone(), refused), ticket, &client)
            }
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
pub(super) fn start(mut run: Run, ticket: Ticket, client: &Client) -> Option<(Reply, Ticket)> {
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some((reply, ticket)),
        Poll::Pending => {
            let mut held = client.holder.share();
            held.set(size_of_val(&*run) + BESIDE);
            spawn_local(async move {
                ticket.lingers();
                let reply = run.await;
                drop(held);
                ticket.answer(reply);
            });
            None
        }
    }
}
