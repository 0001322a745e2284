//! One half: the same callers with the same habits, and what they saw.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::caller::Caller;
use super::client::{ClientError, DemoClient};
use super::ledger::{HalfFigures, Ledger};
use super::progress::DemoProgress;
use super::{CallerError, DemoPlan};
use crate::config::Address;

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Callers to be, and whom they ask.
pub(super) struct Half<'p> {
    plan: &'p DemoPlan,
    prefix: Arc<str>,
    servers: Vec<Address>,
    ledger: Rc<RefCell<Ledger>>,
}

impl<'p> Half<'p> {
    /// Of keys that begin with `prefix`, on these servers: at least one, keys are spread over them in turn.
    pub(super) fn new(plan: &'p DemoPlan, prefix: Arc<str>, servers: Vec<Address>) -> Half<'p> {
        let ledger = Rc::new(RefCell::new(Ledger::new(plan.keys)));
        Half { plan, prefix, servers, ledger }
    }

    /// Lets the callers call, and leaves nothing behind.
    pub(super) async fn run(self, progress: &DemoProgress) -> Result<HalfFigures, CallerError> {
        let mut callers = Vec::with_capacity(self.plan.callers);
        for number in 0..self.plan.callers {
            callers.push(self.caller(number % self.plan.keys).await?);
        }
        // The first ones have a key each.
        for caller in &mut callers[..self.plan.keys] {
            caller.store().await?;
        }
        self.watch(callers, progress).await?;
        self.clear().await?;
        Ok(self.ledger.take().into_tally())
    }

    /// Removes the values.
    async fn clear(&self) -> Result<(), ClientError> {
        for (place, server) in self.servers.iter().enumerate().take(self.plan.keys) {
            let mut client = DemoClient::connect(server).await?;
            for number in (place..self.plan.keys).step_by(self.servers.len()) {
                client.delete(&self.key(number)).await?;
            }
        }
        Ok(())
    }

    fn key(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    async fn caller(&self, number: usize) -> Result<Caller, ClientError> {
        Ok(Caller {
            client: DemoClient::connect(&self.servers[number % self.servers.len()]).await?,
            number,
            key: self.key(number).into(),
            ttl: self.plan.ttl,
            regeneration: self.plan.regeneration,
            ledger: self.ledger.clone(),
        })
    }

    /// Waits for the callers, or for the first that cannot go on.
    async fn watch(&self, callers: Vec<Caller>, progress: &DemoProgress) -> Result<(), CallerError> {
        let begin = Instant::now();
        let mut calling = JoinSet::new();
        for caller in callers {
            calling.spawn_local(caller.call(begin + self.plan.length));
        }
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                ended = calling.join_next() => match ended {
                    Some(ended) => ended??,
                    None => return Ok(()),
                },
                _ = looks.tick() => progress.at(begin.elapsed(), self.ledger.borrow().regenerations()),
            }
        }
    }
}
