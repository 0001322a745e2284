//! The form of an answer to `stats`.

use std::fmt::Display;
use std::io::Write;

/// `STAT` lines up to their `END`.
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// None yet.
    pub(super) fn new() -> Lines {
        Lines(Vec::with_capacity(2048))
    }

    /// One more.
    pub(super) fn stat(&mut self, name: &str, value: impl Display) -> &mut Lines {
        write!(self.0, "STAT {name} {value}\r\n").expect("memory takes every write");
        self
    }

    /// One more, of something whose name a client chose: a key may hold any bytes, and those that would end a word or a
    /// line are spelled out.
    pub(super) fn stat_of(&mut self, name: &[&[u8]], value: u64) {
        self.0.extend_from_slice(b"STAT ");
        for byte in name.iter().copied().flatten() {
            match byte {
                ..=b' ' | 0x7f => write!(self.0, "\\x{byte:02x}").expect("memory takes every write"),
                _ => self.0.push(*byte),
            }
        }
        write!(self.0, " {value}\r\n").expect("memory takes every write");
    }

    /// All of them, and their end.
    pub(super) fn end(&mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"END\r\n");
        std::mem::take(&mut self.0)
    }
}
