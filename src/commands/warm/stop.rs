//! What ends a run before its time: a signal, or a new pool that does not take anything.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// Whether to stop, and why.
#[derive(Default)]
pub(super) struct Stop {
    why: RefCell<Option<String>>,
    called: Notify,
}

impl Stop {
    /// Nothing new is begun from now on. The first reason counts.
    pub(super) fn call(&self, why: impl FnOnce() -> String) {
        self.why.borrow_mut().get_or_insert_with(why);
        self.called.notify_waiters();
    }

    /// Whether the end was called for.
    pub(super) fn is_called(&self) -> bool {
        self.why.borrow().is_some()
    }

    /// Why, if so.
    pub(super) fn why(&self) -> Option<String> {
        self.why.borrow().clone()
    }

    /// Ready once the end is called for.
    pub(super) async fn called(&self) {
        let calling = self.called.notified();
        if !self.is_called() {
            calling.await;
        }
    }
}

/// The signals that end a run: the first lets what is under way come to its end, the second ends the process.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they are heeded.
    pub(super) fn new() -> io::Result<Signals> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Calls `stop` at the first, and does not survive the second.
    pub(super) async fn heed(mut self, stop: Rc<Stop>) {
        self.next().await;
        eprintln!("stopping: what is under way is finished; the same signal again ends at once");
        stop.call(|| "interrupted".to_string());
        self.next().await;
        std::process::exit(1)
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
