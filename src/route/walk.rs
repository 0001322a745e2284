//! The walk down the tree: each node says what it does with a request, until one says where it is answered.
//!
//! ```text
//!   prefix ─▶ step ─▶ step ─▶ … ─▶ Send, Answer, Run or Order ─▶ arrive
//!               └ Watch ─▶ the walker keeps a place for the reply, and goes on
//! ```
//! There is no other walk: a request that is asked and the question where a key goes differ in their [`Walker`] alone.

use std::rc::Rc;

use super::{Ask, Node, PoolNode, Step};
use crate::protocol::{Reply, Request};

/// Where a walk ended.
pub enum WalkEnd<'t> {
    /// At this server of the pool.
    Server(&'t PoolNode, usize),
    /// At a node that knows the answer.
    Answer(Reply),
    /// At this node, which does it in several steps.
    Run(&'t Rc<dyn Node>),
    /// At this node, which has it done in one.
    Order(&'t Rc<dyn Node>),
}

/// What is done on the way down, and at its end.
pub(super) trait Walker: Sized {
    /// What comes of the walk.
    type Output;

    /// `node` wants to see the reply to `request`, which its child takes over when `go_on` is called.
    fn watch(
        self,
        node: &Rc<dyn Node>,
        request: Request,
        go_on: impl FnOnce(&Request, Self) -> Self::Output,
    ) -> Self::Output;

    /// The walk ends, with the request as it is there.
    fn arrive(self, end: WalkEnd<'_>, ask: &Ask<'_>) -> Self::Output;
}

/// Walks from `node` on down.
#[inline(always)]
pub(super) fn walk<W: Walker>(node: &Rc<dyn Node>, ask: &Ask<'_>, walker: W) -> W::Output {
    match node.step(ask) {
        Step::Send(pool, server) => walker.arrive(WalkEnd::Server(pool, server), ask),
        step => walk_on(node, step, ask, walker),
    }
}

/// The same behind a step that leads to no server yet.
fn walk_on<W: Walker>(node: &Rc<dyn Node>, step: Step<'_>, ask: &Ask<'_>, walker: W) -> W::Output {
    match step {
        Step::Send(pool, server) => walker.arrive(WalkEnd::Server(pool, server), ask),
        Step::Answer(reply) => walker.arrive(WalkEnd::Answer(reply), ask),
        Step::Run => walker.arrive(WalkEnd::Run(node), ask),
        Step::Order => walker.arrive(WalkEnd::Order(node), ask),
        Step::Rewrite(child, request) => walk(child, &ask.rewritten(&request), walker),
        Step::Watch(child, request) => {
            walker.watch(node, request, |request, walker| walk(child, &ask.rewritten(request), walker))
        }
    }
}

/// Sends nothing and keeps nothing: only what it is given is called where the walk ends.
pub(super) struct LookOnly<F>(pub F);

impl<R, F: FnOnce(WalkEnd<'_>, &Request) -> R> Walker for LookOnly<F> {
    type Output = R;

    fn watch(self, _: &Rc<dyn Node>, request: Request, go_on: impl FnOnce(&Request, Self) -> R) -> R {
        go_on(&request, self)
    }

    fn arrive(self, end: WalkEnd<'_>, ask: &Ask<'_>) -> R {
        (self.0)(end, ask.request)
    }
}
