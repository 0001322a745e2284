//! The thread that has the queues of one directory: all workers order from it, and what they order at the same time shares
//! one wait for the disk.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::fifo::Consumer;
use super::figures::HolderFigures;
use super::holder::QueueHolder;
use super::order::{HolderTerms, Moment, QueueAnswer, QueueOrder, QueueRefusal};
use super::segments::SegmentFiles;
use super::syncing::{SyncEnd, Syncing};

/// Orders that the thread has not looked at yet; more are refused.
const UNSEEN: usize = 65_536;
/// Orders that are carried out together at most.
const TOGETHER: usize = 4096;
/// How long figures are waited for.
const TELLS: Duration = Duration::from_millis(500);

/// Who hears an answer.
enum Answering {
    /// A task.
    Task(oneshot::Sender<QueueAnswer>),
    /// A thread that may be blocked.
    Thread(SyncSender<QueueAnswer>),
    Nobody,
}

impl Answering {
    /// Whoever asked may have stopped waiting.
    fn send(self, answer: QueueAnswer) {
        match self {
            Answering::Task(to) => drop(to.send(answer)),
            Answering::Thread(to) => drop(to.try_send(answer)),
            Answering::Nobody => {}
        }
    }
}

enum Errand {
    Order(QueueOrder, Answering),
    /// There is something new to be [told](KeeperTold).
    Look,
    /// The disk has what was answered some time ago.
    Synced(SyncEnd),
    /// Nothing follows.
    End,
}

impl From<SyncEnd> for Errand {
    fn from(end: SyncEnd) -> Errand {
        Errand::Synced(end)
    }
}

/// What the thread is told beside orders, and must not miss however many of these there are.
#[derive(Default)]
struct KeeperTold {
    terms: Option<HolderTerms>,
    is_ending: bool,
    /// Consumers that are gone, for which there was no room among the orders.
    gone: Vec<Consumer>,
}

/// The queues of one directory. The thread ends with it, once all that was ordered is done and on the disk.
pub struct Keeper {
    errands: SyncSender<Errand>,
    told: Arc<Mutex<KeeperTold>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// As they were told last.
    figures: Mutex<HolderFigures>,
    /// Orders that were not even looked at.
    turned_away: AtomicU64,
}

impl Keeper {
    /// Opens the queues of a directory.
    ///
    /// # Errors
    /// What the file system says, with the path; that another process has the directory.
    pub fn open(directory: &Path, terms: HolderTerms) -> io::Result<Keeper> {
        let holder = QueueHolder::open(SegmentFiles::open(directory)?, terms)?;
        let (errands, ordered) = sync_channel(UNSEEN);
        let told = Arc::<Mutex<KeeperTold>>::default();
        let (syncing, begun) = (Syncing::new(errands.clone()), Instant::now());
        let run = Run { holder, told: told.clone(), is_synced: terms.sync, begun, syncing };
        let thread = Builder::new().name("queues".into()).spawn(move || run.work(&ordered))?;
        let (figures, turned_away, thread) = (Mutex::default(), AtomicU64::new(0), Mutex::new(Some(thread)));
        Ok(Keeper { errands, told, thread, figures, turned_away })
    }

    /// Orders at once; the answer comes later.
    pub fn order(&self, order: QueueOrder) -> impl Future<Output = QueueAnswer> + use<> {
        let (answering, answer) = oneshot::channel();
        self.send(Errand::Order(order, Answering::Task(answering)));
        async { answer.await.unwrap_or(QueueAnswer::Refused(QueueRefusal::Busy)) }
    }

    /// Gives back what a consumer has that is gone.
    pub fn leave(&self, by: Consumer) {
        let order = Errand::Order(QueueOrder::Leave(by), Answering::Nobody);
        if let Err(TrySendError::Full(_)) = self.errands.try_send(order) {
            lock(&self.told).gone.push(by);
        }
    }

