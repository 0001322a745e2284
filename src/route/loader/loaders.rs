//! All loaders of the process: where workers order calls, and how the endpoints fare.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::mpsc::Sender;

use super::fares::LoaderFares;
use super::order::{LoadOrder, NoAnswer};
use super::terms::{LoaderBounds, LoaderTerms};
use super::thread;
use super::validators::Validators;
use crate::config::Route;
use crate::runtime::memory::Account;

/// What the loaders of one process share, over all of its configurations.
pub struct Loaders {
    /// Begun with the first call; `None` if that failed.
    thread: OnceLock<Option<Sender<LoadOrder>>>,
    /// By the identity of their routes.
    fares: Mutex<HashMap<u64, Arc<LoaderFares>>>,
    pub(super) validators: Validators,
}

impl Loaders {
    /// None has been asked yet.
    pub fn new() -> Arc<Loaders> {
        let (thread, fares, validators) = (OnceLock::new(), Mutex::default(), Validators::new());
        Arc::new(Loaders { thread, fares, validators })
    }

    /// The terms of a route's loader, if it has one; `identity` and `label` are the route's.
    pub fn terms(&self, route: &Route, of: (u64, &str), bounds: LoaderBounds) -> Option<Arc<LoaderTerms>> {
        LoaderTerms::new(route, of, bounds, self.fares(of.0)).map(Arc::new)
    }

    /// How the endpoint of the route with this identity fares.
    pub(crate) fn fares(&self, identity: u64) -> Arc<LoaderFares> {
        self.fares.lock().unwrap_or_else(PoisonError::into_inner).entry(identity).or_default().clone()
    }

    /// Orders a call. What its answer takes of memory is counted in `account`, that of the process.
    pub(super) fn order(&self, order: LoadOrder, account: &Arc<Account>) {
        let thread = self.thread.get_or_init(|| match thread::start(account.clone()) {
            Ok(thread) => Some(thread),
            Err(error) => {
                tracing::error!(%error, "loaders cannot be asked");
                None
            }
        });
        let refused = match thread {
            Some(thread) => thread.try_send(order).err().map(|refused| refused.into_inner()),
            None => Some(order),
        };
        if let Some(order) = refused {
            // The caller may have stopped waiting.
            let _ = order.answer.send(Err(NoAnswer::Queue));
        }
    }
}
