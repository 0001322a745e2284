//! The thread that has the queues of one directory: all workers order from it, and what they order at the same time shares
//! one wait for the disk.
//!
//! ```text
//!   workers, tasks ─▶ inbox ─▶ thread: holder ─▶ mailbox of each worker
//! ```

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::fifo::Consumer;
use super::figures::HolderFigures;
use super::holder::QueueHolder;
use super::inbox::{KeeperInbox, KeeperNews, Ordered, Seen};
use super::last_figures::LastFigures;
use super::mailbox::{AnswerTo, QueueMailbox};
use super::order::{HolderTerms, Moment, QueueAnswer, QueueOrder, QueueRefusal};
use super::segments::SegmentFiles;
use super::syncing::Syncing;

/// How long figures are waited for.
const TELLS: Duration = Duration::from_millis(500);

/// The queues of one directory. The thread ends with it, once all that was ordered is done and on the disk.
pub struct Keeper {
    inbox: Arc<KeeperInbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
    figures: Mutex<LastFigures>,
    /// Messages that were not even looked at.
    turned_away: AtomicU64,
}

impl Keeper {
    /// Opens the queues of a directory.
    ///
    /// # Errors
    /// What the file system says, with the path; that another process has the directory.
    pub fn open(directory: &Path, terms: HolderTerms) -> io::Result<Keeper> {
        let holder = QueueHolder::open(SegmentFiles::open(directory)?, terms)?;
        let inbox = Arc::<KeeperInbox>::default();
        let news = inbox.clone();
        let syncing = Syncing::new(move |end| news.tell(KeeperNews::Synced(end)));
        let run = Run { holder, inbox: inbox.clone(), is_synced: terms.sync, begun: Instant::now(), syncing };
        let thread = Builder::new().name("queues".into()).spawn(move || run.work())?;
        let (figures, turned_away, thread) = (Mutex::default(), AtomicU64::new(0), Mutex::new(Some(thread)));
        Ok(Keeper { inbox, thread, figures, turned_away })
    }

    /// Orders at once; the answer comes later.
    pub fn order(&self, order: QueueOrder) -> impl Future<Output = QueueAnswer> + use<> {
        let (answering, answer) = oneshot::channel();
        self.send([(order, AnswerTo::Task(answering))]);
        async { answer.await.unwrap_or(QueueAnswer::Refused(QueueRefusal::Busy)) }
    }

    /// Orders all that a worker has gathered. The answers to those with a number come to `mailbox` under it.
    pub(crate) fn order_all(&self, orders: &mut Vec<(QueueOrder, Option<u64>)>, mailbox: &Arc<QueueMailbox>) {
        let answering = |number: Option<u64>| match number {
            Some(number) => AnswerTo::Worker(mailbox.clone(), number),
            None => AnswerTo::Nobody,
        };
        self.send(orders.drain(..).map(|(order, number)| (order, answering(number))));
    }

    /// Gives back what a consumer has that is gone.
    pub fn leave(&self, by: Consumer) {
        self.send([(QueueOrder::Leave(by), AnswerTo::Nobody)]);
    }

    /// How the queues are. Blocks until the thread has told, but not for longer than a disk may take; then it is what was
    /// told last, and what is told late is told the next time.
    pub(crate) fn figures(&self) -> HolderFigures {
        let mut figures = lock(&self.figures).newest(TELLS, || {
            let (answering, answer) = sync_channel(1);
            self.send([(QueueOrder::Figures, AnswerTo::Thread(answering))]);
            answer
        });
        figures.refused.busy = self.turned_away.load(Relaxed);
        figures
    }

    /// Goes on with other terms.
    pub fn set_terms(&self, terms: HolderTerms) {
        self.inbox.tell(KeeperNews::Terms(terms));
    }

    /// Answers all consumers that wait for a message; from now on none waits.
    pub fn end_waits(&self) {
        self.inbox.tell(KeeperNews::EndWaits);
    }

    /// Ends the thread, once all that was ordered is done and on the disk. What was reserved is in its place again when
    /// the directory is opened the next time.
    pub fn close(&self) {
        let Some(thread) = lock(&self.thread).take() else { return };
        self.inbox.tell(KeeperNews::End);
        if thread.join().is_err() {
            tracing::error!("the thread of the queues has failed");
        }
    }

    /// Orders for which there is no room are answered at once.
    fn send(&self, orders: impl IntoIterator<Item = Ordered>) {
        let turned_away = self.inbox.order(orders);
        let puts = turned_away.iter().filter(|(order, _)| matches!(order, QueueOrder::Put { .. })).count();
        self.turned_away.fetch_add(puts as u64, Relaxed);
        refuse(turned_away);
    }
}

fn refuse(orders: Vec<Ordered>) {
    let mut asleep = Vec::new();
    orders.into_iter().for_each(|(_, to)| to.tell(QueueAnswer::Refused(QueueRefusal::Busy), &mut asleep));
    asleep.iter().for_each(|mailbox| mailbox.wake());
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.close();
    }
}

/// The thread.
struct Run {
    holder: QueueHolder<SegmentFiles, AnswerTo>,
    inbox: Arc<KeeperInbox>,
    is_synced: bool,
    begun: Instant,
    syncing: Syncing,
}

impl Run {
    fn work(mut self) {
        let (mut seen, mut asleep, mut is_over) = (Seen::default(), Vec::new(), false);
        while !(is_over && seen.is_all) {
            self.inbox.take(self.patience(), &mut seen);
            for news in seen.news.drain(..) {
                is_over |= matches!(news, KeeperNews::End);
                self.hear(news);
            }
            self.carry_out(seen.orders.drain(..), &mut asleep);
        }
        refuse(self.inbox.close());
        if let Err(error) = self.holder.sync() {
            tracing::error!(%error, "the disk does not have all messages of the queues");
        }
    }

    fn hear(&mut self, news: KeeperNews) {
        match news {
            KeeperNews::Terms(terms) => {
                self.is_synced = terms.sync;
                self.holder.set_terms(terms);
            }
            KeeperNews::EndWaits => self.holder.end_all_waits(),
            KeeperNews::Synced(end) => self.syncing.end(&mut self.holder, end),
            KeeperNews::End => {}
        }
    }

    fn carry_out(&mut self, orders: impl Iterator<Item = Ordered>, asleep: &mut Vec<Arc<QueueMailbox>>) {
        let now = self.now();
        for (answering, answer) in self.holder.work(orders, now) {
            answering.tell(answer, asleep);
        }
        asleep.drain(..).for_each(|mailbox| mailbox.wake());
        if !self.is_synced {
            self.syncing.look(&mut self.holder, now.up);
        }
    }

    fn now(&self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { up: self.begun.elapsed(), unix }
    }

    /// How long nothing is to be done unless it is ordered.
    fn patience(&self) -> Duration {
        let now = self.now();
        let syncs = self.syncing.due().filter(|_| !self.is_synced);
        let due = [self.holder.wake_at(now), syncs].into_iter().flatten().min();
        due.map_or(Duration::from_secs(3600), |due| due.saturating_sub(now.up))
    }
}
