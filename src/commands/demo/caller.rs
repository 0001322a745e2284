//! One caller: asks for its value again and again, and regenerates it when told that there is none, as applications do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{ClientError, DemoClient};
use super::ledger::Ledger;
use super::{CallerError, value};

/// How long a caller does something else before it asks again, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(150));

/// A caller with its connection.
pub(super) struct Caller {
    pub client: DemoClient,
    /// Its value's place in the ledger.
    pub number: usize,
    pub key: Arc<str>,
    pub ttl: Duration,
    pub regeneration: Duration,
    pub ledger: Rc<RefCell<Ledger>>,
}

impl Caller {
    /// Asks until `end`, and then finishes what it has begun.
    pub(super) async fn call(mut self, end: Instant) -> Result<(), CallerError> {
        loop {
            let again = Instant::now() + rand::random_range(PAUSE.0..PAUSE.1);
            tokio::time::sleep_until(again.min(end).into()).await;
            if again >= end {
                return Ok(());
            }
            self.want().await?;
        }
    }

    /// Gets the value from the cache, or regenerates it.
    async fn want(&mut self) -> Result<(), CallerError> {
        let asked = Instant::now();
        match self.client.get(&self.key).await? {
            Some(value) => {
                let version = value::version(&self.key, &value);
                self.ledger.borrow_mut().hit(self.number, version, asked)?;
            }
            None => {
                self.ledger.borrow_mut().missed(self.number, asked, Instant::now());
                tokio::time::sleep(self.regeneration).await;
                self.store().await?;
            }
        }
        self.ledger.borrow_mut().answered(asked.elapsed());
        Ok(())
    }

    /// Stores the next version.
    pub(super) async fn store(&mut self) -> Result<(), ClientError> {
        let version = self.ledger.borrow_mut().storing(self.number, Instant::now());
        self.client.set(&self.key, self.ttl, &value::write(&self.key, version)).await?;
        self.ledger.borrow_mut().stored(self.number, version, Instant::now());
        Ok(())
    }
}
