//! What happens to a request between the client and the servers: the route tree.
//!
//! ```text
//!   request ─▶ prefix ─▶ namespace ─▶ refresh ─▶ migration ─▶ pool or its gutter ─▶ server
//!     reply ◀─────────────────────── judged ◀──── judged ◀─────── judged ◀────────────┘
//!                                      ▲
//!                                   loader: values that leash makes itself
//! ```
//! One policy is one folder and one [`Node`]; the tree is built once per worker from the checked configuration. A node
//! decides without waiting and sends nothing: the walk does, so "where does this key go?" is the same walk without its
//! last step. A node that must see the reply says so on the way down; only when it refuses what it sees does it run
//! ordinary async code. So an ordinary hit costs no task and no allocation, and the rare path reads like prose.

mod answer;
mod client;
mod deadline;
mod entry;
pub mod gutter;
pub mod loader;
pub mod migration;
mod namespace;
mod pending;
mod pool;
mod prefix;
pub mod queue;
pub mod refresh;
mod spare_wins;
mod tree;
mod turns;
mod walk;
mod wins;
mod without_cas;

pub use answer::Answer;
pub use client::Client;
pub use deadline::Deadline;
pub use entry::Entry;
pub use gutter::GutterNode;
pub use migration::{Copied, MigrationNode};
pub use namespace::NamespaceNode;
pub use pending::PendingReplies;
pub use pool::PoolNode;
pub use prefix::Prefixes;
pub use queue::{QueueHolding, QueueNode};
pub use refresh::RefreshNode;
pub use spare_wins::SpareWins;
pub use tree::{Branch, Tree};
pub use walk::WalkEnd;

use std::cell::OnceCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use crate::config::QueueMode;
use crate::hash::item_hash;
use crate::protocol::{Cause, Failure, Key, Reply, Request};
use crate::upstream::{ServerOrStore, Ticket};

/// What is asked of a node.
pub struct Ask<'a> {
    /// The request as it is on its way here.
    pub request: &'a Request,
    /// What it is about.
    pub about: About<'a>,
    /// Who asks.
    pub client: &'a Rc<Client>,
    /// The hash of the key by whose place it finds its server, once it was needed: that of its place and that which
    /// tells the item on the way are one, which saves each key 40 instructions.
    hash: OnceCell<u64>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// The item under its own key.
    Item,
    /// Something that leash keeps beside the item with this key: on the item's server, not on that of its own key.
    Beside(&'a Key),
    /// The queue with this name: at the holder of the name, whatever stands behind it in the request's key.
    Queue(&'a Key),
}

impl<'a> Ask<'a> {
    /// A request as it enters the tree.
    fn new(request: &'a Request, about: About<'a>, client: &'a Rc<Client>) -> Ask<'a> {
        Ask { request, about, client, hash: OnceCell::new() }
    }

    /// The [`item_hash`] of that key.
    #[inline]
    pub fn hash(&self) -> u64 {
        *self.hash.get_or_init(|| item_hash(self.place().as_bytes()))
    }

    /// The key by whose place it finds its server.
    pub fn place(&self) -> &'a Key {
        match self.about {
            About::Item => &self.request.key,
            About::Beside(item) => item,
            About::Queue(name) => name,
        }
    }

    /// The same as it goes on with this request.
    fn rewritten<'b>(&self, request: &'b Request) -> Ask<'b>
    where
        'a: 'b,
    {
        Ask::new(request, self.about, self.client)
    }
}

/// A reply that needs more than one step.
pub type Run = Pin<Box<dyn Future<Output = Reply>>>;

/// One node of the route tree.
pub trait Node {
    /// What this node does with a request, decided without waiting.
    fn step(&self, ask: &Ask<'_>) -> Step<'_>;

    /// Learns that a request is about to be sent whose reply it asked to see.
    fn watches(&self, _request: &Request, _client: &Client) {}

    /// Judges a reply it asked to see, and may change it. `request` is the one it sent.
    fn judge(&self, _request: &Request, _client: &Client, reply: Reply) -> Verdict {
        Verdict::Pass(reply)
    }

    /// Finds a better reply, to the request it sent, than the one it refused.
    fn recover(self: Rc<Self>, _request: Request, _client: Rc<Client>, refused: Reply, _: Deadline) -> Run {
        Box::pin(std::future::ready(refused))
    }

    /// Decides about a reply it refused when there is no memory to look for a better one: what to tell instead, or the
    /// same refusal if the work must be done all the same.
    fn forgo(&self, _request: &Request, refused: Reply) -> Verdict {
        Verdict::Refuse(refused)
    }

    /// Carries out what it said it would do itself.
    fn run(self: Rc<Self>, _request: Request, _client: Rc<Client>, _: Deadline) -> Run {
        unreachable!("only a node that said so runs")
    }

    /// Orders what it said it would order, at once. The reply goes to `ticket` later, unless it is known now.
    fn order(&self, _request: &Request, _client: &Rc<Client>, _ticket: Ticket) -> Option<Reply> {
        unreachable!("only a node that said so orders")
    }

    /// The time it gives a request above that of its servers, because the configuration wants it to wait; `refused` is
    /// the reply it has so far.
    fn more_patience(&self, _request: &Request, _refused: Option<&Reply>) -> Duration {
        Duration::ZERO
    }

    /// What is answered when the time is over; `refused` is the best reply it has so far.
    fn late(&self, request: &Request, _refused: Option<Reply>) -> Reply {
        let server = self.serving(&request.key).map_or_else(|| "of the route".into(), |server| server.label().clone());
        Reply::Failed(Failure { cause: Cause::Timeout, server, said: None })
    }

    /// How clients take messages here, if keys are queues.
    fn queues(&self) -> Option<QueueMode> {
        None
    }

    /// Drops all messages of the queues that are in this process; `None` if there are none.
    fn flush_queues(&self) -> Option<Run> {
        None
    }

    /// The server that has the last word about a key.
    fn serving(&self, _key: &Key) -> Option<&ServerOrStore> {
        None
    }

    /// A number that is another one as soon as the holder of this queue may have lost what it kept for this worker.
    fn era(&self, queue: &Key) -> u64 {
        self.serving(queue).map_or(0, ServerOrStore::era)
    }

    /// All servers below this node.
    fn servers(&self) -> Vec<&ServerOrStore>;
}

/// What a node does with a request.
pub enum Step<'r> {
    /// The child takes over, with this request instead.
    Rewrite(&'r Rc<dyn Node>, Request),
    /// The child takes over, with this request instead, and the node sees the reply first.
    Watch(&'r Rc<dyn Node>, Request),
    /// The node does it itself, in several steps.
    Run,
    /// The node has it done itself, in one: without a task.
    Order,
    /// This server of the pool has the answer.
    Send(&'r PoolNode, usize),
    /// Answered without asking anyone.
    Answer(Reply),
}

/// What a node thinks of a reply.
pub enum Verdict {
    /// This is the answer.
    Pass(Reply),
    /// There may be a better one: the node's `recover` knows.
    Refuse(Reply),
}
