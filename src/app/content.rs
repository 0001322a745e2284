//! Notices that the content of one of some files has changed, by reading them now and then: the configuration, and the
//! certificates, keys and passwords that it names.
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

/// Files, and what they were when they were last looked at.
pub(super) struct Content {
    paths: Vec<PathBuf>,
    seen: Vec<Look>,
}

/// What stands in a file; `None` if it cannot be read.
type Look = Option<u128>;

impl Content {
    /// The files at `paths` as they are now; without any nothing ever changes.
    pub(super) fn of(paths: Vec<PathBuf>) -> Content {
        Content { seen: paths.iter().map(|path| look(path, None)).collect(), paths }
    }

    /// Notes the files' content as it is now, so that it does not count as changed.
    pub(super) async fn note(&mut self) {
        self.seen = look_at(&self.paths, &self.seen).await;
    }

    /// From now on it is about these files. Those it was about before stay as they were noted.
    pub(super) async fn turn_to(&mut self, paths: Vec<PathBuf>) {
        let now = look_at(&paths, &vec![None; paths.len()]).await;
        let noted = |path: &PathBuf| self.paths.iter().position(|known| known == path).map(|place| self.seen[place]);
        self.seen = paths.iter().zip(now).map(|(path, now)| noted(path).unwrap_or(now)).collect();
        self.paths = paths;
    }

    /// Ready once a file is another one than was noted, and has been that for a moment. May be dropped at any time.
    pub(super) async fn changed(&self) {
        if self.paths.is_empty() {
            return std::future::pending().await;
        }
        let mut looks = interval_at(tokio::time::Instant::now() + PERIOD, PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let mut last = look_at(&self.paths, &self.seen).await;
            while last != self.seen {
                sleep(SETTLE).await;
                let now = look_at(&self.paths, &last).await;
                if now == last {
                    return;
                }
                last = now;
            }
        }
    }
}

/// On a thread that may wait: a file can be on a slow disk, and this one accepts clients.
async fn look_at(paths: &[PathBuf], seen: &[Look]) -> Vec<Look> {
    let (paths, before) = (paths.to_vec(), seen.to_vec());
    let looked = spawn_blocking(move || paths.iter().zip(before).map(|(path, seen)| look(path, seen)).collect());
    looked.await.unwrap_or_else(|_| seen.to_vec())
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
        let content = Content::of(vec![at("file")]);
        assert_eq!([look(&at("file"), None)], *content.seen);
        symlink("v2", at("next")).unwrap();
        fs::rename(at("next"), at("data")).unwrap();
        assert_ne!([look(&at("file"), None)], *content.seen);
        fs::remove_file(at("data")).unwrap();
        assert_eq!(look(&at("file"), None), None);
    }
}
