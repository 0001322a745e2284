//! The file of a spool: appended to with every delete that waits, emptied when none does.
//!
//! A record is with the kernel before its client is answered, so it survives the end of the process, however that
//! comes. The disk has it a moment later: see [`super::disk`]. Where a write failed, nothing is lost of what was whole
//! before: the next one begins where that ends, and a torn record behind it is no record.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::disk::{Synced, sync_soon};
use super::earlier::Earlier;
use super::format::{LONGEST, Record};
use super::place::{SpoolPlace, foreign, open};
use super::version::{Owner, Version};
use crate::runtime::frames;
use crate::runtime::locked_file::LockedFile;

/// A file with so many more records than wait is written anew.
const OVERGROWN: usize = 10_000;
/// A larger file is not read into memory as a whole, but batch by batch while it is replayed.
const READ_WHOLE: u64 = 4 << 20;
/// So many bytes are written at once when a file is written anew.
const CHUNK: usize = 64 * 1024;

/// The file of one server.
pub(super) struct SpoolFile {
    locked: LockedFile,
    synced: Arc<Synced>,
    path: PathBuf,
    /// Where the title ends, and where the last whole record does.
    title: u64,
    end: u64,
    /// Records in the file, done or not.
    records: usize,
}

/// What was found in a place.
pub(super) struct Opened {
    /// To be appended to.
    pub file: SpoolFile,
    /// The records that it holds.
    pub records: Vec<Record>,
    /// What was too much to be read.
    pub earlier: Earlier,
    /// Whether more was cut off than a write that was interrupted leaves.
    pub is_damaged: bool,
}

impl SpoolFile {
    /// Opens the file in this place, or makes it. A large one, or one of more than `most` records, is set aside to be
    /// read while it is replayed. `trouble` is told when the disk will not have what was written.
    pub(super) fn open(place: &SpoolPlace, most: usize, trouble: &Arc<Notify>) -> io::Result<Opened> {
        fs::create_dir_all(&place.directory)?;
        let (path, title) = (place.path(), place.title());
        let found = open(&path)?;
        let mut earlier = Earlier::find(place)?;
        let whole = match place.owner_of(found.clone())? {
            Owner::Others => return Err(foreign(&path)),
            Owner::Nobody => Some(Whole::default()),
            Owner::Ours(version) => Whole::read(version, &found, title.len() as u64, most)?,
        };
        let (file, whole) = match whole {
            Some(whole) if whole.version != Version::Two => {
                let file = SpoolFile::renewed(place, &whole, trouble)?;
                return Ok(Opened { file, is_damaged: whole.is_damaged(), records: whole.records, earlier });
            }
            Some(whole) => (found, whole),
            None => {
                earlier.set_aside(place)?;
                (open(&path)?, Whole::default())
            }
        };
        let mut file = SpoolFile::of(file, path, &title, trouble);
        file.cut(&title, &whole)?;
        Ok(Opened { file, is_damaged: whole.is_damaged(), records: whole.records, earlier })
    }

    /// Leaves what is whole, and at least the title.
    fn cut(&mut self, title: &[u8], whole: &Whole) -> io::Result<()> {
        if whole.end < self.title {
            self.locked.write_all_at(title, 0)?;
        }
        (self.end, self.records) = (whole.end.max(self.title), whole.records.len());
        if self.locked.metadata()?.len() > self.end {
            self.locked.set_len(self.end)?;
        }
        whole.tell_of_torn_end(&self.path);
        Ok(())
    }

    /// The file in this place, which an earlier version of leash wrote, in the version of today.
    fn renewed(place: &SpoolPlace, whole: &Whole, trouble: &Arc<Notify>) -> io::Result<SpoolFile> {
        let mut file = SpoolFile::written_aside(place, &whole.records, trouble)?;
        file.take_place(place)?;
        whole.tell_of_torn_end(&file.path);
        Ok(file)
    }

    /// A file with these records only, beside the one that it is to replace: see [`SpoolFile::take_place`]. The disk
    /// has it.
    pub(super) fn written_aside(
        place: &SpoolPlace,
        records: &[Record],
        trouble: &Arc<Notify>,
    ) -> io::Result<SpoolFile> {
        let (aside, title) = (place.aside(), place.title());
        let file = open(&aside)?;
        file.set_len(0)?;
        let mut file = SpoolFile::of(file, aside, &title, trouble);
        file.cut(&title, &Whole::default())?;
        let mut bytes = Vec::with_capacity(CHUNK + LONGEST);
        for record in records {
            frames::push(record, &mut bytes);
            if bytes.len() >= CHUNK {
                file.put(&mut bytes)?;
            }
        }
        file.put(&mut bytes)?;
        file.records = records.len();
        file.locked.sync_data()?;
        Ok(file)
    }

