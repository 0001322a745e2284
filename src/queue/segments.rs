//! The files of a holder: numbered segments, each begun when the one before is full, removed when nothing in it counts any
//! more.
//!
//! ```text
//!   <directory>/0000000007.queue          numbers of segments only grow, and leave none out
//!   <directory>/0000000008.queue.new      the next one, until the disk has its beginning
//!   <directory>/0000000007.damaged        how a damaged one was found, for people: see `copies`
//!   <directory>/lock                      held by the process that has them
//! ```
//! Errors name the file that they are about. What else there is in the directory is left alone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::copies;
use super::disk::SegmentDisk;
use crate::runtime::locked_file::{LockedFile, OWNERS_ONLY};

/// Messages may be private.
const OWNERS_DIRECTORY: u32 = 0o700;
/// So many segments are kept open at most.
const OPEN: usize = 64;
const LOCK: &str = "lock";

/// What the name of a segment ends with until the disk has its beginning.
const BEGUN: &str = "queue.new";

/// Segments as files of one directory.
pub struct SegmentFiles {
    directory: PathBuf,
    open: HashMap<u32, File>,
    /// Held for as long as this lives.
    _lock: LockedFile,
}

impl SegmentFiles {
    /// Takes the directory, and makes it if it is not there but what it is to be in: where that is missing, a disk may
    /// not be there. No other process may have it.
    ///
    /// # Errors
    /// What the file system says; that another process has the directory.
    pub fn open(directory: &Path) -> io::Result<SegmentFiles> {
        match DirBuilder::new().mode(OWNERS_DIRECTORY).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = directory.join(LOCK);
        let lock = LockedFile::open(&path).map_err(|error| match error {
            TryLockError::Error(error) => about(&path)(error),
            TryLockError::WouldBlock => {
                let text = "another process has it; give each leash a directory of its own";
                io::Error::new(io::ErrorKind::ResourceBusy, text)
            }
        })?;
        tell_strangers(directory)?;
        Ok(SegmentFiles { directory: directory.into(), open: HashMap::new(), _lock: lock })
    }

    fn path(&self, segment: u32) -> PathBuf {
        self.directory.join(file_name(segment))
    }

    fn file(&mut self, segment: u32) -> io::Result<&File> {
        if !self.open.contains_key(&segment) && self.open.len() >= OPEN {
            self.open.clear();
        }
        let path = self.path(segment);
        match self.open.entry(segment) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(there(&path).map_err(about(&path))?)),
        }
    }

    /// A segment for a thread that waits until the disk has all that was written to it by now. Opened once more, since the
    /// kernel tells what it could not write once to each who has it open: here it must not be missed for having been told there.
    pub(super) fn another(&self, segment: u32) -> io::Result<File> {
        let path = self.path(segment);
        there(&path).map_err(about(&path))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(OWNERS_ONLY);
    options
}

/// Opens a segment that is there: on a disk that is read-only by now to read it.
fn there(path: &Path) -> io::Result<File> {
    let file = match owned().open(path) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(path)?,
        opened => opened?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file")) }
}

/// An error with the path that it is about.
fn about(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// What the name of a segment says, which is written in one way only. Nothing could follow the last number.
fn number(name: &Path) -> Option<u32> {
    let number = name.file_stem()?.to_str()?.parse().ok().filter(|number| *number < u32::MAX)?;
    (name.file_name()? == &*file_name(number)).then_some(number)
}

fn file_name(segment: u32) -> OsString {
    format!("{segment:010}.queue").into()
}

/// Says which files are nobody's here.
fn tell_strangers(directory: &Path) -> io::Result<()> {
    let (mut count, mut first) = (0, None);
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if !is_own(&path) {
            count += 1;
            first.get_or_insert(path);
        }
    }
    if let Some(first) = first {
        let file = first.display();
        tracing::warn!(%file, count, "among the queues are files that are not leash's: they are left alone");
    }
    Ok(())
}

fn is_own(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let number = name.split_once('.').filter(|(_, kind)| ["queue", BEGUN].contains(kind) || copies::is_kind(kind));
    name == LOCK
        || number.is_some_and(|(number, _)| self::number(&path.with_file_name(format!("{number}.queue"))).is_some())
}

impl SegmentDisk for SegmentFiles {
    fn numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            numbers.extend(number(&entry?.path()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn name(&self, segment: u32) -> String {
        self.path(segment).display().to_string()
    }

    fn salt(&mut self) -> u64 {
        rand::random()
    }

    fn create(&mut self, segment: u32, beginning: &[u8]) -> io::Result<()> {
        let (path, begun) = (self.path(segment), self.path(segment).with_extension(BEGUN));
        let file = owned().create(true).truncate(true).open(&begun).map_err(about(&begun))?;
        file.write_all_at(beginning, 0).and_then(|()| file.sync_data()).map_err(about(&begun))?;
        fs::rename(&begun, &path).map_err(about(&path))?;
        self.open.insert(segment, file);
        self.sync_directory()
    }

    fn length(&mut self, segment: u32) -> io::Result<u64> {
        Ok(self.file(segment)?.metadata()?.len())
    }

    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()> {
        let file = self.file(segment)?;
        let written = file.write_all_at(bytes, at).and_then(|()| match file.metadata()?.nlink() {
            // One that was removed takes everything, and keeps it for no one.
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "the file that is written to was removed")),
            _ => Ok(()),
        });
        written.map_err(|error| about(&self.path(segment))(error))
    }

    fn read_some(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let read = self.file(segment)?.read_at(buffer, at);
        read.map_err(|error| about(&self.path(segment))(error))
    }

    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()> {
        let cut = self.file(segment)?.set_len(length);
        cut.map_err(|error| about(&self.path(segment))(error))
    }

    fn sync(&mut self, segment: u32) -> io::Result<()> {
        let synced = self.file(segment)?.sync_data();
        synced.map_err(|error| about(&self.path(segment))(error))
    }

    fn remove(&mut self, segment: u32) -> io::Result<()> {
        self.open.remove(&segment);
        match fs::remove_file(self.path(segment)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn set_aside(&mut self, segment: u32) -> io::Result<String> {
        Ok(copies::keep(&self.path(segment))?.display().to_string())
    }

    fn copies(&mut self) -> io::Result<u64> {
        copies::count(&self.directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_and_only_segments_count() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("deep/queues");
        let missing = SegmentFiles::open(&directory).err().unwrap();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound, "a disk that is not mounted is not written beside");
        fs::create_dir(place.path().join("deep")).unwrap();
        let mut files = SegmentFiles::open(&directory).unwrap();
        let refused = SegmentFiles::open(&directory).err().unwrap().to_string();
        assert!(refused.contains("another process has it"), "{refused}");
        for other in
            ["notes.txt", "x.queue", "7.queue", "4294967295.queue", "0000000003.damaged", "0000000009.queue.new"]
        {
            fs::write(directory.join(other), "").unwrap();
        }
        files.create(12, b"twelve").unwrap();
        files.create(3, b"").unwrap();
        assert_eq!(files.numbers().unwrap(), [3, 12]);
        files.write(3, b"hello", 0).unwrap();
        let mut buffer = [0; 9];
        assert_eq!((files.read(3, &mut buffer, 1).unwrap(), &buffer[..4]), (4, &b"ello"[..]));
        files.remove(3).unwrap();
        assert_eq!(files.numbers().unwrap(), [12]);
        fs::remove_file(directory.join("0000000012.queue")).unwrap();
        let removed = files.write(12, b"hello", 0).unwrap_err();
        assert_eq!(removed.kind(), io::ErrorKind::NotFound, "nothing is stored where no one can find it");
    }
}
