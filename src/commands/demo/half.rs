//! One half: the same callers with the same habits, and what they saw.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::caller::Caller;
use super::client::{ClientError, DemoClient};
use super::ledger::{HalfFigures, Ledger, Storer};
use super::maker::Maker;
use super::progress::DemoProgress;
use super::{CallerError, DemoPlan};
use crate::config::Address;

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Callers to be, and whom they ask.
pub(super) struct Half<'p> {
    plan: &'p DemoPlan,
    maker: Rc<Maker>,
}

impl<'p> Half<'p> {
    /// Of keys that begin with `prefix`.
    pub(super) fn new(plan: &'p DemoPlan, prefix: &str, storer: Storer) -> Half<'p> {
        let ledger = Rc::new(RefCell::new(Ledger::new(plan.keys, storer)));
        Half { plan, maker: Rc::new(Maker { prefix: prefix.into(), takes: plan.regeneration, ledger }) }
    }

    /// What makes its values.
    pub(super) fn maker(&self) -> Rc<Maker> {
        self.maker.clone()
    }

    /// Lets the callers ask these servers, and leaves nothing behind. There is at least one; keys are spread over them in
    /// turn.
    pub(super) async fn run(self, servers: &[Address], progress: &DemoProgress) -> Result<HalfFigures, CallerError> {
        let mut callers = Vec::with_capacity(self.plan.callers);
        for number in 0..self.plan.callers {
            callers.push(self.caller(number % self.plan.keys, servers).await?);
        }
        let callers = self.warm(callers).await?;
        self.watch(callers, progress).await?;
        self.clear(servers).await?;
        Ok(self.maker.ledger.take().into_tally())
    }

    /// Lets the first callers, who have a key each, see to it that there is a value. That is not counted.
    async fn warm(&self, mut callers: Vec<Caller>) -> Result<Vec<Caller>, CallerError> {
        let mut first = JoinSet::new();
        for mut caller in callers.drain(..self.plan.keys) {
            first.spawn_local(async move { caller.want().await.map(|()| caller) });
        }
        while let Some(warm) = first.join_next().await {
            callers.push(warm??);
        }
        self.maker.ledger.borrow_mut().begin();
        Ok(callers)
    }

    /// Removes the values.
    async fn clear(&self, servers: &[Address]) -> Result<(), ClientError> {
        for (place, server) in servers.iter().enumerate().take(self.plan.keys) {
            let mut client = DemoClient::connect(server).await?;
            for number in (place..self.plan.keys).step_by(servers.len()) {
                client.delete(&self.maker.key(number)).await?;
            }
        }
        Ok(())
    }

    async fn caller(&self, number: usize, servers: &[Address]) -> Result<Caller, ClientError> {
        Ok(Caller {
            client: DemoClient::connect(&servers[number % servers.len()]).await?,
            number,
            key: self.maker.key(number).into(),
            ttl: self.plan.ttl,
            maker: self.maker.clone(),
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
                _ = looks.tick() => progress.at(begin.elapsed(), self.maker.ledger.borrow().regenerations()),
            }
        }
    }
}
