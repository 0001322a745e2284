//! A file that one process has at a time (flock(2)), until it lets go of it.
//!
//! The kernel ends such a lock when the last descriptor of the file is closed. A thread that syncs the file may still have
//! one, and so has a child process for a moment, from its fork to its exec. So the lock is given back by name: who opens the
//! file next need not wait for either.

use std::fs::{File, OpenOptions, TryLockError};
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// Rights of files that hold keys, which may be private.
pub(crate) const OWNERS_ONLY: u32 = 0o600;

/// The file, and that no other process has it for as long as this lives.
pub(crate) struct LockedFile(Arc<File>);

impl LockedFile {
    /// Opens the file, and makes it if it is not there, for its owner only.
    ///
    /// # Errors
    /// What the file system says; `WouldBlock` if somebody else has it.
    pub(crate) fn open(path: &Path) -> Result<LockedFile, TryLockError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(OWNERS_ONLY);
        let file = options.open(path).map_err(TryLockError::Error)?;
        file.try_lock()?;
        Ok(LockedFile(Arc::new(file)))
    }
}

/// Whoever has a clone of it can read and write for longer than the lock is held.
impl Deref for LockedFile {
    type Target = Arc<File>;

    fn deref(&self) -> &Arc<File> {
        &self.0
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // If the kernel does not, it does when the last descriptor is closed.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_and_the_next_need_not_wait_until_all_descriptors_are_closed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let first = LockedFile::open(&path).unwrap();
        let descriptors = (first.clone(), first.try_clone().unwrap());
        assert!(matches!(LockedFile::open(&path), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(LockedFile::open(&path).is_ok(), "it is given back though descriptors are open: {descriptors:?}");
    }

    #[test]
    fn what_the_file_system_says_is_told() {
        let refused = LockedFile::open(Path::new("/no/such/file"));
        assert!(matches!(refused, Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::NotFound));
    }
}
