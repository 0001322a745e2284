//! Answers on their way from the thread of the queues to those who ordered. All that one batch answers to a worker it finds
//! together, and is woken for once.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use super::order::QueueAnswer;

/// Who hears an answer.
pub(super) enum AnswerTo {
    /// A worker, which knows the order by this number.
    Worker(Arc<QueueMailbox>, u64),
    /// A task.
    Task(oneshot::Sender<QueueAnswer>),
    /// A thread that may be blocked.
    Thread(SyncSender<QueueAnswer>),
    Nobody,
}

impl AnswerTo {
    /// Hands the answer over. Those who may have to be woken for it are added to `asleep`: once the batch is answered.
    pub(super) fn tell(self, answer: QueueAnswer, asleep: &mut Vec<Arc<QueueMailbox>>) {
        match self {
            AnswerTo::Worker(mailbox, number) => {
                if mailbox.put(number, answer) {
                    asleep.push(mailbox);
                }
            }
            // Who asked may have stopped waiting.
            AnswerTo::Task(to) => drop(to.send(answer)),
            AnswerTo::Thread(to) => drop(to.try_send(answer)),
            AnswerTo::Nobody => {}
        }
    }
}

/// Where one worker finds the answers to its orders.
#[derive(Default)]
pub(crate) struct QueueMailbox(Mutex<Unread>);

#[derive(Default)]
struct Unread {
    answers: Vec<(u64, QueueAnswer)>,
    waker: Option<Waker>,
}

impl QueueMailbox {
    /// Swaps all answers that are there into `answers`, which is empty; ready once there are any.
    pub(crate) fn poll(&self, cx: &mut Context<'_>, answers: &mut Vec<(u64, QueueAnswer)>) -> Poll<()> {
        let mut unread = self.unread();
        if unread.answers.is_empty() {
            unread.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut unread.answers, answers);
        Poll::Ready(())
    }

    /// Wakes the worker.
    pub(crate) fn wake(&self) {
        let waker = self.unread().waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    /// Adds an answer. Whether it is the first one, for which the worker must be woken.
    fn put(&self, number: u64, answer: QueueAnswer) -> bool {
        let answers = &mut self.unread().answers;
        answers.push((number, answer));
        answers.len() == 1
    }

    fn unread(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Wakes>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn the_answers_of_a_batch_are_one_wake_up() {
        let (mailbox, wakes, mut answers) = (Arc::<QueueMailbox>::default(), Arc::<Wakes>::default(), Vec::new());
        let waker = Waker::from(wakes.clone());
        let mut cx = Context::from_waker(&waker);
        for round in 1..4 {
            assert!(mailbox.poll(&mut cx, &mut answers).is_pending());
            let mut asleep = Vec::new();
            for number in 0..5 {
                AnswerTo::Worker(mailbox.clone(), number).tell(QueueAnswer::Nothing, &mut asleep);
            }
            assert_eq!(wakes.0.load(SeqCst), round - 1, "nobody is woken before the batch is answered");
            asleep.drain(..).for_each(|mailbox| mailbox.wake());
            assert_eq!(wakes.0.load(SeqCst), round);
            assert!(mailbox.poll(&mut cx, &mut answers).is_ready());
            assert_eq!(answers.drain(..).map(|(number, _)| number).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        }
    }
}