    /// From now on it is the file in this place.
    pub(super) fn take_place(&mut self, place: &SpoolPlace) -> io::Result<()> {
        fs::rename(&self.path, place.path())?;
        self.path = place.path();
        Ok(())
    }

    fn of(locked: LockedFile, path: PathBuf, title: &[u8], trouble: &Arc<Notify>) -> SpoolFile {
        let (synced, end) = (Synced::new(locked.clone(), trouble.clone()), title.len() as u64);
        SpoolFile { locked, synced, path, title: end, end, records: 0 }
    }

    /// Adds a record.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        self.is_sound()?;
        let mut bytes = Vec::with_capacity(LONGEST);
        frames::push(record, &mut bytes);
        self.put(&mut bytes)?;
        self.records += 1;
        sync_soon(&self.synced);
        Ok(())
    }

    /// Whether what is written to it will be found again.
    pub(super) fn is_sound(&self) -> io::Result<()> {
        if !self.is_there() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} was removed", self.path.display())));
        }
        self.synced.is_sound()
    }

    /// Whether it is still in its directory.
    pub(super) fn is_there(&self) -> bool {
        self.locked.metadata().is_ok_and(|file| file.nlink() > 0)
    }

    /// Whether it holds far more records than the `waiting` ones.
    pub(super) fn is_overgrown(&self, waiting: usize) -> bool {
        self.records > 2 * waiting + OVERGROWN
    }

    /// Removes all records.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.is_sound()?;
        self.locked.set_len(self.title)?;
        (self.end, self.records) = (self.title, 0);
        sync_soon(&self.synced);
        Ok(())
    }

    /// One write where the last whole record ends, so that nothing before it can be torn.
    fn put(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.locked.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        bytes.clear();
        Ok(())
    }
}

/// What is whole of a file.
struct Whole {
    version: Version,
    records: Vec<Record>,
    /// Where they end, and how much stands behind that.
    end: u64,
    torn: u64,
}

impl Whole {
    /// Reads it; `None` if it is too much for that.
    fn read(version: Version, file: &Arc<File>, title: u64, most: usize) -> io::Result<Option<Whole>> {
        let length = file.metadata()?.len();
        if length > READ_WHOLE {
            return Ok(None);
        }
        let (mut reading, mut records) = (version.records(file.clone(), title), Vec::new());
        while let Some(record) = reading.next().transpose()? {
            if records.len() == most {
                return Ok(None);
            }
            records.push(record);
        }
        let end = reading.at();
        Ok(Some(Whole { version, records, end, torn: length.saturating_sub(end) }))
    }

    /// Whether more is torn than a write that was interrupted leaves.
    fn is_damaged(&self) -> bool {
        self.torn > LONGEST as u64
    }

    fn tell_of_torn_end(&self, file: &Path) {
        if self.torn > 0 {
            let (file, kept, torn) = (file.display(), self.records.len(), self.torn);
            tracing::warn!(%file, kept, torn, "the end of a spool's file was torn and is cut off, in bytes");
        }
    }
}

impl Default for Whole {
    fn default() -> Whole {
        Whole { version: Version::Two, records: Vec::new(), end: 0, torn: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::protocol::Key;
    use crate::runtime::locked_file::OWNERS_ONLY;

    fn record(name: &str) -> Record {
        Record { key: Key::text(name.to_string().into()).unwrap(), since: 5 }
    }

    fn place(directory: &Path, server: &str) -> SpoolPlace {
        SpoolPlace { directory: directory.into(), pool: "main".into(), server: server.into() }
    }

    fn opened(directory: &Path, server: &str) -> io::Result<Opened> {
        SpoolFile::open(&place(directory, server), usize::MAX, &Arc::default())
    }

    fn file(directory: &Path) -> SpoolFile {
        opened(directory, "m0").unwrap().file
    }

    fn reopened(directory: &Path) -> Vec<Record> {
        opened(directory, "m0").unwrap().records
    }

    /// Written anew with these records.
    fn renewed(directory: &Path, records: &[Record]) -> SpoolFile {
        let place = place(directory, "m0");
        let mut file = SpoolFile::written_aside(&place, records, &Arc::default()).unwrap();
        file.take_place(&place).unwrap();
        file
    }

    #[test]
    fn what_was_appended_is_there_after_a_restart_until_it_is_cleared() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(reopened(directory), []);
        let mut first = file(directory);
        first.append(&record("a")).unwrap();
        first.append(&record("b")).unwrap();
        drop(first);
        assert_eq!(reopened(directory), [record("a"), record("b")]);
        let mut second = file(directory);
        second.clear().unwrap();
        second.append(&record("c")).unwrap();
        let mut anew = renewed(directory, &[record("d")]);
        anew.append(&record("e")).unwrap();
        drop((second, anew));
        assert_eq!(reopened(directory), [record("d"), record("e")]);
    }

    #[test]
    fn a_file_that_was_being_written_anew_when_the_process_ended_is_not_there_yet() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        file(directory).append(&record("a")).unwrap();
        drop(SpoolFile::written_aside(&place(directory, "m0"), &[record("b")], &Arc::default()).unwrap());
        assert_eq!(reopened(directory), [record("a")]);
    }

