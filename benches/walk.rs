//! What it costs to find a request's way through the route tree, sending nothing.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use leash::config::Config;
use leash::metrics::Shard;
use leash::protocol::{Command, Get, Key, Request};
use leash::route::{Client, Tree, WalkEnd};
use leash::runtime::memory::Memory;
use leash::runtime::turn::Turn;
use leash::snapshot::Snapshot;
use leash::snapshot::tree::build;

const SERVERS: &str = "pools: {main: {servers: [m0, m1, m2, m3, m4, m5, m6, m7]}}\n";

fn tree(routes: &str) -> Rc<Tree> {
    let config = Config::parse("bench.yaml", &format!("{SERVERS}{routes}")).expect("a valid configuration");
    let snapshot = Snapshot::new(config);
    build(&snapshot, &Rc::new(Turn::new()), &Memory::new(0), &Arc::new(Shard::new(&snapshot.layout)))
}

fn routes(prefixes: impl IntoIterator<Item = String>) -> String {
    let route = |prefix| format!("  - {{prefix: '{prefix}', pool: main, namespace: 'app:'}}\n");
    format!("routes:\n{}", prefixes.into_iter().map(route).collect::<String>())
}

/// The server `request` ends at.
fn place(tree: &Tree, request: &Request, client: &Rc<Client>) -> Option<usize> {
    tree.branch(&request.key)?.entry.walk(request, client, |end, _| match end {
        WalkEnd::Server(_, server) => Some(server),
        WalkEnd::Answer(_) | WalkEnd::Run(_) | WalkEnd::Order(_) => None,
    })
}

fn walk(c: &mut Criterion) {
    let prefixes = ["page:", "cart:", "user:", "session:", "rate:", "lock:", "feed:", "flag:"];
    let trees = [
        ("one_route", tree("")),
        ("8_prefixes_with_namespace", tree(&routes(prefixes.map(str::to_string)))),
        (
            "240_lengths_with_namespace",
            tree(&routes((1..=240).map(|length| "s".repeat(length)).chain(["session:".into()]))),
        ),
    ];
    let key = Key::text("session:0123456789abcdef".into()).expect("a key");
    let request = Request { key, command: Command::Get(Get::default()) };
    let client = Client::new();
    for (name, tree) in trees {
        assert!(place(&tree, &request, &client).is_some());
        c.bench_function(&format!("walk/{name}"), |b| b.iter(|| place(&tree, black_box(&request), &client)));
    }
}

criterion_group!(benches, walk);
criterion_main!(benches);
