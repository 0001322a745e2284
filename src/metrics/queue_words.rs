//! The words for why queues refuse messages.

use super::words::words;

words! {
    /// Why a message was not taken into a queue.
    QueueRefusalCause {
        /// The queue has all that it may have.
        Full = "full",
        /// The message is longer than one may be.
        TooLong = "too_long",
        /// The disk does not take it.
        Disk = "disk",
        /// The holder has too much to do.
        Busy = "busy",
    }
}
