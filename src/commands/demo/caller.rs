//! One caller: asks for its value again and again, and regenerates it when told that there is none, as applications do.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{ClientError, DemoClient};
use super::maker::Maker;
use super::{CallerError, value};

/// How long a caller does something else before it asks again, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(150));

/// A caller with its connection.
pub(super) struct Caller {
    pub client: DemoClient,
    /// Which value is its own.
    pub number: usize,
    pub key: Arc<str>,
    pub ttl: Duration,
    pub maker: Rc<Maker>,
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
    pub(super) async fn want(&mut self) -> Result<(), CallerError> {
        let asked = Instant::now();
        match self.client.get(&self.key).await? {
            Some(value) => {
                let version = value::version(&self.key, &value);
                self.maker.ledger.borrow_mut().hit(self.number, version, asked, Instant::now())?;
            }
            None => {
                self.maker.ledger.borrow_mut().missed(self.number, asked, Instant::now());
                self.regenerate().await?;
            }
        }
        self.maker.ledger.borrow_mut().answered(asked.elapsed());
        Ok(())
    }

    /// Makes the next version, and stores it.
    async fn regenerate(&mut self) -> Result<(), ClientError> {
        let (version, value) = self.maker.make(self.number).await;
        self.client.set(&self.key, self.ttl, &value).await?;
        self.maker.ledger.borrow_mut().stored(self.number, version, Instant::now());
        Ok(())
    }
}
