//! A thread beside the event loops, for work that would make the clients there wait: one piece after the other, and a
//! rest after each, so that a client that asks without end takes a part of one processor at most.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::Instant;

use tokio::sync::oneshot;

/// The thread. It ends when this goes.
pub(crate) struct SideThread(Sender<Work>);

/// A piece of work; it does nothing if its caller has stopped waiting.
type Work = Box<dyn FnOnce() + Send>;

impl SideThread {
    /// Starts it. After each piece of work it rests for `rest` times what that took.
    pub(crate) fn start(name: &str, rest: u32) -> io::Result<SideThread> {
        let (orders, ordered) = channel();
        Builder::new().name(name.to_string()).spawn(move || run(&ordered, rest))?;
        Ok(SideThread(orders))
    }

    /// What `work` gives, once everything ordered before is done; `None` if the thread is gone. Dropping the future
    /// takes the order back.
    pub(crate) async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (told, done) = oneshot::channel();
        let work = move || {
            if !told.is_closed() {
                // An error means that the caller stopped waiting meanwhile.
                let _ = told.send(work());
            }
        };
        self.0.send(Box::new(work)).ok()?;
        done.await.ok()
    }
}

#[allow(clippy::disallowed_methods, reason = "no event loop runs on this thread")]
fn run(ordered: &Receiver<Work>, rest: u32) {
    for work in ordered {
        let begun = Instant::now();
        work();
        std::thread::sleep(begun.elapsed() * rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    #[tokio::test]
    async fn work_is_done_in_its_order_and_only_if_somebody_waits() {
        let aside = SideThread::start("aside", 1).unwrap();
        let (done, count) = (Arc::new(AtomicUsize::new(0)), |done: &Arc<AtomicUsize>| {
            let done = done.clone();
            move || done.fetch_add(1, Relaxed)
        });
        let (hold, held) = channel::<()>();
        let (first, abandoned) = (aside.work(move || held.recv().is_err()), aside.work(count(&done)));
        let mut first = Box::pin(first);
        assert!(futures_ready(&mut first).await.is_none());
        let mut abandoned = Box::pin(abandoned);
        assert!(futures_ready(&mut abandoned).await.is_none());
        drop((abandoned, hold));
        assert_eq!(first.await, Some(true));
        assert_eq!(aside.work(count(&done)).await, Some(0), "no caller waited for the one before");
    }

    /// What a future gives at once.
    async fn futures_ready<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! { biased; got = future => Some(got), () = std::future::ready(()) => None }
    }
}