    /// How the queues are. Blocks until the thread has told, but not for longer than a disk may take; then it is what was
    /// told last.
    pub(crate) fn figures(&self) -> HolderFigures {
        let (answering, answer) = sync_channel(1);
        self.send(Errand::Order(QueueOrder::Figures, Answering::Thread(answering)));
        let mut figures = lock(&self.figures);
        if let Ok(QueueAnswer::Figures(told)) = answer.recv_timeout(TELLS) {
            *figures = told;
        }
        let mut figures = figures.clone();
        figures.refused.busy = self.turned_away.load(Relaxed);
        figures
    }

    /// Goes on with other terms.
    pub fn set_terms(&self, terms: HolderTerms) {
        lock(&self.told).terms = Some(terms);
        self.send(Errand::Look);
    }

    /// Answers all consumers that wait for a message; from now on none waits.
    pub fn end_waits(&self) {
        lock(&self.told).is_ending = true;
        self.send(Errand::Look);
    }

    /// Ends the thread, once all that was ordered is done and on the disk. What was reserved is in its place again when
    /// the directory is opened the next time.
    pub fn close(&self) {
        let Some(thread) = lock(&self.thread).take() else { return };
        // If it is not there to hear this, it has ended.
        let _ = self.errands.send(Errand::End);
        if thread.join().is_err() {
            tracing::error!("the thread of the queues has failed");
        }
    }

    /// An errand that finds no room is dropped, which its caller is told as "busy".
    fn send(&self, errand: Errand) {
        if let Err(TrySendError::Full(Errand::Order(QueueOrder::Put { .. }, _))) = self.errands.try_send(errand) {
            self.turned_away.fetch_add(1, Relaxed);
        }
    }
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
    holder: QueueHolder<SegmentFiles, Answering>,
    told: Arc<Mutex<KeeperTold>>,
    is_synced: bool,
    begun: Instant,
    syncing: Syncing<Errand>,
}

impl Run {
    fn work(mut self, ordered: &Receiver<Errand>) {
        let mut is_over = false;
        while !is_over {
            let first = ordered.recv_timeout(self.patience());
            is_over = matches!(first, Err(RecvTimeoutError::Disconnected));
            // Of those who are gone by now all orders are there.
            let gone = std::mem::take(&mut lock(&self.told).gone);
            let errands: Vec<Errand> = first.into_iter().chain(ordered.try_iter()).take(TOGETHER).collect();
            let (is_all, mut orders) = (errands.len() < TOGETHER, Vec::with_capacity(errands.len()));
            for errand in errands {
                match errand {
                    Errand::Order(order, answering) => orders.push((order, answering)),
                    Errand::Look => {}
                    Errand::Synced(end) => self.syncing.end(&mut self.holder, end),
                    Errand::End => is_over = true,
                }
            }
            self.give_back(gone, is_all, &mut orders);
            self.listen();
            self.carry_out(orders);
        }
        if let Err(error) = self.holder.sync() {
            tracing::error!(%error, "the disk does not have all messages of the queues");
        }
    }

    fn carry_out(&mut self, orders: Vec<(QueueOrder, Answering)>) {
        let now = self.now();
        for (answering, answer) in self.holder.work(orders, now) {
            answering.send(answer);
        }
        if !self.is_synced {
            self.syncing.look(&mut self.holder, now.up);
        }
    }

    /// Orders that what consumers have is given back, behind all that they ordered themselves: once all of it is there.
    fn give_back(&self, gone: Vec<Consumer>, is_all: bool, orders: &mut Vec<(QueueOrder, Answering)>) {
        if is_all {
            orders.extend(gone.into_iter().map(|by| (QueueOrder::Leave(by), Answering::Nobody)));
        } else {
            lock(&self.told).gone.extend(gone);
        }
    }

    /// Takes in what is told beside orders.
    fn listen(&mut self) {
        let mut told = lock(&self.told);
        if let Some(terms) = told.terms.take() {
            self.is_synced = terms.sync;
            self.holder.set_terms(terms);
        }
        if told.is_ending {
            self.holder.end_all_waits();
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
