//! The thread that has the queues of one directory: all workers order from it, and what they order at the same time shares
//! one wait for the disk.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::fifo::Consumer;
use super::holder::QueueHolder;
use super::order::{HolderTerms, Moment, QueueAnswer, QueueOrder, QueueRefusal};
use super::segments::SegmentFiles;

/// Orders that the thread has not looked at yet; more are refused.
const UNSEEN: usize = 65_536;
/// Orders that are carried out together at most.
const TOGETHER: usize = 4096;
/// Without `sync` the disk has what was answered after this time.
const BEHIND: Duration = Duration::from_millis(100);

type Answering = oneshot::Sender<QueueAnswer>;

enum Errand {
    Order(QueueOrder, Answering),
    Terms(HolderTerms),
}

/// The queues of one directory. The thread ends with it, once all that was ordered is done and on the disk.
pub struct Keeper {
    errands: Option<SyncSender<Errand>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Opens the queues of a directory.
    ///
    /// # Errors
    /// What the file system says, with the path; that another process has the directory.
    pub fn open(directory: &Path, terms: HolderTerms) -> io::Result<Keeper> {
        let holder = QueueHolder::open(SegmentFiles::open(directory)?, terms)?;
        let (errands, ordered) = sync_channel(UNSEEN);
        let run = move || Run { holder, is_synced: terms.sync, begun: Instant::now(), sync_at: None }.work(&ordered);
        let thread = Builder::new().name("queues".into()).spawn(run)?;
        Ok(Keeper { errands: Some(errands), thread: Some(thread) })
    }

    /// Orders at once; the answer comes later.
    pub fn order(&self, order: QueueOrder) -> impl Future<Output = QueueAnswer> + use<> {
        let (answering, answer) = oneshot::channel();
        self.send(Errand::Order(order, answering));
        async { answer.await.unwrap_or(QueueAnswer::Refused(QueueRefusal::Busy)) }
    }

    /// Gives back what a consumer has that is gone.
    pub fn leave(&self, by: Consumer) {
        drop(self.order(QueueOrder::Leave(by)));
    }

    /// Goes on with other terms.
    pub fn set_terms(&self, terms: HolderTerms) {
        self.send(Errand::Terms(terms));
    }

    /// An errand that finds no room is dropped, which its caller is told as "busy".
    fn send(&self, errand: Errand) {
        if let Some(errands) = &self.errands {
            let _ = errands.try_send(errand);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.errands = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread of the queues has failed");
        }
    }
}

/// The thread.
struct Run {
    holder: QueueHolder<SegmentFiles, Answering>,
    is_synced: bool,
    begun: Instant,
    sync_at: Option<Duration>,
}

impl Run {
    fn work(mut self, ordered: &Receiver<Errand>) {
        loop {
            let orders = match ordered.recv_timeout(self.patience()) {
                Ok(first) => self.orders(first, ordered),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let now = self.now();
            for (answering, answer) in self.holder.work(orders, now) {
                // The caller may have stopped waiting.
                let _ = answering.send(answer);
            }
            self.sync(now.up);
        }
        if let Err(error) = self.holder.sync() {
            tracing::error!(%error, "the disk does not have all messages of the queues");
        }
    }

    /// The first order and those that came meanwhile.
    fn orders(&mut self, first: Errand, ordered: &Receiver<Errand>) -> Vec<(QueueOrder, Answering)> {
        let mut orders = Vec::new();
        for errand in std::iter::once(first).chain(ordered.try_iter().take(TOGETHER)) {
            match errand {
                Errand::Order(order, answering) => orders.push((order, answering)),
                Errand::Terms(terms) => {
                    self.is_synced = terms.sync;
                    self.holder.set_terms(terms);
                }
            }
        }
        orders
    }

    fn now(&self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { up: self.begun.elapsed(), unix }
    }

    /// How long nothing is to be done unless it is ordered.
    fn patience(&self) -> Duration {
        let now = self.now();
        let due = [self.holder.wake_at(now), self.sync_at].into_iter().flatten().min();
        due.map_or(Duration::from_secs(3600), |due| due.saturating_sub(now.up))
    }

    fn sync(&mut self, now: Duration) {
        if self.is_synced {
            return;
        }
        if *self.sync_at.get_or_insert(now + BEHIND) <= now {
            self.sync_at = None;
            // The holder says so itself, and tries again.
            let _ = self.holder.sync();
        }
    }
}
