//! What it costs to find a key's server, by slots and as others do it, and to build the table that tells.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use leash::hash::{Counts, HashKind, KeyHash, Placement, SlotTable, tag};

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

/// The same key through every kind of placement, over 8 servers.
fn placements(c: &mut Criterion) {
    let names: Vec<String> = (0..8).map(|n| format!("m{n}:11211")).collect();
    let servers: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let kinds = [
        ("rendezvous", HashKind::Rendezvous),
        ("ketama_weighted", HashKind::KetamaWeighted(KeyHash::Md5)),
        ("twemproxy_ketama", HashKind::TwemproxyKetama(KeyHash::Fnv1ax64)),
        ("crc32", HashKind::Crc32),
        ("murmur3", HashKind::Murmur3),
        ("dalli", HashKind::Dalli),
        ("memcached_proxy", HashKind::MemcachedProxy),
    ];
    for (name, kind) in kinds {
        let placement = Placement::new(kind, &servers, Counts::default());
        c.bench_function(&format!("placement/server_of/{name}"), |b| {
            b.iter(|| placement.server_of(black_box(b"session:0123456789abcdef")));
        });
    }
}

fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("slots/build");
    group.sample_size(10);
    for servers in [8, 128] {
        group.bench_function(format!("{servers}_servers"), |b| b.iter(|| table(black_box(servers))));
    }
    group.finish();
}

criterion_group!(benches, look_up, placements, build);
criterion_main!(benches);
