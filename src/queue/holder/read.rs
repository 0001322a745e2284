//! Messages are read: one that is not there any more is given up, and one that the disk does not read now is asked for
//! again.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;

use super::QueueHolder;
use super::troubles::DiskWork;
use crate::queue::disk::SegmentDisk;
use crate::queue::order::Moment;
use crate::queue::record::Message;

/// For so long a message is asked for that the disk does not read: a part of it may be beyond reading, and all that is
/// behind it waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The disk does not read a message now. It may later: the process may have no file to spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unread;

/// The message that the disk did not read.
pub(super) struct UnreadMessage {
    queue: Bytes,
    id: u64,
    /// Since when it is asked for, if it was asked for again.
    since: Option<Duration>,
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// A message; `None` for one that is not there, or not any more.
    pub(super) fn read(&mut self, name: &Bytes, id: u64) -> Result<Option<Message>, Unread> {
        let Some(place) = self.queues.get(name).and_then(|queue| queue.fifo.places().get(id)) else { return Ok(None) };
        match self.journal.message(place) {
            Ok(message) => Ok(Some(message)),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::NotFound) => {
                self.give_up(name, id, &error);
                Ok(None)
            }
            Err(error) => {
                self.refused.note(DiskWork::Read, &Err(error));
                self.unread.get_or_insert_with(|| UnreadMessage { queue: name.clone(), id, since: None });
                Err(Unread)
            }
        }
    }

    /// Asks for the message again that the disk did not read.
    pub(super) fn read_again(&mut self, now: Moment) {
        let Some(UnreadMessage { queue, id, since }) = self.unread.take() else { return };
        let since = since.unwrap_or(now.up);
        match self.read(&queue, id) {
            Ok(_) => self.refused.note(DiskWork::Read, &Ok(())),
            Err(Unread) if now.up.saturating_sub(since) < PATIENCE => {
                self.unread = Some(UnreadMessage { queue, id, since: Some(since) });
            }
            Err(Unread) => {
                self.unread = None;
                self.refused.note(DiskWork::Read, &Ok(()));
                self.give_up(&queue, id, &io::Error::other("the disk does not read it"));
            }
        }
    }

    fn give_up(&mut self, name: &Bytes, id: u64, error: &io::Error) {
        tracing::error!(queue = %name.escape_ascii(), id, %error, "a message is lost: it cannot be read");
        self.forget(name, id);
        let queue = self.queue(name);
        queue.counts.damaged += 1;
        queue.gave_up = true;
    }
}
