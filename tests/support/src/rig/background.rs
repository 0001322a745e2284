//! A thread with an event loop of its own, for as long as somebody holds on to it.

use std::thread::{self, JoinHandle};

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// Work that goes on until it is told to end.
pub struct Background<T> {
    over: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Background<T> {
    /// `work` may spawn local tasks, which end with it; it returns soon after the receiver it is given resolves.
    pub fn start<W, F>(work: W) -> Background<T>
    where
        W: FnOnce(oneshot::Receiver<()>) -> F + Send + 'static,
        F: Future<Output = T>,
    {
        let (over, is_over) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("an event loop");
            LocalSet::new().block_on(&runtime, work(is_over))
        });
        Background { over: Some(over), thread: Some(thread) }
    }

    /// Ends it and returns what came of it.
    pub fn stop(mut self) -> T {
        self.over.take();
        let thread = self.thread.take().expect("it is stopped once");
        thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.over.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
