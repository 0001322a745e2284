//! The progress file: what is to be copied from the server at hand, how far that has come, and which servers are done.
//!
//! ```text
//!   plan │ finished … │ keys, keys, … │ listed │ reached, reached, …
//!                     └─ of the server at hand; gone once it is finished ─┘
//! ```
//! It only ever grows at its end or loses its end, so a process that is killed leaves a beginning that is whole; a torn
//! record at the end is cut off. It takes as much room as the keys of one server. It holds keys, so only its owner may
//! read it, and it is locked as long as a process writes it.

pub mod record;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use record::JournalEntry;
use record::JournalRecord;

use crate::runtime::frames::{self, Records};
use crate::runtime::locked_file::LockedFile;

/// Keys are written when there are so many bytes of them.
const BLOCK: usize = 64 * 1024;

/// Why the progress cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("progress file {path}: {source}; name another one with --progress")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Another run has it.
    #[error("progress file {0} is in use by another leash warm; wait for it, or name another file with --progress")]
    InUse(PathBuf),
    /// It is something else.
    #[error("{0} is not a progress file of leash warm; remove it, or name another one with --progress")]
    Foreign(PathBuf),
    /// It was made for another plan.
    #[error(
        "progress file {path} was made for\n{theirs}\nand this is\n{ours}\n--restart begins anew and forgets it; \
         --progress names another file"
    )]
    OtherPlan {
        /// Its path.
        path: PathBuf,
        /// What it was made for.
        theirs: String,
        /// What is wanted now.
        ours: String,
    },
}

/// What an earlier run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// The sources that are done, each with the number of its keys.
    pub finished: Vec<(u32, u64)>,
    /// The source at hand, if its list is complete.
    pub at_hand: Option<AtHand>,
}

/// How far a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AtHand {
    /// The source, by its place in the plan.
    pub source: u32,
    /// The keys of its list.
    pub keys: u64,
    /// Those that are done.
    pub done: u64,
    /// Those of them that a server refused.
    pub refused: u64,
}

/// An open progress file.
pub(super) struct Journal {
    file: LockedFile,
    path: PathBuf,
    /// Where the records end that are kept when a source is finished.
    base: u64,
    end: u64,
    /// Keys that are not written yet, and their bytes.
    keys: Vec<JournalEntry>,
    keys_len: usize,
    listed: u64,
}

impl Journal {
    /// Opens the file at `path` for the plan in these words, and tells what it knows of it. With `anew` that is
    /// nothing.
    pub(super) fn open(path: &Path, plan: &str, anew: bool) -> Result<(Journal, Past), JournalError> {
        let file = LockedFile::open(path).map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse(path.into()),
            TryLockError::Error(source) => JournalError::File { path: path.into(), source },
        })?;
        let mut journal =
            Journal { file, path: path.into(), base: 0, end: 0, keys: Vec::new(), keys_len: 0, listed: 0 };
        let past = journal.recall(plan, anew)?;
        Ok((journal, past))
    }

    fn recall(&mut self, plan: &str, anew: bool) -> Result<Past, JournalError> {
        let mut records = Records::new(self.file.clone(), 0);
        let first = records.next().transpose().map_err(|source| self.failed(source))?;
        match first {
            Some(JournalRecord::Plan(theirs)) if !anew => {
                if theirs != plan {
                    return Err(JournalError::OtherPlan { path: self.path.clone(), theirs, ours: plan.into() });
                }
                self.recall_rest(records)
            }
            None if !self.is_empty()? => Err(JournalError::Foreign(self.path.clone())),
            Some(JournalRecord::Plan(_)) | None => {
                self.cut(0)?;
                self.append(&JournalRecord::Plan(plan.into()))?;
                self.base = self.end;
                Ok(Past::default())
            }
            Some(_) => Err(JournalError::Foreign(self.path.clone())),
        }
    }

    fn recall_rest(&mut self, mut records: Records<Arc<File>, JournalRecord>) -> Result<Past, JournalError> {
        let mut past = Past::default();
        self.base = records.at();
        while let Some(record) = records.next().transpose().map_err(|source| self.failed(source))? {
            match record {
                JournalRecord::Finished { source, keys } => {
                    past.finished.push((source, keys));
                    self.base = records.at();
                }
                JournalRecord::Listed { source, keys } => {
                    past.at_hand = Some(AtHand { source, keys, done: 0, refused: 0 });
                }
                JournalRecord::Reached { done, refused } => {
                    if let Some(at_hand) = &mut past.at_hand {
                        (at_hand.done, at_hand.refused) = (done, refused);
                    }
                }
                JournalRecord::Plan(_) | JournalRecord::Keys(_) => {}
            }
        }
        self.cut(records.at())?;
        Ok(past)
    }

    fn is_empty(&self) -> Result<bool, JournalError> {
        self.file.metadata().map(|file| file.len() == 0).map_err(|source| self.failed(source))
    }

    /// Begins the list of the source at hand; what there was of one is gone.
    pub(super) fn begin_list(&mut self) -> Result<(), JournalError> {
        self.keys.clear();
        (self.keys_len, self.listed) = (0, 0);
        self.cut(self.base)
    }

    /// Adds a key to the list.
    pub(super) fn list(&mut self, entry: JournalEntry) -> Result<(), JournalError> {
        self.keys_len += entry.written_len();
        self.keys.push(entry);
        self.listed += 1;
        if self.keys_len < BLOCK { Ok(()) } else { self.write_keys() }
    }

    fn write_keys(&mut self) -> Result<(), JournalError> {
        let keys = JournalRecord::Keys(std::mem::take(&mut self.keys));
        self.keys_len = 0;
        self.append(&keys)
    }

    /// The list of `source` is complete. Returns how many keys it has.
    pub(super) fn end_list(&mut self, source: u32) -> Result<u64, JournalError> {
        self.write_keys()?;
        self.append(&JournalRecord::Listed { source, keys: self.listed })?;
        Ok(self.listed)
    }

    /// The keys of the source at hand, a block at a time.
    pub(super) fn listed(&self) -> impl Iterator<Item = Result<Vec<JournalEntry>, JournalError>> + use<> {
        let path = self.path.clone();
        Records::new(self.file.clone(), self.base).map_while(move |record| match record {
            Ok(JournalRecord::Keys(entries)) => Some(Ok(entries)),
            Ok(_) => None,
            Err(source) => Some(Err(JournalError::File { path: path.clone(), source })),
        })
    }

    /// Notes how far the source at hand has come.
    pub(super) fn reached(&mut self, done: u64, refused: u64) -> Result<(), JournalError> {
        self.append(&JournalRecord::Reached { done, refused })
    }

    /// The source at hand is done: its list is not needed any more.
    pub(super) fn finish(&mut self, source: u32, keys: u64) -> Result<(), JournalError> {
        self.cut(self.base)?;
        self.append(&JournalRecord::Finished { source, keys })?;
        self.base = self.end;
        Ok(())
    }

    /// Everything is done: removes the file.
    pub(super) fn remove(self) -> Result<(), JournalError> {
        std::fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    fn cut(&mut self, end: u64) -> Result<(), JournalError> {
        self.end = end;
        self.file.set_len(end).map_err(|source| self.failed(source))
    }

    fn append(&mut self, record: &JournalRecord) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        frames::push(record, &mut bytes);
        self.file.write_all_at(&bytes, self.end).map_err(|source| self.failed(source))?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::File { path: self.path.clone(), source }
    }
}
