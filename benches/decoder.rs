//! What it costs to read a client's commands.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use leash::protocol::{Decoder, RequestLimits};

const LIMITS: RequestLimits = RequestLimits { line: 64 << 10, value: 1 << 20, keys: 10_000, queues: false };

/// One iteration reads all of `bytes`; its commands are what is counted.
fn decode(c: &mut Criterion, name: &str, commands: u64, bytes: &[u8]) {
    let mut group = c.benchmark_group("decoder");
    group.throughput(Throughput::Elements(commands));
    group.bench_function(name, |b| {
        let fresh = || (Decoder::new(LIMITS), BytesMut::from(bytes));
        let read = |(decoder, buffer): &mut (Decoder, BytesMut)| {
            while let Some(call) = decoder.next(buffer) {
                black_box(call);
            }
        };
        b.iter_batched_ref(fresh, read, BatchSize::SmallInput);
    });
    group.finish();
}

fn decoder(c: &mut Criterion) {
    let set = [b"set session:0123456789abcdef 0 60 100\r\n".as_slice(), &[b'v'; 100], b"\r\n"].concat();
    let keys: String = (0..50).map(|n| format!(" session:0123456789ab{n:04}")).collect();
    decode(c, "get", 1, b"get session:0123456789abcdef\r\n");
    decode(c, "set_100_bytes", 1, &set);
    decode(c, "pipeline_of_16_gets", 16, &b"get session:0123456789abcdef\r\n".repeat(16));
    decode(c, "get_of_50_keys", 1, format!("get{keys}\r\n").as_bytes());
    let packet = [&[0x80, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 24], &[0; 12][..], b"session:0123456789abcdef"].concat();
    decode(c, "pipeline_of_16_gets_in_packets", 16, &packet.repeat(16));
    decode(c, "mg", 1, b"mg session:0123456789abcdef v f t O12345\r\n");
}

criterion_group!(benches, decoder);
criterion_main!(benches);
