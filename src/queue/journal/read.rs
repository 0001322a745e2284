//! One record is read: from the disk, or from what is not written yet.

use std::io;

use super::title::SegmentForm;
use super::{QueueJournal, Urgency};
use crate::queue::disk::SegmentDisk;
use crate::queue::places::MessagePlace;
use crate::queue::record::{LONGEST_HEAD, Message, QueueRecord};
use crate::runtime::frames::salted;

impl<D: SegmentDisk> QueueJournal<D> {
    /// The message that stands at `place`.
    ///
    /// # Errors
    /// What the disk says; that what stands there is no message.
    pub(in crate::queue) fn message(&mut self, place: MessagePlace) -> io::Result<Message> {
        let record = match self.unwritten(place) {
            Some(bytes) => SegmentForm::Salted(self.salt).first(bytes),
            None => {
                let form = self.segment(place.segment).map(|segment| segment.form);
                let mut bytes = vec![0; place.length as usize];
                let read = self.disk.read(place.segment, &mut bytes, u64::from(place.at))?;
                form.and_then(|form| form.first(&bytes[..read]))
            }
        };
        record.and_then(QueueRecord::message).ok_or_else(|| {
            let text = format!("no whole message at byte {} of {}", place.at, self.disk.name(place.segment));
            io::Error::new(io::ErrorKind::InvalidData, text)
        })
    }

    /// When the message came that stands at `place`, in milliseconds since 1970, read with none of the rest: it is not told from what
    /// is damaged.
    pub(in crate::queue) fn since(&mut self, place: MessagePlace) -> Option<u64> {
        let mut bytes = [0; salted::HEAD + LONGEST_HEAD];
        let (head, form) = match self.unwritten(place) {
            Some(unwritten) => (unwritten, SegmentForm::Salted(self.salt)),
            None => {
                let form = self.segment(place.segment)?.form;
                let read = self.disk.read(place.segment, &mut bytes, u64::from(place.at)).ok()?;
                (&bytes[..read], form)
            }
        };
        QueueRecord::since(head.get(form.head()..)?)
    }

    /// How urgent it is that a message is gone which stands at `place`: of one that is not written yet it is worth nothing
    /// without that one, and must not be owed.
    pub(in crate::queue) fn urgency_of(&self, place: MessagePlace) -> Urgency {
        if self.unwritten(place).is_some() { Urgency::Now } else { Urgency::Later }
    }

    /// What stands at `place` if it is not written yet.
    fn unwritten(&self, place: MessagePlace) -> Option<&[u8]> {
        let is_here = self.is_begun && place.segment == self.last();
        let at = (u64::from(place.at)).checked_sub(self.end).filter(|_| is_here)? as usize;
        self.batch.get(at.checked_sub(self.owed.len())?..)
    }
}
