//! Durable queues inside the process: messages on disk, in order, handed out and acknowledged. Knows nothing of
//! memcached, of clients and of routes.
//!
//! ```text
//!   keeper ─▶ holder ─▶ fifo, line     which message is whose turn; places of messages, and no message, in memory
//!   (thread)     └────▶ journal ─▶ disk: segments     what happened, in frames; files
//! ```
//! * **A message that was stored is handed out until it is acknowledged**, and not before all older ones were. With
//!   `sync` it is on the disk before it counts as stored; without, it outlives the process, and the machine a tenth of a
//!   second later.
//! * **Ids are never used twice**, not even over an end of the machine, so an acknowledgement that comes late ends no
//!   other message.
//! * **A disk that is full refuses new messages and nothing else**: those that are there go out and are acknowledged,
//!   which is what makes room.

mod copies;
mod disk;
mod fifo;
mod figures;
mod holder;
mod inbox;
mod journal;
mod keeper;
mod last_figures;
mod line;
mod mailbox;
mod order;
mod places;
mod record;
mod segments;
mod syncing;
#[cfg(test)]
mod tests;

pub use disk::SegmentDisk;
pub use fifo::{Consumer, id_of_receipt};
pub use figures::{HolderFigures, QueueRefusals};
pub use holder::QueueHolder;
pub use keeper::Keeper;
pub(crate) use mailbox::QueueMailbox;
pub use order::{HolderTerms, Moment, QueueAnswer, QueueOrder, QueueRefusal, Settling, Taking};
pub use record::{LONGEST_MESSAGE, LONGEST_NAME, Message};
pub use segments::SegmentFiles;
