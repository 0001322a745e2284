//! The file of a spool: appended to with every delete that waits, emptied when none does.
//!
//! A record is with the kernel before its client is answered, so it survives the end of the process, however that comes.
//! The disk has it a moment later: one thread syncs what was written in the last tenth of a second together, so an end of
//! the whole machine may lose that much.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::format::{self, Record};

/// What is written within this time reaches the disk together.
const BATCH: Duration = Duration::from_millis(100);
/// A file with so many more records than wait is written anew.
const OVERGROWN: usize = 10_000;
/// Characters of names that are seen in the name of a file.
const SHOWN: usize = 40;
/// Keys may be private.
const OWNERS_ONLY: u32 = 0o600;

/// The file of one server.
pub struct SpoolFile {
    synced: Arc<Synced>,
    path: PathBuf,
    title: Vec<u8>,
    /// Records in the file, done or not.
    records: usize,
}

/// A file, and whether the disk has all of it.
struct Synced {
    file: File,
    is_behind: AtomicBool,
}

impl SpoolFile {
    /// Opens the file of this server, or makes it; with the records that are whole.
    pub fn open(directory: &Path, pool: &str, server: &str) -> io::Result<(SpoolFile, Vec<Record>)> {
        fs::create_dir_all(directory)?;
        let path = directory.join(name(pool, server));
        let mut file = open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let title = format::title(pool, server);
        let Some(contents) = format::read(&title, &bytes) else {
            let text = format!("{} is not the spool of this server; move it away", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        let torn = bytes.len() - contents.whole;
        if torn > 0 {
            let (kept, file) = (contents.records.len(), path.display());
            tracing::warn!(%file, kept, torn, "the end of a spool's file was torn and is cut off, in bytes");
        }
        file.set_len(contents.whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        if contents.whole == 0 {
            file.write_all(&title)?;
        }
        let records = contents.records.len();
        let synced = Arc::new(Synced { file, is_behind: AtomicBool::new(false) });
        Ok((SpoolFile { synced, path, title, records }, contents.records))
    }

    /// Adds a record.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        if self.synced.file.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} was removed", self.path.display())));
        }
        let mut bytes = Vec::with_capacity(300);
        format::push(record, &mut bytes);
        // One write, so that no more than the last record can be torn.
        (&self.synced.file).write_all(&bytes)?;
        self.records += 1;
        sync_soon(&self.synced);
        Ok(())
    }

    /// Whether it holds far more records than the `waiting` ones.
    pub fn is_overgrown(&self, waiting: usize) -> bool {
        self.records > 2 * waiting + OVERGROWN
    }

    /// Writes it anew with these records only.
    pub fn rewrite<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> io::Result<()> {
        let mut bytes = self.title.clone();
        let mut count = 0;
        for record in records {
            format::push(record, &mut bytes);
            count += 1;
        }
        let beside = self.path.with_extension("new");
        let mut file = open(&beside)?;
        file.set_len(0)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&beside, &self.path)?;
        self.synced = Arc::new(Synced { file, is_behind: AtomicBool::new(false) });
        self.records = count;
        Ok(())
    }

    /// Removes all records.
    pub fn clear(&mut self) -> io::Result<()> {
        self.synced.file.set_len(self.title.len() as u64)?;
        (&self.synced.file).seek(SeekFrom::End(0))?;
        self.records = 0;
        sync_soon(&self.synced);
        Ok(())
    }
}

impl Drop for SpoolFile {
    /// Whoever opens it next need not wait for the thread that syncs it.
    fn drop(&mut self) {
        if let Err(error) = self.synced.file.unlock() {
            let file = self.path.display();
            tracing::warn!(%file, %error, "a spool's file stays locked for a moment longer");
        }
    }
}

/// Opens a file that no other process may have open as well.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(OWNERS_ONLY).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            let text =
                format!("{} is in use by another process; give each leash a directory of its own", path.display());
            Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
        }
    }
}

/// Names may hold anything but spaces, so what is shown of them is for people and the hash tells them apart.
fn name(pool: &str, server: &str) -> String {
    let hash = xxh3_64(&format::title(pool, server));
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    let shown: String = format!("{pool}_{server}").chars().map(plain).take(SHOWN).collect();
    format!("{shown}-{hash:016x}.spool")
}

