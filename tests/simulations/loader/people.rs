//! The persons connected to sidecars, and what they do: read, write, and try what finds nothing.

use std::rc::Rc;
use std::time::Duration;

use leash::protocol::{Arithmetic, Command, Delete, Exptime, Get, Reply, Request, Returns, Store, StoreMode};
use leash::route::Client;
use tokio::time::sleep;

use super::deeds::Deed;
use super::world::World;
use crate::engine::{Simulated, Whose};

/// What somebody is there for.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    Reader,
    Writer,
    /// Appends and counts, which makes nothing newer.
    Builder,
}

/// Somebody with a connection to one worker of one sidecar.
pub struct Person {
    world: Rc<World>,
    number: usize,
    sidecar: usize,
    worker: usize,
    client: Rc<Client>,
}

impl Person {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Person {
        let worker = world.below(world.sidecars.borrow()[sidecar].workers());
        let number = world.connect(sidecar);
        Person { world: world.clone(), number, sidecar, worker, client: Client::new() }
    }

    /// Begins to live.
    pub fn begin(self, role: Role) {
        let world = self.world.clone();
        world.tell(|| format!("{} connects: {role:?}", self.whose()));
        world.begin(self.whose(), async move {
            for _ in 0..2 + self.world.below(5) {
                self.think().await;
                match role {
                    Role::Reader => drop(self.read().await),
                    Role::Writer => self.write().await,
                    Role::Builder => self.build().await,
                }
            }
        });
    }

    fn whose(&self) -> Whose {
        Whose::person(self.number, self.sidecar)
    }

    /// Asks, and waits for the reply.
    async fn ask(&self, key: usize, deed: Deed, command: Command) -> Reply {
        let world = &self.world;
        let op = world.oracle.borrow_mut().begin(self.number, key, deed);
        let request = Request { key: world.keys[key].clone(), command };
        let entry = world.sidecars.borrow()[self.sidecar].entry(self.worker);
        world.ask(op, self.whose(), &entry, &self.client, &request).come().await
    }

    pub async fn read(&self) -> Reply {
        let touches = self.world.rules.are_touched && self.world.percent(20);
        let (returns, touch) = (Returns::VALUE, touches.then(|| Exptime::new(1 + self.world.below(3) as i32)));
        let get = Get { returns, touch, knows_marks: self.world.percent(20), ..Get::default() };
        let key = self.world.any_key();
        self.ask(key, Deed::Read, Command::Get(get)).await
    }

    /// Counts the truth up, then tells the cache.
    async fn write(&self) {
        let (world, key) = (&self.world, self.world.any_key());
        let Some(_pen) = world.pens[key].take() else { return };
        let version = world.truth.borrow()[key] + 1;
        world.truth.borrow_mut()[key] = version;
        world.tell(|| format!("the truth of key {key} is {version}"));
        world.wires.turn().await;
        let is_none = version % 4 == 3;
        match world.below(3) {
            0 if !is_none => drop(self.store(key, version, StoreMode::Set).await),
            1 if !is_none => {
                // What was there already is older.
                if !matches!(self.store(key, version, StoreMode::Add).await, Reply::Hit(_)) {
                    self.delete(key, version).await;
                }
            }
            _ => self.delete(key, version).await,
        }
    }

    async fn store(&self, key: usize, version: u64, mode: StoreMode) -> Reply {
        let ttl = 1 + self.world.below(3) as u32;
        let put = self.world.oracle.borrow_mut().writes(key, version, ttl);
        let value = self.world.oracle.borrow().puts.text(put).into();
        let store = Store { mode, value, ttl: Some(Exptime::new(ttl as i32)), ..Store::default() };
        self.ask(key, Deed::Write(version, Some(put)), Command::Store(store)).await
    }

    async fn delete(&self, key: usize, version: u64) {
        self.ask(key, Deed::Write(version, None), Command::Delete(Delete::default())).await;
    }

    async fn build(&self) {
        let command = match self.world.below(if self.world.rules.are_touched { 3 } else { 2 }) {
            0 => Command::Store(Store { mode: StoreMode::Append, value: "+".into(), ..Store::default() }),
            1 => Command::Arithmetic(Arithmetic::default()),
            _ => Command::Get(Get { touch: Some(Exptime::new(2)), ..Get::default() }),
        };
        let key = self.world.any_key();
        self.ask(key, Deed::Other, command).await;
    }

    async fn think(&self) {
        let world = &self.world;
        let millis = [0, 0, world.below(300), world.below(2500), world.below(9000)][world.below(5)];
        if millis > 0 {
            sleep(Duration::from_millis(millis as u64)).await;
        }
        world.wires.turn().await;
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.client.leave();
    }
}
