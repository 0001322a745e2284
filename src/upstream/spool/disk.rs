//! The thread that waits for disks, so that no worker does: it syncs what was written in the last tenth of a second
//! together, and does all other work that may take as long as a disk. If the whole machine fails, that tenth may be
//! lost.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

/// What is written within this time reaches the disk together.
const BATCH: Duration = Duration::from_millis(100);

/// A file, and whether the disk has all of it.
pub(super) struct Synced {
    file: Arc<File>,
    is_behind: AtomicBool,
    /// Why the disk does not have what was written, once it has said so. How much of the file it has is not known from
    /// then on: it says so once, and forgets.
    lost: OnceLock<String>,
    trouble: Arc<Notify>,
}

impl Synced {
    /// Nothing was written to `file`. `trouble` is told when that is lost.
    pub(super) fn new(file: Arc<File>, trouble: Arc<Notify>) -> Arc<Synced> {
        Arc::new(Synced { file, is_behind: AtomicBool::new(false), lost: OnceLock::new(), trouble })
    }

    /// Whether nothing of it is lost, so far as is known.
    pub(super) fn is_sound(&self) -> io::Result<()> {
        self.lost.get().map_or(Ok(()), |why| Err(io::Error::other(why.clone())))
    }

    fn sync(&self) {
        // Before the sync: what is written meanwhile must be synced once more.
        self.is_behind.store(false, Ordering::Release);
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "a spool's file cannot be synced");
            let _ = self.lost.set(error.to_string());
            self.trouble.notify_one();
        }
    }
}

enum Job {
    Sync(Arc<Synced>),
    Other(Box<dyn FnOnce() + Send>),
}

/// Sees to it that the disk has all of the file soon.
pub(super) fn sync_soon(synced: &Arc<Synced>) {
    if !synced.is_behind.swap(true, Ordering::AcqRel) {
        send(Job::Sync(synced.clone()));
    }
}

/// Does `work` on the thread. `None` if there is no such thread.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, told) = oneshot::channel();
    send(Job::Other(Box::new(move || drop(done.send(work())))));
    told.await.ok()
}

fn send(job: Job) {
    static THREAD: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    let sender = THREAD.get_or_init(|| {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("spool".into()).spawn(move || work(&receiver));
        thread.map(|_| sender).inspect_err(|error| tracing::error!(%error, "spools are not synced")).ok()
    });
    if let Some(sender) = sender {
        let _ = sender.send(job);
    }
}

fn work(jobs: &Receiver<Job>) {
    let (mut behind, mut until) = (Vec::new(), None::<Instant>);
    loop {
        let patience = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        match jobs.recv_timeout(patience) {
            Ok(Job::Sync(synced)) => {
                behind.push(synced);
                until.get_or_insert_with(|| Instant::now() + BATCH);
            }
            Ok(Job::Other(work)) => work(),
            Err(RecvTimeoutError::Timeout) => {
                until = None;
                behind.drain(..).for_each(|synced: Arc<Synced>| synced.sync());
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
