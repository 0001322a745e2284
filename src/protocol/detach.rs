//! Copies out of read buffers: what is kept for long keeps nothing else of what was read with it.
//!
//! Keys and values are slices of the buffer they were read into, so that an ordinary request copies neither. But a
//! slice of ten bytes keeps a buffer of 64 KiB.

use bytes::Bytes;

use super::form::{Form, Style};
use super::reply::{Item, Reply};
use super::request::{Command, Request};

/// Bytes of at least this size were read into a buffer that holds little else.
pub(super) const LARGE: usize = 64 * 1024;

/// Gives small `bytes` room of their own.
pub fn detach(bytes: &mut Bytes) {
    if bytes.len() < LARGE {
        *bytes = Bytes::copy_from_slice(bytes);
    }
}

impl Request {
    /// The same request, which keeps nothing else of what was read with it.
    pub fn detached(&self) -> Request {
        let mut command = self.command.clone();
        if let Command::Store(store) = &mut command {
            detach(&mut store.value);
        }
        Request { key: self.key.detached(), command }
    }
}

impl Form {
    /// Lets go of what was read with it.
    pub fn detach(&mut self) {
        if let Style::Meta { flags, .. } = &mut self.style {
            detach(flags);
        }
    }
}

impl Reply {
    /// Lets go of what was read with it.
    pub fn detach(&mut self) {
        if let Reply::Hit(Item { value: Some(value), .. }) = self {
            detach(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;

    #[test]
    fn a_small_slice_lets_go_of_its_buffer_and_a_large_one_does_not_copy() {
        let mut buffer = BytesMut::zeroed(2 * LARGE);
        let (large, mut small) = (buffer.split_to(LARGE).freeze(), buffer.split_to(10).freeze());
        let before = small.as_ptr();
        detach(&mut small);
        assert!(small.as_ptr() != before && small.len() == 10);
        let mut same = large.clone();
        detach(&mut same);
        assert_eq!(same.as_ptr(), large.as_ptr());
    }
}
