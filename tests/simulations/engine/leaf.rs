//! Where the product ends: each request is put on a wire, on behalf of what is done just then.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use leash::metrics::{RouteId, RouteLabel, Shard, ShardLayout};
use leash::protocol::{Key, Request};
use leash::route::{Ask, Client, Deadline, Entry, Node, PendingReplies, Run, Step};
use leash::upstream::ServerOrStore;

use super::simulated::Simulated;

/// Longer than any story.
pub const LONG: Duration = Duration::from_secs(3600);

/// The way to a wire.
pub fn leaf<W: Simulated>(world: &Rc<W>, wire: usize, pending: &Rc<PendingReplies>) -> Entry {
    Entry::new(Rc::new(Leaf { world: world.clone(), wire }), pending.clone(), LONG)
}

struct Leaf<W> {
    world: Rc<W>,
    wire: usize,
}

impl<W: Simulated> Node for Leaf<W> {
    fn step(&self, _: &Ask<'_>) -> Step<'_> {
        Step::Run
    }

    fn run(self: Rc<Self>, request: Request, _: Rc<Client>, _: Deadline) -> Run {
        let letter = self.world.send(self.world.processes.acting.get(), self.wire, request);
        Box::pin(async move { letter.come().await })
    }

    fn era(&self, _: &Key) -> u64 {
        self.world.era(self.wire)
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        Vec::new()
    }
}

/// What a route counts into, and nobody looks at.
pub fn uncounted() -> (Arc<Shard>, RouteId, u64) {
    static LAYOUT: OnceLock<Arc<ShardLayout>> = OnceLock::new();
    let label = || RouteLabel { prefix: "item".into(), refreshes: true, migrates: true, loads: true };
    let layout = LAYOUT.get_or_init(|| ShardLayout::new(&[label()], &[]));
    (Arc::new(Shard::new(layout)), layout.route("item").unwrap(), 0)
}
