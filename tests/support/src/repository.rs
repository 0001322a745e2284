//! The repository under test: where its files are, and what they say.

use std::path::{Path, PathBuf};

/// Its folder, two above this crate's.
pub fn root() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    above.expect("this crate is in tests/support")
}

/// A path in it.
pub fn here(path: &str) -> PathBuf {
    root().join(path)
}

/// The text of a file in it.
#[track_caller]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
