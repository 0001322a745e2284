//! What ends a run before its time: a signal, or a new pool that does not take anything.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;

use crate::runtime::signals::EndSignals;

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

/// Calls `stop` at the first signal, and does not survive the second.
pub(super) async fn heed(mut signals: EndSignals, stop: Rc<Stop>) {
    signals.first().await;
    eprintln!("stopping: what is under way is finished; the same signal again ends at once");
    stop.call(|| "interrupted".to_string());
    signals.second().await;
    std::process::exit(1)
}
