//! Notices that the content of a file has changed, by reading it now and then.
//!
//! A watch would miss the change that matters most: a mounted ConfigMap is a symlink to a directory that is swapped.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval_at, sleep};
use xxhash_rust::xxh3::xxh3_128;

use crate::runtime::net::lacks_descriptors;

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_secs(5);
/// How long a changed file must stay as it is: its writer may not be done yet.
const SETTLE: Duration = Duration::from_millis(200);
/// More of a file than this is not looked at; a configuration that long is refused anyway.
const MOST: u64 = 2 << 20;

/// A file, and what it was when it was last looked at.
pub(super) struct Content {
    path: Option<PathBuf>,
    seen: Look,
}

/// What stands in a file; `None` if it cannot be read.
type Look = Option<u128>;

impl Content {
    /// The file at `path` as it is now; without a path nothing ever changes.
    pub(super) fn of(path: Option<&Path>) -> Content {
        Content { path: path.map(Path::to_owned), seen: path.and_then(|path| look(path, None)) }
    }

    /// Notes the file's content as it is now, so that it does not count as changed.
    pub(super) async fn note(&mut self) {
        if let Some(path) = &self.path {
            self.seen = look_at(path, self.seen).await;
        }
    }

    /// Ready once the file is another one than was noted, and has been that for a moment. May be dropped at any time.
    pub(super) async fn changed(&self) {
        let Some(path) = &self.path else { return std::future::pending().await };
        let mut looks = interval_at(tokio::time::Instant::now() + PERIOD, PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let mut last = look_at(path, self.seen).await;
            while last != self.seen {
                sleep(SETTLE).await;
                let now = look_at(path, last).await;
                if now == last {
                    return;
                }
                last = now;
            }
        }
    }
}

/// On a thread that may wait: a file can be on a slow disk, and this one accepts clients.
async fn look_at(path: &Path, seen: Look) -> Look {
    let path = path.to_owned();
    spawn_blocking(move || look(&path, seen)).await.ok().flatten()
}

/// What the file is now; without a descriptor to look, what was `seen` before.
fn look(path: &Path, seen: Look) -> Look {
    let read = || -> io::Result<u128> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
        Ok(xxh3_128(&bytes))
    };
    match read() {
        Err(error) if lacks_descriptors(&error) => seen,
        content => content.ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn another_target_behind_the_same_links_is_another_content() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, text) in [("v1", "one"), ("v2", "two")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("file"), text).unwrap();
        }
        symlink("v1", at("data")).unwrap();
        symlink("data/file", at("file")).unwrap();
        let content = Content::of(Some(&at("file")));
        assert_eq!(look(&at("file"), None), content.seen);
        symlink("v2", at("next")).unwrap();
        fs::rename(at("next"), at("data")).unwrap();
        assert_ne!(look(&at("file"), None), content.seen);
        fs::remove_file(at("data")).unwrap();
        assert_eq!(look(&at("file"), None), None);
    }
}
