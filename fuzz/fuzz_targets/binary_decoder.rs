//! A client's bytes, as they come off the wire, of the binary protocol.
#![no_main]

#[path = "../invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::packets::hold(input));
