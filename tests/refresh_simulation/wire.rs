//! The wires between sidecars and the one memcached: each carries the requests of one worker in their order, and the
//! scheduler says when the server takes the next one and when its reply arrives.
//!
//! Here, and not in the product, is where a simulation is told to misbehave: a test of the test.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::SystemTime;

use leash::protocol::{Command, Item, Reply, Request, Store, StoreMode};
use leash::refresh::REVOKED;
use leash::route::{Ask, Client, Route, Run, Step};
use leash::upstream::{EmbeddedStore, Upstream};
use tokio::time::Instant;

use crate::world::World;

/// How the server breaks its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// It answers revocations and forgets them.
    ForgetsRevocations,
    /// It does a revocation after what was sent behind it.
    RevokesLast,
    /// It takes every lease for free.
    GrantsEveryLease,
    /// It takes an add for a set.
    AddsOverAnything,
    /// It compares no CAS unique when it stores.
    ComparesNothing,
    /// It answers a delete by CAS and does nothing.
    UndoesNothing,
}

/// A request on its way.
pub struct Asked {
    pub request: Request,
    /// What the person was doing that it belongs to.
    pub op: usize,
    /// When it was sent.
    pub at: Instant,
    letter: Rc<Letter>,
}

/// One connection.
#[derive(Default)]
pub struct Wire {
    pub asked: VecDeque<Asked>,
    pub answered: VecDeque<(Asked, Reply)>,
    /// Whether its sidecar is gone: what was sent may still be done, nobody hears of it.
    pub is_cut: bool,
}

/// A reply that somebody waits for.
#[derive(Default)]
pub struct Letter {
    reply: RefCell<Option<Reply>>,
    waker: RefCell<Option<Waker>>,
}

impl Letter {
    pub fn put(&self, reply: Reply) {
        *self.reply.borrow_mut() = Some(reply);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Letter {
    /// Waits for the reply.
    pub async fn come(&self) -> Reply {
        poll_fn(|cx| match self.reply.borrow_mut().take() {
            Some(reply) => Poll::Ready(reply),
            None => {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

impl Asked {
    pub fn new(request: Request, op: usize) -> (Asked, Rc<Letter>) {
        let letter = Rc::new(Letter::default());
        (Asked { request, op, at: Instant::now(), letter: letter.clone() }, letter)
    }

    pub fn deliver(self, reply: Reply) {
        self.letter.put(reply);
    }

    pub fn is_about_lease(&self) -> bool {
        self.request.key.as_bytes().starts_with(b"leash:lease:")
    }

    pub fn is_revocation(&self) -> bool {
        matches!(&self.request.command, Command::Store(Store { value, .. }) if self.is_about_lease() && *value == REVOKED)
    }
}

/// The leaf of a worker's tree: puts requests on its wire.
pub struct Leaf {
    pub world: Rc<World>,
    pub wire: usize,
}

impl Route for Leaf {
    fn step(&self, _: &Ask<'_>) -> Step<'_> {
        Step::Run
    }

    fn run(self: Rc<Self>, request: Request, _: Rc<Client>) -> Run {
        let letter = self.world.send(self.wire, request);
        Box::pin(async move { letter.come().await })
    }

    fn servers(&self) -> Vec<&Upstream> {
        Vec::new()
    }
}

impl Wire {
    /// The request the server takes next.
    pub fn next(&mut self, fault: Fault) -> Option<Asked> {
        let first = self.asked.pop_front()?;
        let goes_last = fault == Fault::RevokesLast && first.is_revocation();
        match self.asked.iter().rposition(|behind| goes_last && behind.op == first.op) {
            Some(last) => {
                self.asked.insert(last + 1, first);
                self.asked.pop_front()
            }
            None => Some(first),
        }
    }
}

/// What the server does with a request, if it does what it should.
pub fn carry_out(store: &EmbeddedStore, asked: &Asked, fault: Fault, now: SystemTime) -> Reply {
    let mut request = asked.request.clone();
    let is_about_lease = asked.is_about_lease();
    match (fault, &mut request.command) {
        (Fault::ForgetsRevocations, _) if asked.is_revocation() => return Reply::NotStored,
        (Fault::GrantsEveryLease, Command::Store(store)) if is_about_lease && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::AddsOverAnything, Command::Store(store)) if !is_about_lease && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::ComparesNothing, Command::Store(store)) if !is_about_lease => store.compare_cas = None,
        (Fault::UndoesNothing, Command::Delete(delete)) if !is_about_lease && delete.compare_cas.is_some() => {
            return Reply::Hit(Item::default());
        }
        _ => {}
    }
    store.ask(&request, now)
}
