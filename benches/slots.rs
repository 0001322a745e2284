//! What it costs to find a key's server, and to build the table that tells.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use leash::hash::{SlotTable, tag};

fn table(servers: usize) -> SlotTable {
    let names: Vec<String> = (0..servers).map(|n| format!("m{n}:11211")).collect();
    SlotTable::new(&names.iter().map(|name| (name.as_str(), 1)).collect::<Vec<_>>())
}

fn look_up(c: &mut Criterion) {
    for servers in [1, 8, 128] {
        let table = table(servers);
        c.bench_function(&format!("slots/server_of/{servers}_servers"), |b| {
            b.iter(|| table.server_of(black_box(b"session:0123456789abcdef")));
        });
    }
    let table = table(8);
    c.bench_function("slots/server_of/tag", |b| {
        b.iter(|| table.server_of(tag(black_box(b"session:{0123456789abcdef}:cart"), b'{', b'}')));
    });
}

fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("slots/build");
    group.sample_size(10);
    for servers in [8, 128] {
        group.bench_function(format!("{servers}_servers"), |b| b.iter(|| table(black_box(servers))));
    }
    group.finish();
}

criterion_group!(benches, look_up, build);
criterion_main!(benches);
