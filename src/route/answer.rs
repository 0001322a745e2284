//! A reply that a node waits for in ordinary async code: the rare path's way to ask.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::protocol::Reply;
use crate::upstream::{ReplyTo, Ticket};

/// The reply to a request that has been sent already. A caller that needs no reply drops it; the request goes on.
#[must_use = "drop it to say that no one waits for the reply"]
pub struct Answer(Rc<Waiting>);

#[derive(Default)]
struct Waiting {
    reply: RefCell<Option<Reply>>,
    waker: RefCell<Option<Waker>>,
    /// Whether the caller has dropped the answer.
    is_given_up: Cell<bool>,
    /// Who takes a reply that comes too late.
    late: Cell<Option<Ticket>>,
}

impl Answer {
    /// Calls `ask` with the ticket whose reply this is.
    pub fn to(ask: impl FnOnce(Ticket) -> Option<Reply>) -> Answer {
        Answer::or_late(None, ask)
    }

    /// The same; should the reply come after the answer that there is none, `late` has it.
    pub(super) fn or_late(late: Option<Ticket>, ask: impl FnOnce(Ticket) -> Option<Reply>) -> Answer {
        let waiting = Rc::new(Waiting { late: Cell::new(late), ..Waiting::default() });
        if let Some(reply) = ask(Ticket::new(waiting.clone(), 0)) {
            *waiting.reply.borrow_mut() = Some(reply);
        }
        Answer(waiting)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.is_given_up.set(true);
    }
}

impl Future for Answer {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        match self.0.reply.borrow_mut().take() {
            Some(reply) => Poll::Ready(reply),
            None => {
                *self.0.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl ReplyTo for Waiting {
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        *self.reply.borrow_mut() = Some(reply);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn late(&self, _: u64) -> Option<Ticket> {
        self.late.take()
    }

    fn is_wanted(&self, _: u64) -> bool {
        !self.is_given_up.get()
    }
}
