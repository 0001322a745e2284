//! Memory is one account: whatever peers do, the process stays below what it is plus 1.25 times `limits.memory`, those
//! who hold little go on beside those who hold the rest, and what was taken is given back once they are gone.
//!
//! One file for each side that the trouble comes from. In short by default; the long form has the crowds of the
//! published table: `LEASH_TEST_LONG=1 cargo test --release --test load memory:: -- --nocapture --test-threads=1`.

mod clients;
mod ordinary;
mod scene;
mod servers;
