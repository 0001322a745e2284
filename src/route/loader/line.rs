//! What one endpoint is asked in this process: calls under way, at most so many; calls that wait for their turn; and its
//! breaker. Lives on the thread that asks.
//!
//! ```text
//!   ordered ─▶ breaker ─▶ room ─────────────────────────────▶ called ─▶ told
//!                │          └▶ none: queue, a turn for each party ─┘
//!                └▶ open: told at once; one now and then is called as a probe
//! ```

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::decide::{Breaker, BreakerState, FairQueue, Permit};
use super::order::{LoadOrder, NoAnswer};
use super::terms::LoaderTerms;
use crate::origin::{NoValue, OriginClient};
use crate::upstream::Party;

/// The calls to one endpoint.
pub(super) struct EndpointLine {
    terms: Arc<LoaderTerms>,
    origin: Option<Rc<OriginClient>>,
    in_flight: usize,
    queue: FairQueue<(usize, Party), LoadOrder>,
    breaker: Breaker,
}

/// A call that is due.
pub(super) struct Due {
    pub order: LoadOrder,
    pub origin: Option<Rc<OriginClient>>,
    pub permit: Permit,
}

impl EndpointLine {
    /// Nothing has been asked yet.
    pub(super) fn new(terms: Arc<LoaderTerms>, now: Instant) -> EndpointLine {
        let origin = origin(&terms);
        EndpointLine { terms, origin, in_flight: 0, queue: FairQueue::new(), breaker: Breaker::new(now) }
    }

    /// Takes an order: the call that is due now, if it is.
    pub(super) fn take(&mut self, order: LoadOrder, now: Instant) -> Option<Due> {
        self.follow(&order.terms);
        let has_room = self.in_flight < self.terms.loader.max_in_flight;
        let due = match self.breaker.permit(now) {
            Permit::Refused => refuse(order, NoAnswer::HeldBack),
            permit @ (Permit::Free | Permit::Probe) if has_room => Some(self.begin(order, permit)),
            Permit::Probe => refuse(order, NoAnswer::HeldBack),
            Permit::Free => {
                let refused = self.queue.push(order.whose, order, self.terms.queue).err();
                refused.and_then(|order| refuse(order, NoAnswer::Queue))
            }
        };
        self.tell();
        due
    }

    /// Notes what became of a call, and gives those that are due now.
    pub(super) fn ended(&mut self, permit: Permit, trouble: Option<NoValue>, now: Instant) -> Vec<Due> {
        self.in_flight -= 1;
        let before = self.breaker.state();
        match trouble {
            None => self.breaker.succeeded(now),
            Some(why) => {
                self.terms.fares.failed(now, why);
                self.breaker.failed(permit, now, rand::random());
            }
        }
        self.tell_change(before, trouble);
        let mut due = Vec::new();
        while self.in_flight < self.terms.loader.max_in_flight {
            let Some(order) = self.queue.pop() else { break };
            due.extend(self.next(order, now));
        }
        self.tell();
        due
    }

    /// An order whose turn has come. Of one that waited for longer than a call may take no caller waits any more.
    fn next(&mut self, order: LoadOrder, now: Instant) -> Option<Due> {
        if order.answer.is_closed() || now.saturating_duration_since(order.ordered) >= self.terms.loader.timeout {
            return refuse(order, NoAnswer::Queue);
        }
        match self.breaker.permit(now) {
            Permit::Refused => refuse(order, NoAnswer::HeldBack),
            permit => Some(self.begin(order, permit)),
        }
    }

    fn begin(&mut self, order: LoadOrder, permit: Permit) -> Due {
        self.in_flight += 1;
        Due { order, origin: self.origin.clone(), permit }
    }

    /// Goes on with the terms of another configuration. Calls under way end on those they began with.
    fn follow(&mut self, terms: &Arc<LoaderTerms>) {
        if Arc::ptr_eq(&self.terms, terms) {
            return;
        }
        if !self.terms.asks_like(terms) {
            self.origin = origin(terms);
        }
        self.terms = terms.clone();
    }

    fn tell(&self) {
        let is_held_back = self.breaker.state() == BreakerState::Open;
        self.terms.fares.stand(self.in_flight, self.queue.len(), is_held_back);
    }

    fn tell_change(&self, before: BreakerState, trouble: Option<NoValue>) {
        let route = self.terms.label.as_str();
        match (before, self.breaker.state(), trouble) {
            (BreakerState::Closed, BreakerState::Open, Some(why)) => {
                tracing::warn!(route, %why, "the loader of a route fails: it is asked only now and then");
            }
            (BreakerState::Open, BreakerState::Closed, _) => {
                tracing::info!(route, "the loader of a route answers again");
            }
            _ => {}
        }
    }
}

fn origin(terms: &LoaderTerms) -> Option<Rc<OriginClient>> {
    match OriginClient::new(&terms.loader, terms.most) {
        Ok(origin) => Some(Rc::new(origin)),
        Err(fault) => {
            tracing::error!(route = terms.label.as_str(), error = fault.text, "the loader of a route cannot be asked");
            None
        }
    }
}

fn refuse(order: LoadOrder, why: NoAnswer) -> Option<Due> {
    // The caller may have stopped waiting.
    let _ = order.answer.send(Err(why));
    None
}
