//! What happens to a request between the client and the servers: the route tree.
//!
//! ```text
//!   request ─▶ prefix ─▶ namespace ─▶ pool ─▶ server
//! ```
//! One policy is one file and one [`Route`]; the tree is built once per worker from the checked configuration. A node
//! decides without waiting and sends nothing: the walk does, so "where does this key go?" is the same walk without its
//! last step.

pub mod build;

mod namespace;
mod pool;
mod prefix;
mod tree;

pub use namespace::Namespace;
pub use pool::Pool;
pub use prefix::Prefixes;
pub use tree::{Branch, Place, Tree};

use std::rc::Rc;

use crate::protocol::{Reply, Request};
use crate::upstream::Upstream;

/// One node of the route tree.
pub trait Route {
    /// What this node does with a request, decided without waiting.
    fn step(&self, request: &Request) -> Step<'_>;

    /// All servers below this node.
    fn servers(&self) -> Vec<&Upstream>;
}

/// What a node does with a request.
pub enum Step<'r> {
    /// The child takes over, with this request instead.
    Rewrite(&'r Rc<dyn Route>, Request),
    /// This server of the pool has the answer.
    Send(&'r Pool, usize),
    /// Answered without asking anyone.
    Answer(Reply),
}
