//! Replies that are pending: each is shown to the node that wants to see it before it goes on to the client.
//!
//! ```text
//!   walk ─▶ leave ─▶ ticket ─▶ child ─▶ … ─▶ server
//!                                              │
//!   ticket.answer ◀─ pass ◀─ judge ◀─ deliver ◀┘
//!   ticket.answer ◀─ recover ◀─ refuse
//! ```
//! One table a worker: a request that is only watched costs a place in a vector.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use slab::Slab;
use tokio::task::spawn_local;

use super::{Client, Deadline, Node, Run, Verdict};
use crate::protocol::{Reply, Request};
use crate::runtime::env::Env;
use crate::runtime::memory::{Memory, Share, Shed};
use crate::upstream::{ReplyTo, Ticket};

/// A table that had more places than this gives its memory back once no reply is pending.
const KEEP: usize = 128;
/// What one request of several steps is taken to need before it has begun.
pub(super) const STEPS: usize = 24 * 1024;
/// What it takes beside its code's own state: the task, the reply it waits for, its lease, its place in a line and at a
/// server, and what the allocator rounds up. Enough that a crowd of them stays within the limit.
const BESIDE: usize = 20 * 1024;

/// The watched requests of one worker that have no reply yet, and the clock that says when one was asked.
pub struct PendingReplies {
    watched: RefCell<Slab<Option<Watched>>>,
    held: RefCell<Share>,
    env: Rc<dyn Env>,
}

/// A request as the node that watches it sent it.
pub(super) struct Watched {
    pub node: Rc<dyn Node>,
    pub request: Request,
    pub client: Rc<Client>,
    pub ticket: Ticket,
    pub deadline: Deadline,
}

/// What the places of a table take, used or not.
fn room(table: &Slab<Option<Watched>>) -> usize {
    table.capacity() * size_of::<Option<Watched>>()
}

impl PendingReplies {
    /// None yet; their places are a part of `memory`.
    pub fn new(memory: &Rc<Memory>, env: Rc<dyn Env>) -> PendingReplies {
        PendingReplies { watched: RefCell::default(), held: RefCell::new(Share::new(memory)), env }
    }

    /// The same, with places that no account counts.
    pub fn uncounted(env: Rc<dyn Env>) -> PendingReplies {
        PendingReplies::new(&Memory::new(usize::MAX), env)
    }

    /// The end of the time for what is asked now.
    pub(super) fn deadline(&self, patience: Duration) -> Deadline {
        Deadline::new(self.env.now(), patience)
    }

    /// A place for a request that is about to be sent.
    pub(super) fn reserve(&self) -> usize {
        let mut watched = self.watched.borrow_mut();
        let is_full = watched.len() == watched.capacity();
        let place = watched.insert(None);
        if is_full {
            self.held.borrow_mut().set(room(&watched));
        }
        place
    }

    fn take(&self, place: usize) -> Option<Watched> {
        let mut all = self.watched.borrow_mut();
        let watched = all.remove(place);
        if all.is_empty() && all.capacity() > KEEP {
            *all = Slab::new();
            self.held.borrow_mut().set(room(&all));
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

    /// Shows a reply to the node that wanted to see it. Returns the reply for the caller, unless the node answers
    /// later.
    pub(super) fn settle(&self, place: usize, reply: Reply) -> Option<Reply> {
        self.judge(place, reply).map(|(reply, _)| reply)
    }

    fn judge(&self, place: usize, reply: Reply) -> Option<(Reply, Ticket)> {
        let Some(Watched { node, request, client, ticket, deadline }) = self.take(place) else {
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
                let deadline = deadline.later(node.more_patience(&request, Some(&refused)));
                let request = request.detached();
                let late = Late { node: node.clone(), request: request.clone(), refused: Some(refused.clone()) };
                start(node.recover(request, client.clone(), refused, deadline), ticket, &client, deadline, late)
            }
        }
    }
}

impl ReplyTo for PendingReplies {
    fn deliver(self: Rc<Self>, token: u64, reply: Reply) {
        if let Some((reply, ticket)) = self.judge(token as usize, reply) {
            ticket.answer(reply);
        }
    }

    fn lingers(&self, token: u64) {
        if let Some(Some(watched)) = self.watched.borrow_mut().get_mut(token as usize) {
            watched.request = watched.request.detached();
            watched.ticket.lingers();
        }
    }

    fn is_wanted(&self, token: u64) -> bool {
        let watched = self.watched.borrow();
        watched.get(token as usize).and_then(Option::as_ref).is_none_or(|watched| watched.ticket.is_wanted())
    }
}

/// What is answered should the time be over first.
pub(super) struct Late {
    pub node: Rc<dyn Node>,
    pub request: Request,
    pub refused: Option<Reply>,
}

/// Runs as far as it goes without waiting, so that what is asked first is sent before this returns and nothing that
/// comes later overtakes it. The rest becomes a task, which runs to its end, even past the deadline.
pub(super) fn start(
    mut run: Run,
    ticket: Ticket,
    client: &Client,
    deadline: Deadline,
    late: Late,
) -> Option<(Reply, Ticket)> {
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some((reply, ticket)),
        Poll::Pending => {
            let mut held = client.holder.share();
            held.set(size_of_val(&*run) + BESIDE + late.request.value_len());
            spawn_local(async move {
                ticket.lingers();
                if let Some(reply) = deadline.bounds(run.as_mut()).await {
                    drop(held);
                    return ticket.answer(reply);
                }
                ticket.answer(late.node.late(&late.request, late.refused));
                run.await;
                drop(held);
            });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::turn::Turn;

    #[test]
    fn a_table_that_a_crowd_made_grow_is_small_again_once_no_reply_is_pending() {
        let memory = Memory::new(usize::MAX);
        let pending = PendingReplies::new(&memory, Rc::new(Turn::new()));
        let places: Vec<usize> = (0..1_000).map(|_| pending.reserve()).collect();
        assert!(memory.held() >= 1_000 * size_of::<Watched>());
        places.into_iter().for_each(|place| drop(pending.take(place)));
        assert!(memory.held() <= 256 * size_of::<Watched>(), "{} bytes are counted", memory.held());
        assert_eq!(memory.held(), room(&pending.watched.borrow()));
    }
}
