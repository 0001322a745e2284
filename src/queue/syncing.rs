//! The disk catches up with what was answered, on a thread of its own: orders do not wait for it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use super::holder::QueueHolder;
use super::journal::SyncPoint;
use super::segments::SegmentFiles;

/// After this time the disk begins to take what was answered.
const BEHIND: Duration = Duration::from_millis(100);

/// When the disk catches up.
pub(super) struct Syncing {
    /// Where the end of a wait is told.
    ends: Arc<dyn Fn(SyncEnd) + Send + Sync>,
    at: Option<Duration>,
    is_under_way: bool,
}

/// The end of a wait for the disk.
pub(super) struct SyncEnd {
    point: SyncPoint,
    done: io::Result<()>,
}

impl Syncing {
    pub(super) fn new(ends: impl Fn(SyncEnd) + Send + Sync + 'static) -> Syncing {
        Syncing { ends: Arc::new(ends), at: None, is_under_way: false }
    }

    /// When it is to be looked after again though nothing is asked for.
    pub(super) fn due(&self) -> Option<Duration> {
        self.at.filter(|_| !self.is_under_way)
    }

    /// Begins a wait whose time has come; one at a time.
    pub(super) fn look<T>(&mut self, holder: &mut QueueHolder<SegmentFiles, T>, now: Duration) {
        let Some(point) = holder.sync_point() else {
            self.at = None;
            return;
        };
        // What is written while the disk is busy has its time from now on, too.
        if *self.at.get_or_insert(now + BEHIND) > now || self.is_under_way {
            return;
        }
        self.at = None;
        match holder.disk().another(point.segment) {
            Ok(file) => self.begin(holder, point, file),
            Err(error) => holder.synced(point, Err(error)),
        }
    }

    fn begin<T>(&mut self, holder: &mut QueueHolder<SegmentFiles, T>, point: SyncPoint, file: File) {
        let ends = self.ends.clone();
        // If it is not there to hear this, it waits for the disk itself before it ends.
        let wait = move || ends(SyncEnd { point, done: file.sync_data() });
        match Builder::new().name("queues-sync".into()).spawn(wait) {
            Ok(_) => self.is_under_way = true,
            // The holder says so itself, and it is tried again.
            Err(_) => drop(holder.sync()),
        }
    }

    /// A wait is over.
    pub(super) fn end<T>(&mut self, holder: &mut QueueHolder<SegmentFiles, T>, end: SyncEnd) {
        self.is_under_way = false;
        holder.synced(end.point, end.done);
    }
}
