//! Who waits for a reply. Upstream knows no more about routes and clients than this.

use std::rc::Rc;

use super::reply_run::ReplyRun;
use crate::protocol::Reply;

/// Takes the replies to requests it sent.
pub trait ReplyTo {
    /// Takes the reply to the request that `token` was given to. Called once for each ticket that was handed out and
    /// not answered on the spot; never from within the call that asked.
    fn deliver(self: Rc<Self>, token: u64, reply: Reply);

    /// Takes all of several replies that came together, in their order.
    fn deliver_all(self: Rc<Self>, run: ReplyRun<'_>) {
        run.cut().for_each(|(token, reply)| self.clone().deliver(token, reply));
    }

    /// Learns that the reply will take more than a round trip, so that what is kept of the request until then keeps no
    /// buffer. Never from within the call that asked.
    fn lingers(&self, _token: u64) {}

    /// Who takes the reply to the request that `token` was given to, should it come after the caller was told that there is
    /// none. Asked once, and only of requests that are sent once.
    fn late(&self, _token: u64) -> Option<Ticket> {
        None
    }

    /// Whether a client still waits for the reply to the request that `token` was given to. If not, the reply is
    /// delivered all the same, but without its value if that is large.
    fn is_wanted(&self, _token: u64) -> bool {
        true
    }
}

/// A place in the caller's order of replies.
pub struct Ticket {
    pub(super) to: Rc<dyn ReplyTo>,
    pub(super) token: u64,
}

impl Ticket {
    /// A ticket for `to`, who knows the request as `token`.
    pub fn new(to: Rc<dyn ReplyTo>, token: u64) -> Ticket {
        Ticket { to, token }
    }

    /// Whether it is of this caller.
    #[inline]
    pub(super) fn is_for(&self, caller: &Rc<dyn ReplyTo>) -> bool {
        Rc::as_ptr(caller).addr() == Rc::as_ptr(&self.to).addr()
    }

    /// Says that the reply will take more than a round trip.
    pub fn lingers(&self) {
        self.to.lingers(self.token);
    }

    /// Whether a client still waits for the reply.
    pub fn is_wanted(&self) -> bool {
        self.to.is_wanted(self.token)
    }

    /// Who takes the reply should it come too late for this one.
    pub(super) fn late(&self) -> Option<Ticket> {
        self.to.late(self.token)
    }

    /// Hands over the reply.
    pub fn answer(self, reply: Reply) {
        self.to.deliver(self.token, reply);
    }
}