fn sync_soon(synced: &Arc<Synced>) {
    static THREAD: OnceLock<Option<Sender<Arc<Synced>>>> = OnceLock::new();
    if synced.is_behind.swap(true, Ordering::AcqRel) {
        return;
    }
    let sender = THREAD.get_or_init(|| {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("spool".into()).spawn(move || sync_all(&receiver));
        thread.map(|_| sender).inspect_err(|error| tracing::error!(%error, "spools are not synced")).ok()
    });
    if let Some(sender) = sender {
        let _ = sender.send(synced.clone());
    }
}

fn sync_all(behind: &Receiver<Arc<Synced>>) {
    while let Ok(first) = behind.recv() {
        let (mut batch, until) = (vec![first], Instant::now() + BATCH);
        while let Ok(next) = behind.recv_timeout(until.saturating_duration_since(Instant::now())) {
            batch.push(next);
        }
        for synced in batch {
            // Before the sync: what is written meanwhile must be synced once more.
            synced.is_behind.store(false, Ordering::Release);
            if let Err(error) = synced.file.sync_data() {
                tracing::error!(%error, "a spool's file cannot be synced");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::protocol::Key;

    fn record(name: &str) -> Record {
        Record { key: Key::text(name.to_string().into()).unwrap(), since: 5 }
    }

    fn reopened(directory: &Path) -> Vec<Record> {
        SpoolFile::open(directory, "main", "m0").unwrap().1
    }

    #[test]
    fn what_was_appended_is_there_after_a_restart_until_it_is_cleared() {
        let directory = tempfile::tempdir().unwrap();
        let (mut file, records) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        assert_eq!(records, []);
        file.append(&record("a")).unwrap();
        file.append(&record("b")).unwrap();
        drop(file);
        assert_eq!(reopened(directory.path()), [record("a"), record("b")]);
        let (mut file, _) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        file.clear().unwrap();
        file.append(&record("c")).unwrap();
        file.rewrite([record("d")].iter()).unwrap();
        file.append(&record("e")).unwrap();
        drop(file);
        assert_eq!(reopened(directory.path()), [record("d"), record("e")]);
    }

    #[test]
    fn a_torn_end_is_cut_off_and_what_comes_next_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        file.append(&record("a")).unwrap();
        file.append(&record("b")).unwrap();
        let path = file.path.clone();
        drop(file);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let (mut file, records) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        assert_eq!(records, [record("a")]);
        file.append(&record("c")).unwrap();
        drop(file);
        assert_eq!(reopened(directory.path()), [record("a"), record("c")]);
    }

    #[test]
    fn a_file_in_use_or_of_somebody_else_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (file, _) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        let error = SpoolFile::open(directory.path(), "main", "m0").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        let other = directory.path().join(name("main", "m1"));
        fs::write(&other, "a letter to grandmother, unfinished, and rather long").unwrap();
        let error = SpoolFile::open(directory.path(), "main", "m1").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        drop(file);
    }

    #[test]
    fn who_closes_a_file_leaves_it_to_the_next_at_once() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..100 {
            let (mut file, records) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
            assert_eq!(records.len(), number);
            file.append(&record("a")).unwrap();
        }
    }

    #[test]
    fn a_file_is_for_its_owner_only_also_when_it_was_written_anew() {
        let directory = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file.path), OWNERS_ONLY);
        file.rewrite([record("a")].iter()).unwrap();
        assert_eq!(mode(&file.path), OWNERS_ONLY);
    }

    #[test]
    fn what_is_written_to_a_file_that_was_removed_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(directory.path(), "main", "m0").unwrap();
        file.append(&record("a")).unwrap();
        fs::remove_dir_all(directory.path()).unwrap();
        assert!(file.append(&record("b")).unwrap_err().to_string().ends_with(".spool was removed"));
    }

    #[test]
    fn servers_have_files_of_their_own_whatever_their_names() {
        let names = [("a", "b_c"), ("a_b", "c"), ("a", "/run/m.sock"), ("a", "[::1]:11211")];
        let files: std::collections::HashSet<String> = names.iter().map(|(pool, server)| name(pool, server)).collect();
        assert_eq!(files.len(), names.len());
        assert!(files.iter().all(|file| !file.contains('/')));
    }
}
