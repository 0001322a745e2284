//! What earlier processes left and is too much to be kept in memory: files that are read while they are replayed, a
//! batch at a time, the oldest first. Each is removed once its end is reached; a process that ends before begins it
//! anew, for a key may be deleted twice.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::format::{LONGEST, Record};
use super::place::SpoolPlace;
use super::version::{Owner, Version};

/// Such files of one server.
#[derive(Default)]
pub(super) struct Earlier {
    files: VecDeque<Left>,
    /// Files that ended in more than a write that was interrupted.
    damaged: u64,
}

/// A file of that kind.
struct Left {
    path: PathBuf,
    number: u64,
    file: Arc<File>,
    version: Version,
    /// Where the records begin that are not done yet.
    at: u64,
    length: u64,
    /// Bytes of a record, in the mean of the last batch, and since when its first one waits.
    mean: u64,
    since: Option<u64>,
}

/// A batch that was read.
pub(super) struct Batch {
    /// Its records; none if it ends a file.
    pub records: Vec<Record>,
    /// How far it goes.
    pub until: Until,
}

/// A place in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Until {
    number: u64,
    from: u64,
    to: u64,
}

impl Earlier {
    /// What there is in this place.
    pub(super) fn find(place: &SpoolPlace) -> io::Result<Earlier> {
        let mut earlier = Earlier::default();
        for number in place.earlier_numbers()? {
            earlier.add(place, number)?;
        }
        Ok(earlier)
    }

    /// Sets the file in this place aside: from now on it is one of these.
    pub(super) fn set_aside(&mut self, place: &SpoolPlace) -> io::Result<()> {
        let number = self.files.back().map_or(1, |last| last.number + 1);
        fs::rename(place.path(), place.earlier(number))?;
        self.add(place, number)
    }

    fn add(&mut self, place: &SpoolPlace, number: u64) -> io::Result<()> {
        let path = place.earlier(number);
        let file = Arc::new(File::open(&path)?);
        let Owner::Ours(version) = place.owner_of(file.clone())? else { return Err(super::place::foreign(&path)) };
        let (at, length) = (place.title().len() as u64, file.metadata()?.len());
        let mut left = Left { path, number, file, version, at, length, mean: LONGEST as u64, since: None };
        match left.read(1)?.records.is_empty() {
            true => self.end(left),
            false => self.files.push_back(left),
        }
        Ok(())
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// About how many records are left.
    pub(super) fn count(&self) -> usize {
        self.files.iter().map(|left| ((left.length - left.at) / left.mean.max(1)).max(1) as usize).sum()
    }

    /// Since when the oldest one waits.
    pub(super) fn since(&self) -> Option<u64> {
        self.files.iter().find_map(|left| left.since)
    }

    /// The next records, at most `count`; the same ones until they are done. None if nothing is left.
    pub(super) fn next(&mut self, count: usize) -> Option<Batch> {
        while let Some(left) = self.files.front_mut() {
            match left.read(count) {
                Ok(batch) if batch.records.is_empty() => self.files.pop_front().map_or((), |left| self.end(left)),
                Ok(batch) => return Some(batch),
                Err(error) => self.give_up(&error),
            }
        }
        None
    }

    /// A batch is done.
    pub(super) fn done(&mut self, until: Until) {
        let at_hand = self.files.front_mut().filter(|left| (left.number, left.at) == (until.number, until.from));
        if let Some(left) = at_hand {
            left.at = until.to;
        }
    }

    /// How many files were damaged that were not told of.
    pub(super) fn take_damaged(&mut self) -> u64 {
        std::mem::take(&mut self.damaged)
    }

    /// All of it is done.
    pub(super) fn clear(&mut self) {
        self.files.drain(..).for_each(Left::remove);
    }

    /// Lets go of the file at hand, which cannot be read. It stays for the next process.
    fn give_up(&mut self, error: &io::Error) {
        if let Some(left) = self.files.pop_front() {
            tracing::error!(file = %left.path.display(), %error, "a spool's earlier file cannot be read, its deletes are lost");
            self.damaged += 1;
        }
    }

    fn end(&mut self, left: Left) {
        let torn = left.length.saturating_sub(left.at);
        if torn > 0 {
            let file = left.path.display();
            tracing::warn!(%file, torn, "the end of a spool's earlier file was torn and is worth nothing, in bytes");
        }
        self.damaged += u64::from(torn > LONGEST as u64);
        left.remove();
    }
}

impl Left {
    fn read(&mut self, count: usize) -> io::Result<Batch> {
        let mut reading = self.version.records(self.file.clone(), self.at);
        let records = reading.by_ref().take(count).collect::<io::Result<Vec<Record>>>()?;
        let until = Until { number: self.number, from: self.at, to: reading.at() };
        if let Some(first) = records.first() {
            self.since = Some(first.since);
            self.mean = (until.to - until.from) / records.len() as u64;
        }
        Ok(Batch { records, until })
    }

    fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            // The next start would replay its deletes once more: values are lost, none is outdated.
            let file = self.path.display();
            tracing::warn!(%file, %error, "a spool's earlier file cannot be removed");
        }
    }
}
