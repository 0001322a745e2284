//! How all queues are, and what was counted. They are looked at some in each batch, so that no order waits for all of
//! them. Of many queues only the longest are told by name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::QueueHolder;
use super::one_queue::OneQueue;
use crate::metrics::{QueueCounts, QueueFigures};
use crate::queue::disk::SegmentDisk;
use crate::queue::figures::{HolderFigures, QueueRefusals};
use crate::queue::journal::QueueJournal;
use crate::queue::order::{Moment, QueueAnswer, QueueRefusal};

/// So many are told by name.
const TOLD: usize = 1_000;
/// After so many the look goes on with the next batch.
const LOOKED_AT: usize = 2_000;

/// What was counted of no queue that there is.
#[derive(Default)]
pub(super) struct HolderCounts {
    /// Of queues that were forgotten.
    forgotten: QueueCounts,
    refused: QueueRefusals,
}

impl HolderCounts {
    /// Queues are forgotten.
    pub(super) fn forget(&mut self, counts: QueueCounts) {
        self.forgotten = self.forgotten.and(counts);
    }

    /// A message is refused.
    pub(super) fn refuse(&mut self, why: QueueRefusal) -> QueueAnswer {
        match why {
            QueueRefusal::Full => self.refused.full += 1,
            QueueRefusal::TooLong => self.refused.too_long += 1,
            QueueRefusal::Disk => self.refused.disk += 1,
            // These come from elsewhere, or are no refusal of a message.
            QueueRefusal::Busy | QueueRefusal::HasOne => {}
        }
        QueueAnswer::Refused(why)
    }
}

/// A look at all queues that has come so far. No queue is forgotten meanwhile, so each is counted once.
pub(super) struct FiguresLook<T> {
    /// Who asked before it began.
    tell: Vec<T>,
    next_part: usize,
    seen: usize,
    all: QueueFigures,
    /// By how many messages they have, and their names.
    longest: BTreeMap<(u64, Reverse<Bytes>), QueueFigures>,
}

impl<T> FiguresLook<T> {
    fn begin(tell: Vec<T>, forgotten: QueueCounts) -> FiguresLook<T> {
        let all = QueueFigures { counts: forgotten, ..QueueFigures::default() };
        FiguresLook { tell, next_part: 0, seen: 0, all, longest: BTreeMap::new() }
    }

    fn take_in(&mut self, name: &Bytes, figures: QueueFigures) {
        self.seen += 1;
        self.all = self.all.and(figures);
        let length = figures.waiting + figures.reserved;
        let is_short = self.longest.first_key_value().is_some_and(|((least, _), _)| length < *least);
        if is_short && self.longest.len() >= TOLD {
            return;
        }
        self.longest.insert((length, Reverse(name.clone())), figures);
        if self.longest.len() > TOLD {
            self.longest.pop_first();
        }
    }
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// How all queues are, at once.
    pub fn figures(&mut self, now: Moment) -> HolderFigures {
        let mut look = FiguresLook::<T>::begin(Vec::new(), self.counts.forgotten);
        while self.look_on(&mut look, now) {}
        self.told(look)
    }

    /// Goes on with a look at all queues, if there are any who asked for one.
    pub(super) fn look_at_all(&mut self, now: Moment) {
        let asked = &mut self.figures_asked;
        let begun = self
            .figures_look
            .take()
            .or_else(|| (!asked.is_empty()).then(|| FiguresLook::begin(std::mem::take(asked), self.counts.forgotten)));
        let Some(mut look) = begun else { return };
        if self.look_on(&mut look, now) {
            self.figures_look = Some(look);
            return;
        }
        let tell = std::mem::take(&mut look.tell);
        let figures = self.told(look);
        tell.into_iter().for_each(|tell| self.answer(tell, QueueAnswer::Figures(figures.clone())));
    }

    /// Looks at some more; whether any are left.
    fn look_on(&mut self, look: &mut FiguresLook<impl Sized>, now: Moment) -> bool {
        let end = look.seen + LOOKED_AT;
        while look.seen < end {
            let Some(part) = self.queues.part(look.next_part) else { return false };
            look.next_part += 1;
            for (name, queue) in part {
                look.take_in(name, figures_of(queue, &mut self.journal, now));
            }
        }
        true
    }

    fn told(&self, look: FiguresLook<impl Sized>) -> HolderFigures {
        let others = (look.seen - look.longest.len()) as u64;
        let queues = look.longest.into_iter().rev().map(|((_, Reverse(name)), figures)| (name, figures)).collect();
        let (refused, bytes, is_disk_refusing) = (self.counts.refused, self.bytes(), self.refused.any());
        let (damaged_files, damaged_copies) = (self.journal.damaged(), self.journal.copies());
        HolderFigures { queues, others, all: look.all, refused, bytes, is_disk_refusing, damaged_files, damaged_copies }
    }
}

fn figures_of(
    queue: &mut OneQueue<impl Sized>,
    journal: &mut QueueJournal<impl SegmentDisk>,
    now: Moment,
) -> QueueFigures {
    let since = head_since(queue, journal);
    QueueFigures {
        waiting: queue.fifo.waiting(),
        reserved: queue.fifo.reserved(),
        bytes: queue.fifo.places().bytes(),
        age: since.map_or(Duration::ZERO, |since| now.unix.saturating_sub(since)),
        waiters: queue.waits.len() as u64,
        counts: queue.counts,
    }
}

/// When the oldest message that waits came, since 1970.
fn head_since(queue: &mut OneQueue<impl Sized>, journal: &mut QueueJournal<impl SegmentDisk>) -> Option<Duration> {
    let head = queue.fifo.head()?;
    if let Some((_, since)) = queue.head.filter(|(known, _)| *known == head) {
        return Some(since);
    }
    let since = Duration::from_millis(journal.since(queue.fifo.places().get(head)?)?);
    queue.head = Some((head, since));
    Some(since)
}
