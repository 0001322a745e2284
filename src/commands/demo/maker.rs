//! What regenerates the values: the code of the application, whether a caller that missed runs it or the endpoint that
//! leash asks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::value;

/// Makes the values of one half.
pub(super) struct Maker {
    /// What all keys begin with.
    pub prefix: Arc<str>,
    /// How long it takes to make one.
    pub takes: Duration,
    pub ledger: Rc<RefCell<Ledger>>,
}

impl Maker {
    /// The key of a value.
    pub(super) fn key(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Makes the next version of a value.
    pub(super) async fn make(&self, number: usize) -> (usize, String) {
        self.ledger.borrow_mut().begun(number, Instant::now());
        tokio::time::sleep(self.takes).await;
        let version = self.ledger.borrow_mut().made(number, Instant::now());
        (version, value::write(&self.key(number), version))
    }
}