    #[test]
    fn a_torn_end_is_cut_off_and_what_comes_next_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let mut first = file(directory);
        first.append(&record("a")).unwrap();
        first.append(&record("b")).unwrap();
        let path = first.path.clone();
        drop(first);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let Opened { mut file, records, is_damaged, .. } = opened(directory, "m0").unwrap();
        assert_eq!((records, is_damaged), (vec![record("a")], false));
        file.append(&record("c")).unwrap();
        drop(file);
        assert_eq!(reopened(directory), [record("a"), record("c")]);
        fs::write(&path, [&whole[..], &[7; 300]].concat()).unwrap();
        let Opened { records, is_damaged, .. } = opened(directory, "m0").unwrap();
        assert_eq!((records.len(), is_damaged), (2, true), "that is more than a write that was interrupted leaves");
    }

    #[test]
    fn what_an_earlier_leash_left_waits_on_and_is_written_as_today() {
        let directory = tempfile::tempdir().unwrap();
        let (directory, place) = (directory.path(), place(directory.path(), "m0"));
        let records = include_bytes!("../../../fuzz/seeds/spool/three_records");
        let earlier = [&Version::One.title("main", "m0"), &records[..], b"torn"].concat();
        fs::write(place.path(), &earlier).unwrap();
        let Opened { mut file, records, is_damaged, .. } = opened(directory, "m0").unwrap();
        assert_eq!((records.len(), is_damaged), (3, false));
        file.append(&record("a")).unwrap();
        drop(file);
        assert!(fs::read(place.path()).unwrap().starts_with(&Version::Two.title("main", "m0")));
        assert_eq!(reopened(directory), [records, vec![record("a")]].concat());
        fs::write(place.path(), &earlier).unwrap();
        let Opened { mut earlier, records, .. } = SpoolFile::open(&place, 2, &Arc::default()).unwrap();
        assert_eq!(records, [], "too many for memory, so it is set aside");
        assert_eq!(earlier.next(10).map(|batch| batch.records.len()), Some(3));
    }

    #[test]
    fn what_was_half_written_is_overwritten_by_what_comes_next() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = file(directory.path());
        file.append(&record("a")).unwrap();
        file.locked.write_all_at(b"half a rec", file.end).unwrap();
        file.append(&record("b")).unwrap();
        drop(file);
        assert_eq!(reopened(directory.path()), [record("a"), record("b")]);
    }

    #[test]
    fn a_file_in_use_or_of_somebody_else_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = file(directory.path());
        let error = opened(directory.path(), "m0").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        let other = place(directory.path(), "m1").path();
        fs::write(&other, "a letter to grandmother, unfinished, and rather long").unwrap();
        let error = opened(directory.path(), "m1").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        drop(file);
    }

    #[test]
    fn who_closes_a_file_leaves_it_to_the_next_at_once() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..100 {
            let mut opened = opened(directory.path(), "m0").unwrap();
            assert_eq!(opened.records.len(), number);
            opened.file.append(&record("a")).unwrap();
        }
    }

    #[test]
    fn a_file_is_for_its_owner_only_also_when_it_was_written_anew() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file(directory.path()).path), OWNERS_ONLY);
        assert_eq!(mode(&renewed(directory.path(), &[record("a")]).path), OWNERS_ONLY);
    }

    #[test]
    fn what_is_written_to_a_file_that_was_removed_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = file(directory.path());
        file.append(&record("a")).unwrap();
        fs::remove_dir_all(directory.path()).unwrap();
        assert!(file.append(&record("b")).unwrap_err().to_string().ends_with(".spool was removed"));
    }
}
