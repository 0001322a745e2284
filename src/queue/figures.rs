//! How all queues of a holder are.

use bytes::Bytes;

use crate::metrics::QueueFigures;

/// How all queues of a directory are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolderFigures {
    /// Those with the most messages, the longest first.
    pub queues: Vec<(Bytes, QueueFigures)>,
    /// How many more there are.
    pub others: u64,
    /// All of them as one: sums, and the greatest age.
    pub all: QueueFigures,
    /// Messages that were refused.
    pub refused: QueueRefusals,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether the disk refuses to work.
    pub is_disk_refusing: bool,
    /// Files that were found damaged, cut short or missing when these queues were opened.
    pub damaged_files: u64,
    /// Copies of damaged files that were beside them then.
    pub damaged_copies: u64,
}

/// How often messages were refused, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueRefusals {
    /// The queue was full.
    pub full: u64,
    /// The message was too long.
    pub too_long: u64,
    /// The disk did not take it.
    pub disk: u64,
    /// The holder had too much to do.
    pub busy: u64,
}
