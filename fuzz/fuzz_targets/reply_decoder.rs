//! What was asked, a line of letters, and then a server's bytes.
#![no_main]

#[path = "../invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::replies::hold(input));
