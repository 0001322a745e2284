//! What one endpoint is asked in this process, as [`CallLine`] decides: the calls, the connections to it, and what people
//! are told of it. Lives on the thread that asks.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::decide::{BreakerState, CallBounds, CallLine, CallRefusal, CallTurn, Permit};
use super::order::{LoadOrder, NoAnswer};
use super::terms::LoaderTerms;
use crate::origin::{NoValue, OriginClient};
use crate::upstream::Party;

/// The calls to one endpoint.
pub(super) struct EndpointLine {
    terms: Arc<LoaderTerms>,
    origin: Option<Rc<OriginClient>>,
    line: CallLine<(usize, Party), LoadOrder>,
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
        EndpointLine { origin: origin(&terms), terms, line: CallLine::new(now) }
    }

    /// Takes an order: the call that is due now, if it is.
    pub(super) fn take(&mut self, order: LoadOrder, now: Instant) -> Option<Due> {
        self.follow(&order.terms);
        let turn = self.line.take(order.whose, order, self.bounds(), now);
        let due = self.due(turn);
        self.tell();
        due
    }

    /// Notes what became of a call, and gives those that are due now.
    pub(super) fn ended(&mut self, permit: Permit, trouble: Option<NoValue>, now: Instant) -> Vec<Due> {
        let trouble = trouble.filter(|why| why.is_of_endpoint());
        let before = self.line.state();
        trouble.iter().for_each(|why| self.terms.fares.failed(now, *why));
        self.line.ended(permit, trouble.is_none(), now, rand::random());
        self.tell_change(before, trouble);
        let mut due = Vec::new();
        // Of one that is closed no caller waits any more.
        while let Some(turn) = self.line.next(self.bounds(), now, |order| !order.answer.is_closed()) {
            due.extend(self.due(turn));
        }
        self.tell();
        due
    }

    fn due(&self, turn: CallTurn<LoadOrder>) -> Option<Due> {
        match turn {
            CallTurn::Due(order, permit) => Some(Due { order, origin: self.origin.clone(), permit }),
            CallTurn::Waits => None,
            CallTurn::Refused(order, why) => {
                let why = match why {
                    CallRefusal::HeldBack => NoAnswer::HeldBack,
                    CallRefusal::Queue => NoAnswer::Queue,
                };
                // The caller may have stopped waiting.
                let _ = order.answer.send(Err(why));
                None
            }
        }
    }

    fn bounds(&self) -> CallBounds {
        let LoaderTerms { loader, queue, .. } = &*self.terms;
        CallBounds { max_in_flight: loader.max_in_flight, queue: *queue, patience: loader.timeout }
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
        let is_held_back = self.line.state() == BreakerState::Open;
        self.terms.fares.stand(self.line.in_flight(), self.line.waiting(), is_held_back);
    }

    fn tell_change(&self, before: BreakerState, trouble: Option<NoValue>) {
        let route = self.terms.label.as_str();
        match (before, self.line.state(), trouble) {
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
