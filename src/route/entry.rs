//! Where requests enter a tree, or a part of one: the walk down.

use std::rc::Rc;
use std::time::Duration;

use super::desk::{Late, STEPS, Watched, start};
use super::{Answer, Ask, Client, Desk, Pool, Route, Step};
use crate::protocol::{Key, Question, Reply, Request};
use crate::runtime::memory::Shed;
use crate::upstream::{Mark, Party, Ticket, Upstream};

/// What is told to a request of several steps that there is no memory to begin, in memcached's words for it.
const NO_MEMORY: &str = "SERVER_ERROR out of memory processing request";

/// The way into a node and all that is below it.
#[derive(Clone)]
pub struct Entry {
    root: Rc<dyn Route>,
    desk: Rc<Desk>,
    patience: Duration,
}

/// Where a walk ended.
pub enum Place<'t> {
    /// At this server of the pool.
    Server(&'t Pool, usize),
    /// At a node that knows the answer.
    Answer(Reply),
    /// At a node that does it in several steps.
    Run,
}

impl Entry {
    /// The way into `root`; what is watched waits at `desk`. What takes several steps is answered within `patience`.
    pub fn new(root: Rc<dyn Route>, desk: Rc<Desk>, patience: Duration) -> Entry {
        Entry { root, desk, patience }
    }

    /// The node this leads into.
    pub fn root(&self) -> &Rc<dyn Route> {
        &self.root
    }

    /// Walks `request` down to where it is answered, sending nothing. `arrive` gets the place and the request as it is
    /// there.
    pub fn walk<R>(&self, request: &Request, client: &Rc<Client>, arrive: impl FnOnce(Place<'_>, &Request) -> R) -> R {
        let (mut node, mut changed) = (&self.root, None);
        loop {
            let request = changed.as_ref().unwrap_or(request);
            match node.step(&Ask { request, place: &request.key, client }) {
                Step::Send(pool, server) => return arrive(Place::Server(pool, server), request),
                Step::Answer(reply) => return arrive(Place::Answer(reply), request),
                Step::Run => return arrive(Place::Run, request),
                Step::Rewrite(child, request) | Step::Watch(child, request) => (node, changed) = (child, Some(request)),
            }
        }
    }

    /// Asks. The reply goes to `ticket` later, unless it is known now.
    pub fn ask(&self, request: &Request, client: &Rc<Client>, ticket: Ticket) -> Option<Reply> {
        self.descend(&self.root, request, None, client, ticket)
    }

    /// Asks at once, for whoever waits in ordinary code.
    pub fn call(&self, request: &Request, client: &Rc<Client>) -> Answer {
        Answer::to(|ticket| self.ask(request, client, ticket))
    }

    /// The same about something that leash keeps beside the item with the key `place`: on that item's own server.
    pub fn call_beside(&self, place: &Key, request: &Request, client: &Rc<Client>) -> Answer {
        Answer::to(|ticket| self.descend(&self.root, request, Some(place), client, ticket))
    }

    /// All servers below.
    pub fn servers(&self) -> Vec<&Upstream> {
        self.root.servers()
    }

    fn descend(
        &self,
        node: &Rc<dyn Route>,
        request: &Request,
        place: Option<&Key>,
        client: &Rc<Client>,
        ticket: Ticket,
    ) -> Option<Reply> {
        match node.step(&Ask { request, place: place.unwrap_or(&request.key), client }) {
            Step::Send(pool, server) => {
                let whose = Party::of(client);
                let mark = place.map_or_else(|| Mark::new(&request.key, whose), |key| Mark::beside(key, whose));
                pool.servers()[server].ask(Question::Ask(request), mark, ticket)
            }
            Step::Answer(reply) => Some(reply),
            Step::Rewrite(child, request) => self.descend(child, &request, place, client, ticket),
            Step::Watch(child, asked) => {
                node.watches(&asked, client);
                let kept_at = self.desk.reserve();
                let reply = self.descend(child, &asked, place, client, self.desk.ticket(kept_at));
                let deadline = self.desk.deadline(self.patience);
                let (node, client) = (node.clone(), client.clone());
                self.desk.leave(kept_at, Watched { node, request: asked, client, ticket, deadline });
                self.desk.settle(kept_at, reply?)
            }
            Step::Run if !client.holder.may_take(STEPS) => {
                client.holder.shed(Shed::Steps);
                Some(Reply::Error(NO_MEMORY.into()))
            }
            Step::Run => self.run(node, request.detached(), client, ticket),
        }
    }

    fn run(&self, node: &Rc<dyn Route>, request: Request, client: &Rc<Client>, ticket: Ticket) -> Option<Reply> {
        let deadline = self.desk.deadline(self.patience + node.more_patience(&request, None));
        let late = Late { node: node.clone(), request: request.clone(), refused: None };
        let run = node.clone().run(request, client.clone(), deadline);
        start(run, ticket, client, deadline, late).map(|(reply, _)| reply)
    }
}
