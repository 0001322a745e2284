//! Where a spool has its files, what they are called, and that no other process has them.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::version::{Owner, Version, owner};
use crate::runtime::locked_file::LockedFile;
use crate::runtime::pieces::ByteSource;

/// Characters of names that are seen in the name of a file.
const SHOWN: usize = 40;

/// The place of the spool of one server.
pub(super) struct SpoolPlace {
    /// Where all spools are.
    pub directory: PathBuf,
    /// The name of the server's pool.
    pub pool: Arc<str>,
    /// The server's own.
    pub server: Arc<str>,
}

impl SpoolPlace {
    /// The line that its files begin with.
    pub(super) fn title(&self) -> Vec<u8> {
        Version::Two.title(&self.pool, &self.server)
    }

    /// Whose `source` is: this server's?
    pub(super) fn owner_of(&self, source: impl ByteSource) -> io::Result<Owner> {
        owner(source, &self.pool, &self.server)
    }

    /// The file that is appended to.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(name(&self.pool, &self.server))
    }

    /// Where that file is written anew before it takes the place of the one before.
    pub(super) fn aside(&self) -> PathBuf {
        self.path().with_extension("new")
    }

    /// The path of a file that an earlier process left and that is too much for memory; numbered, the oldest first.
    pub(super) fn earlier(&self, number: u64) -> PathBuf {
        self.path().with_extension(format!("earlier-{number}"))
    }

    /// The numbers of such files that there are, in order.
    pub(super) fn earlier_numbers(&self) -> io::Result<Vec<u64>> {
        let mine = self.path().with_extension("");
        let number = |name: &Path| {
            let extension = (name.with_extension("") == mine).then(|| name.extension()?.to_str()).flatten()?;
            extension.strip_prefix("earlier-")?.parse::<u64>().ok()
        };
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            numbers.extend(number(&entry?.path()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Opens a file that no other process may have open as well.
pub(super) fn open(path: &Path) -> io::Result<LockedFile> {
    LockedFile::open(path).map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => {
            let text =
                format!("{} is in use by another process; give each leash a directory of its own", path.display());
            io::Error::new(io::ErrorKind::ResourceBusy, text)
        }
    })
}

/// What a file is refused for that is no spool of this server.
pub(super) fn foreign(path: &Path) -> io::Error {
    let text = format!("{} is not the spool of this server; move it away", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Names may hold anything but spaces, so what is shown of them is for people and the hash tells them apart. It is that
/// of the first version's title for good, so that what earlier versions of leash left is found.
fn name(pool: &str, server: &str) -> String {
    let hash = xxh3_64(&Version::One.title(pool, server));
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    let shown: String = format!("{pool}_{server}").chars().map(plain).take(SHOWN).collect();
    format!("{shown}-{hash:016x}.spool")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_files_of_their_own_whatever_their_names() {
        let names = [("a", "b_c"), ("a_b", "c"), ("a", "/run/m.sock"), ("a", "[::1]:11211")];
        let files: std::collections::HashSet<String> = names.iter().map(|(pool, server)| name(pool, server)).collect();
        assert_eq!(files.len(), names.len());
        assert!(files.iter().all(|file| !file.contains('/')));
    }

    #[test]
    fn what_earlier_processes_left_is_found_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let place = |server: &str| SpoolPlace {
            directory: directory.path().into(),
            pool: "main".into(),
            server: server.into(),
        };
        let (mine, others) = (place("m0.a"), place("m0.b"));
        for path in [mine.earlier(10), mine.earlier(2), others.earlier(1), mine.path(), mine.aside()] {
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(mine.earlier_numbers().unwrap(), [2, 10]);
        assert_eq!(others.earlier_numbers().unwrap(), [1]);
    }
}
