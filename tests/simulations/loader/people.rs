//! The persons connected to sidecars, and what they do: read, write, and try what finds nothing.

use std::rc::Rc;
use std::time::Duration;

use leash::protocol::{Arithmetic, Command, Delete, Exptime, Get, Reply, Request, Returns, Store, StoreMode};
use leash::route::Client;
use leash::upstream::{ReplyTo, Ticket};
use tokio::time::sleep;

use super::oracle::Deed;
use super::world::World;
use crate::engine::{Letter, Whose};

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

/// Where a reply to a person arrives.
struct Mailbox {
    world: Rc<World>,
    op: usize,
    letter: Letter,
}

impl ReplyTo for Mailbox {
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        self.world.tell(|| format!("op {:<3} is answered {}", self.op, crate::refresh::words::reply(&reply)));
        self.world.oracle.borrow_mut().answered(self.op, &reply);
        self.letter.put(reply);
    }
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
        world.tell(|| format!("person {} connects to sidecar {}: {role:?}", self.number, self.sidecar));
        world.processes.begin(Whose::Person(self.number), 0, async move {
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

    /// Asks, and waits for the reply.
    async fn ask(&self, key: usize, deed: Deed, command: Command) -> Reply {
        let world = &self.world;
        let op = world.oracle.borrow_mut().begin(key, deed);
        world.does(self.number, op);
        let request = Request { key: world.keys[key].clone(), command };
        world.tell(|| format!("op {op:<3} person {} asks {}", self.number, crate::refresh::words::request(&request)));
        let mailbox = Rc::new(Mailbox { world: world.clone(), op, letter: Letter::default() });
        let entry = world.sidecars.borrow()[self.sidecar].entry(self.worker);
        let ticket = Ticket::new(mailbox.clone(), 0);
        let reply =
            world.processes.within(Whose::Sidecar(self.sidecar), op, || entry.ask(&request, &self.client, ticket));
        if let Some(reply) = reply {
            mailbox.clone().deliver(0, reply);
        }
        mailbox.letter.come().await
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
        let Some(_pen) = world.take_pen(key) else { return };
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
        let value = self.world.oracle.borrow().text(put).into();
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
        self.world.disconnect(self.number);
    }
}
