//! The directories of queues that this process has open, over all of its configurations: opened once, kept over reloads,
//! closed when the last who uses one has gone.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::{Config, QueueDirectory, Queues};
use crate::queue::{HolderTerms, Keeper, LONGEST_MESSAGE};

const _: () = assert!(LONGEST_MESSAGE == QueueDirectory::LONGEST_MESSAGE);

/// The queues of one route cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the queues in {dir}: {source}{}", cure(source))]
pub struct UnopenedQueues {
    dir: PathBuf,
    source: io::Error,
}

fn cure(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; make the directory that it is to be in, or write another as queue.dir",
        io::ErrorKind::PermissionDenied => "; let the user that leash runs as write there",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it writable, or write another as queue.dir",
        io::ErrorKind::NotADirectory => "; write a directory as queue.dir",
        _ => "",
    }
}

/// The keepers of a configuration, by the directories as they are written.
pub(super) type KeptQueues = HashMap<PathBuf, Arc<Keeper>>;

/// All keepers of the process, by what tells their directories apart.
#[derive(Default)]
pub(crate) struct Keepers(Mutex<HashMap<PathBuf, Arc<Keeper>>>);

impl Keepers {
    /// Those of `config`: what is not open yet is opened. After an error nothing more is open than before.
    pub(super) fn of(&self, config: &Config) -> Result<KeptQueues, UnopenedQueues> {
        // Opening may take a while, and others must not wait for it.
        let open = self.open().clone();
        let (mut kept, mut opened) = (KeptQueues::new(), HashMap::new());
        for (queues, directory) in directories(config) {
            let dir = &directory.dir;
            let unopened = |source| UnopenedQueues { dir: dir.clone(), source };
            let keeper = match open.get(&identity(dir)) {
                Some(keeper) => keeper.clone(),
                None => Arc::new(Keeper::open(dir, terms(queues, directory)).map_err(unopened)?),
            };
            if opened.insert(identity(dir), keeper.clone()).is_some() {
                let text = "another route has the same directory; give each its own";
                return Err(unopened(io::Error::new(io::ErrorKind::ResourceBusy, text)));
            }
            kept.insert(dir.clone(), keeper);
        }
        self.open().extend(opened);
        Ok(kept)
    }

    /// Those that nobody uses any more: dropped, they close. That may take as long as their disks.
    pub(crate) fn unused(&self) -> Vec<Arc<Keeper>> {
        let mut open = self.open();
        let unused = open.extract_if(|_, keeper| Arc::strong_count(keeper) == 1);
        unused.map(|(_, keeper)| keeper).collect()
    }

    /// Lets nobody wait for a message any more.
    pub(crate) fn end_waits(&self) {
        self.open().values().for_each(|keeper| keeper.end_waits());
    }

    /// Ends all of them, once the disk has everything.
    pub(crate) fn close(&self) {
        let open: Vec<Arc<Keeper>> = self.open().drain().map(|(_, keeper)| keeper).collect();
        open.iter().for_each(|keeper| keeper.close());
    }

    fn open(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Keeper>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes on with the terms of `config`.
pub(super) fn set_terms(config: &Config, kept: &KeptQueues) {
    for (queues, directory) in directories(config) {
        if let Some(keeper) = kept.get(&directory.dir) {
            keeper.set_terms(terms(queues, directory));
        }
    }
}

fn directories(config: &Config) -> impl Iterator<Item = (&Queues, &QueueDirectory)> {
    let queues = config.routes.iter().filter_map(|route| route.queues());
    queues.filter_map(|queues| Some((queues, queues.directory()?)))
}

fn terms(queues: &Queues, directory: &QueueDirectory) -> HolderTerms {
    let bound = |most: Option<usize>| most.map_or(u64::MAX, |most| most as u64);
    HolderTerms {
        reserve: queues.reserve,
        max_items: bound(directory.max_items),
        max_bytes: bound(directory.max_bytes),
        max_message: directory.max_message,
        sync: directory.sync,
        max_redeliveries: directory.max_redeliveries.map(|most| u16::try_from(most).unwrap_or(u16::MAX)),
        ..HolderTerms::default()
    }
}

/// What tells a directory apart, however it is written: where it really is.
fn identity(dir: &Path) -> PathBuf {
    dir.canonicalize().or_else(|_| std::path::absolute(dir)).unwrap_or_else(|_| dir.into())
}
