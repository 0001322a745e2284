//! What the disk of a holder refuses to do, told once when it begins to and once when it does no more.

use std::io;

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskWork {
    /// To begin a segment.
    Begin,
    /// To take records.
    Write,
    /// To have what was written.
    Sync,
    /// To remove a segment.
    Remove,
    /// To read a message.
    Read,
}

/// What it refused when it was asked last. A disk that takes records may still not have them.
#[derive(Debug, Default)]
pub(super) struct DiskTroubles([bool; 5]);

impl DiskTroubles {
    /// It did what it was asked for, or did not.
    pub(super) fn note(&mut self, work: DiskWork, done: &io::Result<()>) {
        let before = self.any();
        self.0[work as usize] = done.is_err();
        match done {
            Err(error) if !before => tracing::error!(%error, "the disk of the queues refuses to work"),
            Ok(()) if before && !self.any() => tracing::info!("the disk of the queues works again"),
            _ => {}
        }
    }

    /// Whether it refuses this.
    pub(super) fn has(&self, work: DiskWork) -> bool {
        self.0[work as usize]
    }

    /// Whether it refuses anything.
    pub(super) fn any(&self) -> bool {
        self.0.contains(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_work_that_is_done_does_not_hide_another_that_is_not() {
        let mut troubles = DiskTroubles::default();
        troubles.note(DiskWork::Sync, &Err(io::ErrorKind::StorageFull.into()));
        troubles.note(DiskWork::Write, &Ok(()));
        assert!(troubles.any());
        troubles.note(DiskWork::Sync, &Ok(()));
        assert!(!troubles.any());
    }
}
