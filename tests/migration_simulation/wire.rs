//! The wires between sidecars and the two pools: each carries the requests of one sidecar to one pool in their order, and
//! the scheduler says when the server takes the next one and when its reply arrives.
//!
//! Here, and not in the product, is where a simulation is told to misbehave: a test of the test.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use leash::protocol::{Command, Delete, Item, Reply, Request, StoreMode};
use leash::route::{Ask, Client, Route, Run, Step};
use leash::upstream::Upstream;

use crate::world::World;

/// The pools, as indices.
pub const FROM: usize = 0;
pub const TO: usize = 1;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// A delete reaches `from` only after what the same request asks of `to` next.
    DeletesToFirst,
    /// No CAS unique is compared when something is stored.
    ComparesNothing,
    /// An add of a claim succeeds over another claim.
    ClaimsExcludeNobody,
    /// A delete that follows a set on the other side is answered and forgotten.
    ForgetsInvalidations,
}

/// A request on its way.
pub struct Asked {
    pub request: Request,
    /// What it is done for.
    pub op: usize,
    pub letter: Rc<Letter>,
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

/// Where the product ends: puts each request on its wire.
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

/// Whether this is one of leash's claims: they all have the same value.
pub fn is_claim(command: &Command) -> bool {
    matches!(command, Command::Store(store) if store.value == b"leash moves this"[..])
}

/// What the server does with a request, if it does what it should.
pub fn carry_out(world: &World, pool: usize, asked: &Asked) -> Reply {
    let mut request = asked.request.clone();
    let claims = is_claim(&request.command);
    match (world.fault, &mut request.command) {
        (Fault::ComparesNothing, Command::Store(store)) if !claims => store.compare_cas = None,
        (Fault::ClaimsExcludeNobody, Command::Store(store)) if claims && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::ForgetsInvalidations, Command::Delete(Delete { compare_cas: None, .. })) if world.is_set(asked.op) => {
            return Reply::Hit(Item::default());
        }
        (Fault::DeletesToFirst, Command::Delete(Delete { compare_cas: None, .. })) if pool == FROM => {
            let is_there = world.peek(FROM).is_some();
            world.late.borrow_mut().push((asked.op, request));
            return if is_there { Reply::Hit(Item::default()) } else { Reply::NotFound };
        }
        _ => {}
    }
    let reply = world.stores[pool].ask(&request, world.clock());
    if pool == TO {
        let mut late = world.late.borrow_mut();
        for place in (0..late.len()).rev() {
            if late[place].0 == asked.op && world.percent(50) {
                world.stores[FROM].ask(&late.swap_remove(place).1, world.clock());
            }
        }
    }
    reply
}
