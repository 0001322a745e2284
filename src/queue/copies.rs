//! Segments as they were found damaged, kept beside for people: each damage once, and all copies together within a bound. leash
//! reads none of them but to see whether it has one already, and removes none.
//!
//! ```text
//!   0000000007.damaged        how segment 7 was found
//!   0000000007.damaged-2      how it was found when it had been damaged once more
//!   0000000007.damaged.new    a copy that is not whole yet
//! ```

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// So many copies are kept, and so many bytes of them: they take room from the queues.
const MOST: usize = 64;
const MOST_BYTES: u64 = 1 << 30;
/// What stands behind the number of its segment in the name of the first copy, and of one that is not whole yet.
const FIRST: &str = "damaged";
const HALF: &str = "damaged.new";
/// So much is compared at once.
const PIECE: usize = 64 << 10;

/// Keeps a copy of the segment at `path`, unless there is one that has all of it; tells where that is.
///
/// # Errors
/// What the file system says; that there are as many copies as are kept.
pub(super) fn keep(path: &Path) -> io::Result<PathBuf> {
    let all = all_beside(path)?;
    for before in all.iter().filter(|before| before.file_stem() == path.file_stem()) {
        if begins_with(before, path)? {
            return Ok(before.clone());
        }
    }
    room(&all, fs::metadata(path)?.len())?;
    let mut which = 1;
    while all.contains(&copy(path, which)) {
        which += 1;
    }
    let (half, own) = (path.with_extension(HALF), copy(path, which));
    // What is damaged may be cut next: until then the disk must have the copy.
    let kept = fs::copy(path, &half)
        .and_then(|_| File::open(&half)?.sync_all())
        .and_then(|()| fs::rename(&half, &own))
        .and_then(|()| File::open(directory(path))?.sync_all());
    if kept.is_err() {
        // What there was room for only takes it from others.
        let _ = fs::remove_file(&half);
    }
    kept.map(|()| own)
}

/// How many there are in a directory.
pub(super) fn count(directory: &Path) -> io::Result<u64> {
    Ok(all_beside(&directory.join(FIRST))?.len() as u64)
}

/// Whether the name of a file ends so behind the number of a segment, if it is a copy.
pub(super) fn is_kind(kind: &str) -> bool {
    let number = |which: &str| which.parse().is_ok_and(|number: usize| number > 1 && number.to_string() == which);
    kind == FIRST || kind == HALF || kind.strip_prefix("damaged-").is_some_and(number)
}

fn copy(path: &Path, which: usize) -> PathBuf {
    path.with_extension(if which == 1 { FIRST.to_string() } else { format!("{FIRST}-{which}") })
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// All copies in the directory of `path` that are whole.
fn all_beside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory(path))? {
        let path = entry?.path();
        let kind = path.file_name().and_then(OsStr::to_str).and_then(|name| name.split_once('.'));
        if kind.is_some_and(|(_, kind)| kind != HALF && is_kind(kind)) {
            all.push(path);
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// Whether there may be one more of so many bytes: the first, however many it has.
fn room(all: &[PathBuf], bytes: u64) -> io::Result<()> {
    let sizes = all.iter().map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len()));
    let (count, held) = (all.len(), sizes.sum::<u64>());
    if count == 0 || (count < MOST && held.saturating_add(bytes) <= MOST_BYTES) {
        return Ok(());
    }
    let text = format!("there are {count} copies of {held} bytes already, move them away");
    Err(io::Error::new(ErrorKind::QuotaExceeded, text))
}

/// Whether a file begins with all of another one.
fn begins_with(longer: &Path, shorter: &Path) -> io::Result<bool> {
    let (mut longer, mut shorter) = (File::open(longer)?, File::open(shorter)?);
    let (mut ours, mut theirs) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
    loop {
        ours.clear();
        theirs.clear();
        shorter.by_ref().take(PIECE as u64).read_to_end(&mut ours)?;
        longer.by_ref().take(ours.len() as u64).read_to_end(&mut theirs)?;
        if ours.is_empty() || ours != theirs {
            return Ok(ours.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a segment of this name is found as, and where that is kept then.
    fn found(path: &Path, bytes: &[u8]) -> io::Result<String> {
        fs::write(path, bytes).unwrap();
        let kept = keep(path)?;
        assert!(fs::read(&kept)?.starts_with(bytes), "all of it is kept");
        Ok(kept.file_name().unwrap().to_string_lossy().into_owned())
    }

    #[test]
    fn each_damage_is_kept_once_and_what_was_cut_since_is_no_other() {
        let place = tempfile::tempdir().unwrap();
        let (path, other) = (place.path().join("0000000007.queue"), place.path().join("0000000008.queue"));
        let long = vec![b'x'; 2 * PIECE + 9];
        let mut worse = long.clone();
        worse[PIECE + 3] ^= 1;
        for (bytes, expected) in [
            (&long[..], "0000000007.damaged"),
            (&long[..PIECE], "0000000007.damaged"),
            (b"", "0000000007.damaged"),
            (&worse, "0000000007.damaged-2"),
            (&worse[..PIECE + 4], "0000000007.damaged-2"),
            (b"another", "0000000007.damaged-3"),
            (&long, "0000000007.damaged"),
        ] {
            assert_eq!(found(&path, bytes).unwrap(), expected);
        }
        assert_eq!(found(&other, b"another").unwrap(), "0000000008.damaged");
        assert_eq!(count(place.path()).unwrap(), 4);
        assert!(["damaged", "damaged.new", "damaged-2", "damaged-10"].into_iter().all(is_kind));
        assert!(!["damaged-1", "damaged-02", "damaged-", "queue", "damaged-2.new"].into_iter().any(is_kind));
    }

    #[test]
    fn copies_are_so_many_and_so_long_at_most_and_one_that_is_there_is_found_all_the_same() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("0000000007.queue");
        let full = |kept: io::Result<String>| kept.is_err_and(|error| error.kind() == ErrorKind::QuotaExceeded);
        for number in 0..MOST {
            found(&path, format!("damage {number}.").as_bytes()).unwrap();
        }
        assert!(full(found(&path, b"one more")));
        assert_eq!(found(&path, b"damage 1.").unwrap(), "0000000007.damaged-2");
        fs::remove_file(place.path().join("0000000007.damaged-3")).unwrap();
        assert_eq!(found(&path, b"one more").unwrap(), "0000000007.damaged-3");
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("0000000007.queue");
        File::create(place.path().join("0000000009.damaged")).unwrap().set_len(MOST_BYTES - 8).unwrap();
        assert!(full(found(&path, b"nine more")));
        assert_eq!(found(&path, b"one more").unwrap(), "0000000007.damaged");
        assert!(room(&[], MOST_BYTES + 1).is_ok(), "the first one may be as long as it is");
    }
}
