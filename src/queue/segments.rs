//! The files of a holder: numbered segments, each begun when the one before is full, removed when nothing in it counts any
//! more. What it may do with a disk is a trait, so that a simulation can tear, fill and lose one.
//!
//! ```text
//!   <directory>/0000000007.queue      "leash queue 1" LF, then records; numbers of segments only grow
//!   <directory>/lock                  held by the process that has them
//! ```

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Messages may be private.
const OWNERS_ONLY: u32 = 0o600;
const OWNERS_DIRECTORY: u32 = 0o700;
/// So many segments are kept open at most.
const OPEN: usize = 64;

/// A disk as a holder uses it. MessagePlaces are bytes from the beginning of a segment.
pub trait SegmentDisk {
    /// The numbers of the segments that there are, in order.
    fn numbers(&self) -> io::Result<Vec<u32>>;
    /// Begins an empty segment, which the disk will not forget.
    fn create(&mut self, segment: u32) -> io::Result<()>;
    /// How long a segment is.
    fn length(&mut self, segment: u32) -> io::Result<u64>;
    /// Writes at a place.
    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Reads into `buffer` from a place on, and tells how many bytes; none at the end.
    fn read(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// Cuts off what stands behind `length`.
    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()>;
    /// Waits until the disk has all that was written to a segment.
    fn sync(&mut self, segment: u32) -> io::Result<()>;
    /// Removes a segment.
    fn remove(&mut self, segment: u32) -> io::Result<()>;
    /// Puts a segment that is damaged where no leash reads it, for people to look at; tells where.
    fn set_aside(&mut self, segment: u32) -> io::Result<String>;
}

/// Segments as files of one directory.
pub struct SegmentFiles {
    directory: PathBuf,
    open: HashMap<u32, File>,
    /// Held for as long as this lives.
    _lock: File,
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
        let lock = owned().create(true).truncate(false).open(directory.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(SegmentFiles { directory: directory.into(), open: HashMap::new(), _lock: lock }),
            Err(TryLockError::Error(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                let text = "another process has it; give each leash a directory of its own";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
            }
        }
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
            Entry::Vacant(place) => Ok(place.insert(owned().open(path)?)),
        }
    }

    /// A segment for a thread that waits until the disk has all that was written to it by now.
    pub(super) fn shared(&mut self, segment: u32) -> io::Result<File> {
        self.file(segment)?.try_clone()
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

/// What the name of a segment says, which is written in one way only. Nothing could follow the last number.
fn number(name: &Path) -> Option<u32> {
    let number = name.file_stem()?.to_str()?.parse().ok().filter(|number| *number < u32::MAX)?;
    (name.file_name()? == &*file_name(number)).then_some(number)
}

fn file_name(segment: u32) -> OsString {
    format!("{segment:010}.queue").into()
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

    fn create(&mut self, segment: u32) -> io::Result<()> {
        let file = owned().create(true).truncate(true).open(self.path(segment))?;
        self.sync_directory()?;
        self.open.insert(segment, file);
        Ok(())
    }

    fn length(&mut self, segment: u32) -> io::Result<u64> {
        Ok(self.file(segment)?.metadata()?.len())
    }

    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()> {
        let file = self.file(segment)?;
        file.write_all_at(bytes, at)?;
        // One that was removed takes everything, and keeps it for no one.
        if file.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file that is written to was removed"));
        }
        Ok(())
    }

    fn read(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.file(segment)?.read_at(buffer, at)
    }

    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()> {
        self.file(segment)?.set_len(length)
    }

    fn sync(&mut self, segment: u32) -> io::Result<()> {
        self.file(segment)?.sync_data()
    }

    fn remove(&mut self, segment: u32) -> io::Result<()> {
        self.open.remove(&segment);
        fs::remove_file(self.path(segment))
    }

    fn set_aside(&mut self, segment: u32) -> io::Result<String> {
        let aside = self.path(segment).with_extension("damaged");
        fs::copy(self.path(segment), &aside)?;
        Ok(aside.display().to_string())
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
        for other in ["notes.txt", "x.queue", "7.queue", "4294967295.queue", "0000000003.damaged"] {
            fs::write(directory.join(other), "").unwrap();
        }
        files.create(12).unwrap();
        files.create(3).unwrap();
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
