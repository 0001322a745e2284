//! The file of a spool with its troubles: records in memory are in the file as well, unless the disk does not take
//! them. Then this says since when and why, and the file is written anew once the disk works again.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Record;
use super::file::SpoolFile;

/// A file, if there is one.
#[derive(Default)]
pub(super) struct Filed {
    file: Option<SpoolFile>,
    failing: Option<Failing>,
    /// The records that came since the keeper began to write the file anew.
    since_renewal: Option<Vec<Record>>,
}

/// Why what waits is in memory only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// What the kernel said the last time.
    pub why: String,
}

/// What the keeper, who can wait for the disk, has to do to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It is to be opened or written again.
    Mending,
    /// It holds far more than waits.
    Renewal,
}

impl Filed {
    /// Whether it is there and holds what waits.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some() && self.failing.is_none()
    }

    /// Whether it was opened.
    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Why it does not hold what waits.
    pub(super) fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// Whether it is open and still in its directory.
    pub(super) fn is_there(&self) -> bool {
        self.file.as_ref().is_some_and(SpoolFile::is_there)
    }

    /// An error if the disk is known to have lost something that was written to it.
    pub(super) fn is_sound(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), SpoolFile::is_sound)
    }

    /// Whether it holds far more than the `waiting` ones.
    pub(super) fn is_overgrown(&self, waiting: usize) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_overgrown(waiting))
    }

    /// What is to be done to it while so many wait.
    pub(super) fn need(&self, waiting: usize) -> Option<Need> {
        match self.failing {
            Some(_) => Some(Need::Mending),
            None => self.is_overgrown(waiting).then_some(Need::Renewal),
        }
    }

    /// It is this file, which holds what it should.
    pub(super) fn opened(&mut self, file: SpoolFile) {
        self.file = Some(file);
    }

    /// Notes that it does not hold what it should. True if it did so far.
    pub(super) fn fails(&mut self, error: &io::Error) -> bool {
        let since = self.failing.as_ref().map_or_else(now, |failing| failing.since);
        self.failing.replace(Failing { since, why: error.to_string() }).is_none()
    }

    /// Adds a record, if it holds the ones before.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        if let Some(records) = &mut self.since_renewal {
            records.push(record.clone());
        }
        match &mut self.file {
            Some(file) if self.failing.is_none() => file.append(record),
            _ => Ok(()),
        }
    }

    /// Removes all records.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(file) if self.failing.is_none() => file.clear(),
            _ => Ok(()),
        }
    }

    /// Notes that the keeper begins to write it anew.
    pub(super) fn begin_renewal(&mut self) {
        self.since_renewal = Some(Vec::new());
    }

    /// What came since then.
    pub(super) fn end_renewal(&mut self) -> Vec<Record> {
        self.since_renewal.take().unwrap_or_default()
    }

    /// Notes that it was written anew, and returns what had been wrong with it.
    pub(super) fn renewed(&mut self, file: SpoolFile) -> Option<Failing> {
        self.file = Some(file);
        self.failing.take()
    }
}

/// In seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
