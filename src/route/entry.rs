//! Where requests enter a tree, or a part of one: they walk down, and are sent from where the walk ends.

use std::rc::Rc;
use std::time::Duration;

use super::pending::{Late, STEPS, Watched, start};
use super::walk::{LookOnly, WalkEnd, Walker, walk};
use super::{About, Answer, Ask, Client, Node, PendingReplies};
use crate::protocol::{Key, Question, Reply, Request};
use crate::runtime::memory::Shed;
use crate::upstream::{Mark, Party, ServerOrStore, Ticket};

/// The answer to a request of several steps for which there is no memory, in memcached's words.
const NO_MEMORY: &str = "SERVER_ERROR out of memory processing request";

/// The way into a node and all that is below it.
#[derive(Clone)]
pub struct Entry {
    root: Rc<dyn Node>,
    pending: Rc<PendingReplies>,
    patience: Duration,
}

impl Entry {
    /// The way into `root`; replies that nodes want to see first are `pending`. Requests of several steps are answered
    /// within `patience`.
    pub fn new(root: Rc<dyn Node>, pending: Rc<PendingReplies>, patience: Duration) -> Entry {
        Entry { root, pending, patience }
    }

    /// The node this leads into.
    pub fn root(&self) -> &Rc<dyn Node> {
        &self.root
    }

    /// Walks `request` down to where it is answered, sending nothing. `arrive` gets the end of the walk and the request
    /// as it is there.
    pub fn walk<R>(
        &self,
        request: &Request,
        client: &Rc<Client>,
        arrive: impl FnOnce(WalkEnd<'_>, &Request) -> R,
    ) -> R {
        walk(&self.root, &Ask::new(request, About::Item, client), LookOnly(arrive))
    }

    /// Asks. The reply goes to `ticket` later, unless it is known now. Compiled into its callers: handed over in memory, a
    /// ticket was read back while it was still being stored.
    #[inline(always)]
    pub fn ask(&self, request: &Request, client: &Rc<Client>, ticket: Ticket) -> Option<Reply> {
        let asking = Asking { entry: self, client, ticket };
        walk(&self.root, &Ask::new(request, About::Item, client), asking)
    }

    /// Asks at once, for a caller that awaits the answer.
    pub fn call(&self, request: &Request, client: &Rc<Client>) -> Answer {
        Answer::to(|ticket| self.ask(request, client, ticket))
    }

    /// The same about something that leash keeps beside the item with the key `item`: on that item's own server.
    pub fn call_beside(&self, item: &Key, request: &Request, client: &Rc<Client>) -> Answer {
        self.call_about(About::Beside(item), request, client, None)
    }

    /// The same of the queue with this name: at its holder, in the order of the calls, and never asked again by leash. A
    /// reply that comes after the answer that there is none goes to `late`.
    pub(super) fn call_queue(
        &self,
        name: &Key,
        request: &Request,
        client: &Rc<Client>,
        late: Option<Ticket>,
    ) -> Answer {
        self.call_about(About::Queue(name), request, client, late)
    }

    fn call_about(&self, about: About<'_>, request: &Request, client: &Rc<Client>, late: Option<Ticket>) -> Answer {
        let ask = Ask::new(request, about, client);
        Answer::or_late(late, |ticket| walk(&self.root, &ask, Asking { entry: self, client, ticket }))
    }

    /// All servers below.
    pub fn servers(&self) -> Vec<&ServerOrStore> {
        self.root.servers()
    }
}

/// Asks: what nodes want to see is kept for them on the way down, and at the end of the walk the request is sent.
struct Asking<'e> {
    entry: &'e Entry,
    client: &'e Rc<Client>,
    ticket: Ticket,
}

impl Walker for Asking<'_> {
    /// The reply, unless it goes to the ticket later.
    type Output = Option<Reply>;

    fn watch(
        self,
        node: &Rc<dyn Node>,
        request: Request,
        go_on: impl FnOnce(&Request, Self) -> Option<Reply>,
    ) -> Option<Reply> {
        let Asking { entry: Entry { pending, patience, .. }, client, ticket } = self;
        node.watches(&request, client);
        let kept_at = pending.reserve();
        let reply = go_on(&request, Asking { ticket: pending.ticket(kept_at), ..self });
        let deadline = pending.deadline(*patience);
        pending.leave(kept_at, Watched { node: node.clone(), request, client: client.clone(), ticket, deadline });
        pending.settle(kept_at, reply?)
    }

    #[inline(always)]
    fn arrive(self, end: WalkEnd<'_>, ask: &Ask<'_>) -> Option<Reply> {
        match end {
            WalkEnd::Server(pool, server) => {
                pool.servers()[server].ask(Question::Ask(ask.request), mark(ask), self.ticket)
            }
            WalkEnd::Answer(reply) => Some(reply),
            WalkEnd::Run(_) | WalkEnd::Order(_) if !self.client.holder.may_take(STEPS + ask.request.value_len()) => {
                self.client.holder.shed(Shed::Steps);
                Some(Reply::Error(NO_MEMORY.into()))
            }
            WalkEnd::Run(node) => self.run(node, ask.request.detached()),
            WalkEnd::Order(node) => node.order(&ask.request.detached(), self.client, self.ticket),
        }
    }
}

