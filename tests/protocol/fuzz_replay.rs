//! The fuzz targets on a stable toolchain: their seeds, what long runs found, and a bounded number of random mutations
//! of both.
//!
//! The same inputs every time, so a failure comes back. `LEASH_FUZZ_ROUNDS` asks for more of them;
//! docs/design/fuzzing.md says how to search for long.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use support::repository::here;

/// What mutations put in: words and numbers at which parsers part ways.
const TOKENS: [&str; 40] = [
    "\r\n",
    "\n",
    "\r",
    " ",
    "\0",
    "  ",
    "get ",
    "gets ",
    "gat 0 ",
    "set k 0 0 2\r\n",
    "ms k 2 ",
    "mg ",
    "md k ",
    "ma k ",
    "me k ",
    "mn\r\n",
    " noreply",
    " q",
    " b",
    " k",
    " v",
    " O@@@@@@@@",
    " T0",
    " N30",
    " I",
    " ME",
    "VA 2",
    "HD",
    "EN\r\n",
    " O????????",
    "-1",
    "2147483647",
    "4294967296",
    "18446744073709551616",
    "aGk=",
    "\u{80}",
    ": ",
    "- ",
    "[",
    "{",
];

#[test]
fn any_bytes_of_a_client_hold_the_invariants() {
    replay("request_decoder", 25_000, crate::invariants::requests::hold);
}

#[test]
fn any_packets_of_a_client_hold_the_invariants() {
    replay("binary_decoder", 25_000, crate::invariants::packets::hold);
}

#[test]
fn any_bytes_of_a_server_hold_the_invariants() {
    replay("reply_decoder", 25_000, crate::invariants::replies::hold);
}

#[test]
fn any_configuration_holds_the_invariants() {
    replay("config", 8_000, crate::invariants::config::hold);
}

#[test]
fn any_file_of_a_spool_holds_the_invariants() {
    replay("spool", 2_000, crate::invariants::spool::hold);
}

#[test]
fn any_progress_file_holds_the_invariants() {
    replay("journal", 2_000, crate::invariants::journal::hold);
}

/// Holds `invariant` for all seeds of `target`, for what long runs of it found, and for `rounds` mutations of them.
fn replay(target: &str, rounds: usize, invariant: fn(&[u8])) {
    let rounds =
        std::env::var("LEASH_FUZZ_ROUNDS").map_or(rounds, |rounds| rounds.parse().expect("a number of rounds"));
    let seeds = [seeds(target), found(target)].concat();
    seeds.iter().for_each(|seed| holds(invariant, seed));
    let mut rng = SmallRng::seed_from_u64(11211);
    for _ in 0..rounds {
        holds(invariant, &mutated(&seeds, &mut rng));
    }
}

/// A failure is worth nothing without its input.
fn holds(invariant: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| invariant(input))) {
        eprintln!("input: b\"{}\"", input.escape_ascii());
        resume_unwind(panic);
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = here("fuzz/seeds").join(target);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("seeds").map(|file| file.expect("a seed").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// What `fuzz/keep` has kept: inputs, each behind its length in two bytes.
fn found(target: &str) -> Vec<Vec<u8>> {
    let packed = std::fs::read(here("fuzz/found").join(target)).expect("what was found");
    let (mut rest, mut inputs) = (&packed[..], Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (input, next) = behind.split_at(u16::from_be_bytes(*length).into());
        inputs.push(input.to_vec());
        rest = next;
    }
    assert!(inputs.len() > 100, "{target}: {}", inputs.len());
    inputs
}

/// One seed, changed in one to six places.
fn mutated(seeds: &[Vec<u8>], rng: &mut SmallRng) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).expect("at least one seed").clone();
    for _ in 0..rng.random_range(1..=6) {
        let (at, until) = range(bytes.len(), rng);
        match rng.random_range(0..7) {
            0 => bytes.insert(at, rng.random()),
            1 => drop(bytes.drain(at..until)),
            2 => drop(bytes.splice(at..at, TOKENS.choose(rng).expect("a token").bytes())),
            3 => drop(bytes.splice(at..until, TOKENS.choose(rng).expect("a token").bytes())),
            4 => bytes = [&bytes[..until], &bytes[at..]].concat(),
            5 => bytes[at..until].iter_mut().for_each(|b| *b ^= 1 << rng.random_range(0..8)),
            _ => {
                let other = seeds.choose(rng).expect("at least one seed");
                let (from, to) = range(other.len(), rng);
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// A range of up to 40 bytes within the first `len`.
fn range(len: usize, rng: &mut SmallRng) -> (usize, usize) {
    let at = rng.random_range(0..=len);
    (at, rng.random_range(at..=len.min(at + 40)))
}
