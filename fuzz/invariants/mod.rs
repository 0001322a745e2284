//! What must hold whatever bytes come in. Written once, for three users: the fuzz targets, their replay in CI
//! (`tests/protocol/fuzz_replay.rs`), and the property tests (`tests/protocol/properties`).
//!
//! Each `hold` panics where something does not hold. None of them judges what a command means; that is the business of
//! the tests against a real memcached.
#![allow(dead_code, reason = "each user takes what it needs")]

pub mod config;
pub mod journal;
pub mod model;
pub mod packets;
pub mod replies;
pub mod requests;
pub mod spool;
pub mod wire;

/// Ways to cut `bytes` into reads: at once, byte by byte, and two that depend on the bytes alone, so that the same
/// input always fails the same way.
pub fn splits(bytes: &[u8]) -> [Vec<usize>; 4] {
    let mut state =
        bytes.iter().fold(bytes.len() as u64, |state, b| state.wrapping_mul(31).wrapping_add(u64::from(*b)));
    let mut pieces = |longest: u64| {
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < bytes.len() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lengths.push(1 + ((state >> 33) % longest) as usize);
        }
        lengths
    };
    [vec![bytes.len()], vec![1; bytes.len()], pieces(9), pieces(400)]
}

/// `bytes` in pieces of these lengths, and the rest.
pub fn pieces<'b>(mut bytes: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}