impl Asking<'_> {
    fn run(self, node: &Rc<dyn Node>, request: Request) -> Option<Reply> {
        let Asking { entry: Entry { pending, patience, .. }, client, ticket } = self;
        let deadline = pending.deadline(*patience + node.more_patience(&request, None));
        let late = Late { node: node.clone(), request: request.clone(), refused: None };
        let run = node.clone().run(request, client.clone(), deadline);
        start(run, ticket, client, deadline, late).map(|(reply, _)| reply)
    }
}

/// What tells the question on its way to a server.
fn mark(ask: &Ask<'_>) -> Mark {
    let mark = Mark::new(ask.hash(), Party::of(ask.client));
    match ask.about {
        About::Item => mark,
        About::Beside(_) => mark.beside(),
        About::Queue(_) => mark.of_queue(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Command, Get, Store};
    use crate::route::{Deadline, Run, Step, Verdict};
    use crate::runtime::memory::{Holder, Memory};
    use crate::runtime::turn::Turn;
    use std::cell::Cell;

    /// Counts what it is told.
    #[derive(Default)]
    struct Watching {
        child: Option<Rc<dyn Node>>,
        announced: Cell<usize>,
        judged: Cell<usize>,
    }

    impl Node for Watching {
        fn step(&self, ask: &Ask<'_>) -> Step<'_> {
            match &self.child {
                Some(child) => Step::Watch(child, ask.request.clone()),
                None => Step::Answer(Reply::Miss),
            }
        }

        fn watches(&self, _: &Request, _: &Client) {
            self.announced.set(self.announced.get() + 1);
        }

        fn judge(&self, _: &Request, _: &Client, reply: Reply) -> Verdict {
            self.judged.set(self.judged.get() + 1);
            Verdict::Pass(reply)
        }

        fn servers(&self) -> Vec<&ServerOrStore> {
            Vec::new()
        }
    }

    #[test]
    fn only_who_asks_is_seen_by_the_nodes_on_the_way() {
        let node = Rc::new(Watching { child: Some(Rc::new(Watching::default())), ..Watching::default() });
        let pending = Rc::new(PendingReplies::new(&Memory::new(usize::MAX), Rc::new(Turn::new())));
        let (entry, client) = (Entry::new(node.clone(), pending, Duration::ZERO), Client::new());
        let request = Request { key: Key::text("k".into()).unwrap(), command: Command::Get(Get::default()) };

        let found = entry.walk(&request, &client, |end, _| matches!(end, WalkEnd::Answer(Reply::Miss)));
        assert!(found, "a walk that only looks goes on below a node that watches");
        assert_eq!((node.announced.get(), node.judged.get()), (0, 0));

        drop(entry.call(&request, &client));
        assert_eq!((node.announced.get(), node.judged.get()), (1, 1));
    }

    /// Takes for ever.
    struct Slow;

    impl Node for Slow {
        fn step(&self, _: &Ask<'_>) -> Step<'_> {
            Step::Run
        }

        fn run(self: Rc<Self>, _: Request, _: Rc<Client>, _: Deadline) -> Run {
            Box::pin(std::future::pending())
        }

        fn servers(&self) -> Vec<&ServerOrStore> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn a_value_that_takes_several_steps_is_counted_while_it_does() {
        const MIB: usize = 1 << 20;
        let memory = Memory::new(4 * MIB);
        let client = Client::of(Holder::new(&memory));
        let pending = Rc::new(PendingReplies::new(&memory, Rc::new(Turn::new())));
        let entry = Entry::new(Rc::new(Slow), pending, Duration::from_secs(60));
        let command = Command::Store(Store { value: vec![0; MIB].into(), ..Store::default() });
        let request = Request { key: Key::text("k".into()).unwrap(), command };
        tokio::task::LocalSet::new()
            .run_until(async {
                let sets: Vec<Answer> = (0..3).map(|_| entry.call(&request, &client)).collect();
                assert!(client.holder.bytes() > 3 * MIB, "{} bytes", client.holder.bytes());
                let refused = entry.call(&request, &client).await;
                assert_eq!(refused, Reply::Error(NO_MEMORY.into()));
                drop(sets);
            })
            .await;
    }
}
