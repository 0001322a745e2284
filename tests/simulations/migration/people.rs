//! Who acts in a story.

use leash::protocol::{Arithmetic, Command, Delete, Exptime, Get, Item, Reply, Returns, Store, StoreMode};

use super::oracle::{Deed, number};
use super::sidecar::Person;
use super::story::Scenario;

const GETS: Returns = Returns::VALUE.and(Returns::CAS);

fn read(returns: Returns) -> Command {
    Command::Get(Get { returns, ..Get::default() })
}

fn store(mode: StoreMode, value: String) -> Command {
    Command::Store(Store { mode, value: value.into(), ttl: Some(Exptime::new(1000)), ..Store::default() })
}

fn swap(value: String, cas: u64) -> Command {
    Command::Store(Store {
        value: value.into(),
        compare_cas: Some(cas),
        ttl: Some(Exptime::new(1000)),
        ..Store::default()
    })
}

impl Person {
    /// What a person does from beginning to end.
    pub async fn act(self, scenario: Scenario) {
        match scenario {
            Scenario::Values => self.act_on_value().await,
            Scenario::Uniques => self.store_or_swap().await,
            Scenario::Counter => self.count_up().await,
            Scenario::Lock => self.lock().await,
        }
    }

    async fn act_on_value(&self) {
        for _ in 0..1 + self.world.below(3) {
            match self.world.below(9) {
                0 | 1 => drop(self.ask(Deed::Set, |op| store(StoreMode::Set, op.to_string())).await),
                2 => drop(self.ask(Deed::Delete, |_| Command::Delete(Delete::default())).await),
                3 => drop(self.ask(Deed::Set, |op| store(StoreMode::Replace, op.to_string())).await),
                4 => drop(self.ask(Deed::Set, |op| store(StoreMode::Add, op.to_string())).await),
                5 => self.swap().await,
                6 => drop(self.ask(Deed::Read, |_| read(GETS)).await),
                _ => drop(self.ask(Deed::Read, |_| read(Returns::VALUE)).await),
            }
        }
    }

    async fn store_or_swap(&self) {
        for _ in 0..1 + self.world.below(3) {
            if self.world.percent(50) {
                self.swap().await;
            } else {
                self.ask(Deed::Set, |op| store(StoreMode::Set, op.to_string())).await;
            }
        }
    }

    async fn swap(&self) {
        let (gets, reply) = self.ask(Deed::Read, |_| read(GETS)).await;
        if let Reply::Hit(item) = reply {
            for _ in 0..self.world.below(12) {
                self.world.wires.turn().await;
            }
            self.ask(Deed::Cas(gets), |op| swap(op.to_string(), item.cas)).await;
        }
    }

    async fn count_up(&self) {
        for _ in 0..1 + self.world.below(3) {
            if self.world.percent(25) {
                self.count_by_cas().await;
            } else {
                let vivify = self.world.percent(30).then_some(Exptime::new(1000));
                let count = Arithmetic { returns: Returns::VALUE, initial: 1, vivify, ..Arithmetic::default() };
                self.ask(Deed::Count, |_| Command::Arithmetic(count)).await;
            }
        }
    }

    /// A `gets` must find the counter; that it can be stored over is not promised.
    async fn count_by_cas(&self) {
        let Reply::Hit(item) = self.ask(Deed::Look, |_| read(GETS)).await.1 else {
            if self.world.is_hurried() {
                return;
            }
            return self.world.find_broken("promise 3: gets finds no counter".into());
        };
        let Some(next) = number(&item).map(|count| count + 1) else { return };
        self.ask(Deed::Swap(next), |_| swap(next.to_string(), item.cas)).await;
    }

    async fn lock(&self) {
        for _ in 0..1 + self.world.below(3) {
            let (_, reply) = self.ask(Deed::Take, |op| store(StoreMode::Add, op.to_string())).await;
            if let Reply::Hit(Item { .. }) = reply {
                self.world.wires.turn().await;
                self.ask(Deed::Release, |_| Command::Delete(Delete::default())).await;
            }
        }
    }
}
