//! Puts a namespace before every key, so that applications can share a pool without meeting each other's items.
//!
//! Clients never see it: replies are written with the key the client asked for.

use std::rc::Rc;

use super::{Ask, Node, Run, Step};
use crate::config::QueueMode;
use crate::protocol::{Key, Reply, Request};
use crate::upstream::ServerOrStore;

/// Rewrites each request to its namespaced key. A key that becomes too long is refused.
pub struct NamespaceNode {
    namespace: Box<[u8]>,
    child: Rc<dyn Node>,
}

impl NamespaceNode {
    /// `namespace` before every key that goes to `child`.
    pub fn new(namespace: &[u8], child: Rc<dyn Node>) -> NamespaceNode {
        NamespaceNode { namespace: namespace.into(), child }
    }
}

impl Node for NamespaceNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        let request = ask.request;
        match request.key.prefixed(&self.namespace) {
            Ok(key) => Step::Rewrite(&self.child, Request { key, command: request.command.clone() }),
            Err(_) => Step::Answer(Reply::Error("CLIENT_ERROR key too long with its namespace".into())),
        }
    }

    fn queues(&self) -> Option<QueueMode> {
        self.child.queues()
    }

    fn flush_queues(&self) -> Option<Run> {
        self.child.flush_queues()
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        self.child.serving(&key.prefixed(&self.namespace).ok()?)
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        self.child.servers()
    }
}
