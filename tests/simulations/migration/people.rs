//! Who acts in a story, and on what the story begins.

use leash::config::Phase;
use leash::protocol::{Arithmetic, Command, Delete, Exptime, Get, Item, Reply, Returns, Store, StoreMode};

use super::oracle::{Deed, number};
use super::server::{FROM, TO};
use super::sidecar::{Person, Stage};
use super::world::World;

/// What a story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// Writers, deleters and readers of one value.
    Values,
    /// Writers of one value, and those who read it, think, and store by the CAS unique that they were told.
    Uniques,
    /// Those who count one counter up, by `incr` or by `gets` and `cas`.
    Counter,
    /// Those who take a lock by `add` and give it back by `delete`.
    Lock,
}

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

/// Puts something into the pools that the earlier of two phases may leave there.
pub fn set_the_scene(world: &World, plot: Plot, earlier: Stage) {
    // CAS uniques of two servers may well be the same.
    for _ in 0..world.below(5) {
        world.put_elsewhere(world.below(2));
    }
    let choice = match (plot, earlier) {
        (Plot::Lock, _) => return,
        (_, Stage::Before) => FROM,
        // What nobody has counted or locked since warm began is not looked for in drain.
        (Plot::Counter, Stage::In(Phase::Warm | Phase::Drain)) => TO + world.below(2),
        _ => world.below(3),
    };
    let pools = [&[FROM][..], &[TO], &[FROM, TO]][choice];
    for &pool in pools {
        world.put(pool, "0");
    }
}

impl Person {
    /// What a person does from beginning to end.
    pub async fn act(self, plot: Plot) {
        match plot {
            Plot::Values => self.act_on_value().await,
            Plot::Uniques => self.store_or_swap().await,
            Plot::Counter => self.count_up().await,
            Plot::Lock => self.lock().await,
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
