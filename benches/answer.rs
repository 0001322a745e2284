//! What it costs to read a server's replies: a 64 KiB buffer full of hits of 100 bytes.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use leash::protocol::{AnswerDecoder, Expected, Token};

const ROOM: usize = 64 << 10;

fn token(place: usize) -> Token {
    Token::new(place as u64 * 0x0101_0101_0101_0101)
}

/// As many answers as fit, each with the token of its place, and with `flags` before it.
fn answers(flags: &str) -> (usize, Vec<u8>) {
    let (mut bytes, mut count) = (Vec::new(), 0);
    while bytes.len() < ROOM - 150 {
        let (token, value) = (token(count), [b'v'; 100]);
        let head = format!("VA 100 {flags}O");
        bytes.extend([head.as_bytes(), token.as_bytes(), b"\r\n", &value, b"\r\n"].concat());
        count += 1;
    }
    (count, bytes)
}

fn decode(c: &mut Criterion, name: &str, flags: &str) {
    let (count, bytes) = answers(flags);
    let mut group = c.benchmark_group("answer");
    group.throughput(Throughput::Elements(count as u64));
    group.bench_function(name, |b| {
        let fresh = || (AnswerDecoder::new(true), BytesMut::from(&bytes[..]));
        let read = |(decoder, buffer): &mut (AnswerDecoder, BytesMut)| {
            for place in 0..count {
                black_box(decoder.next(buffer, &Expected::Value, token(place))).expect("a reply that fits");
            }
        };
        b.iter_batched_ref(fresh, read, BatchSize::LargeInput);
    });
    group.finish();
}

fn answer(c: &mut Criterion) {
    decode(c, "hits_of_100_bytes", "f0 ");
    decode(c, "hits_of_100_bytes_with_cas_and_ttl", "f0 c12345678 t60 ");
}

criterion_group!(benches, answer);
criterion_main!(benches);
