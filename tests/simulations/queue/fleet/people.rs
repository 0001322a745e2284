//! Clients of sidecars, and what they do with messages.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use leash::config::QueueMode;
use leash::protocol::{Command, Delete, Exptime, Get, Key, Reply, Request, Returns, Store};
use leash::route::Client;

use super::truth::Op;
use super::world::World;
use crate::engine::{Letter, Simulated, Whose};
use crate::queue::QUEUES;

/// One person, who may hang up and call again.
pub struct Person {
    world: Rc<World>,
    number: usize,
    sidecar: usize,
    client: RefCell<Rc<Client>>,
    /// Another number after each hang-up.
    identity: Cell<u64>,
}

impl Person {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Person {
        let (client, identity) = (RefCell::new(Client::new()), Cell::new(world.next_number()));
        Person { world: world.clone(), number: world.connect(sidecar), sidecar, client, identity }
    }

    pub fn whose(&self) -> Whose {
        Whose::person(self.number, self.sidecar)
    }

    /// Asks; the reply comes later.
    fn begin(&self, queue: &str, behind: &str, command: Command) -> (usize, Rc<Letter>) {
        let world = &self.world;
        let op = world.begin_op(Op { client: self.identity.get(), is_asked: true, ..Op::default() });
        let key = Key::text(format!("{queue}{behind}").into()).unwrap();
        let (request, entry) = (Request { key, command }, world.way_into(self.sidecar));
        (op, world.ask(op, self.whose(), &entry, &self.client.borrow(), &request))
    }

    /// What a person does from beginning to end.
    pub async fn act(self) {
        for _ in 0..2 + self.world.below(5) {
            let queue = QUEUES[self.world.below(QUEUES.len())];
            match self.world.below(10) {
                0..=3 => self.put_some(queue).await,
                _ => self.take(queue).await,
            }
            if self.world.percent(20) {
                self.hang_up();
            }
        }
        self.hang_up();
    }

    /// Puts some messages without waiting in between.
    async fn put_some(&self, queue: &str) {
        let mut begun = Vec::new();
        for _ in 0..1 + self.world.below(3) {
            let body = self.world.body();
            let ttl = self.world.percent(15).then(|| Exptime::new(1 + self.world.below(8) as i32));
            let store = Store { value: body.clone(), ttl, ..Store::default() };
            begun.push((body, self.begin(queue, "", Command::Store(store))));
        }
        for (body, (op, letter)) in begun {
            let is_stored = self.world.truth.borrow().ops[op].stored.clone();
            if let Reply::Hit(_) = letter.come().await
                && self.world.truth.borrow().ops[op].stored.as_ref() != Some(&body)
            {
                self.world.find_broken(format!("op {op} was told that {body:?} is stored, not {is_stored:?}"));
            }
        }
    }

    fn get(returns: Returns) -> Command {
        Command::Get(Get { returns, ..Get::default() })
    }

    /// Takes a message, has it for a while, and is done with it or gives it back; or leaves with it.
    async fn take(&self, queue: &str) {
        let is_kestrel = self.world.rules.mode == QueueMode::Kestrel;
        let mut behind = String::from(if is_kestrel && self.world.percent(80) { "/open" } else { "" });
        if self.world.percent(30) {
            behind += &format!("/t={}", 1 + self.world.below(6_000));
        }
        let is_open = !is_kestrel || behind.contains("/open");
        let (op, letter) = self.begin(queue, &behind, Self::get(Returns::VALUE.and(Returns::FLAGS)));
        if self.world.percent(10) {
            return self.hang_up();
        }
        // Some ask on without waiting for the message.
        let next = (is_open && self.world.percent(30)).then(|| self.end(queue, is_kestrel));
        let reply = letter.come().await;
        let message = if let Reply::Hit(item) = &reply { item.value.clone() } else { None };
        let given = self.world.truth.borrow().ops[op].given.as_ref().map(|(_, body)| body.clone());
        if message.is_some() && message != given {
            return self.world.find_broken(format!("op {op} was given {message:?}, which is not reserved for it"));
        }
        if let Some(next) = next {
            return self.hear_end(next, message).await;
        }
        let Some(message) = message.filter(|_| is_open) else { return };
        for _ in 0..self.world.below(8) {
            self.world.wires.turn().await;
        }
        if self.world.percent(40) {
            tokio::time::sleep(Duration::from_millis(self.world.below(14_000) as u64)).await;
        }
        if self.world.percent(80) {
            let end = self.end(queue, is_kestrel);
            self.hear_end(end, Some(message)).await;
        }
    }

    /// Says that a message is done with, or gives it back.
    fn end(&self, queue: &str, is_kestrel: bool) -> (usize, Rc<Letter>) {
        let closes = self.world.percent(70);
        match (is_kestrel, closes) {
            (true, true) => self.begin(queue, "/close", Self::get(Returns::VALUE)),
            (false, true) => self.begin(queue, "", Command::Delete(Delete::default())),
            (_, false) => self.begin(queue, "/abort", Self::get(Returns::VALUE)),
        }
    }

    async fn hear_end(&self, (op, letter): (usize, Rc<Letter>), message: Option<Bytes>) {
        let reply = letter.come().await;
        let done = self.world.truth.borrow().ops[op].done.clone();
        if done.is_some() && message.is_some() && done != message {
            self.world.find_broken(format!("op {op} ended {done:?} in place of {message:?}"));
        }
        if let Reply::Hit(_) = reply
            && done.is_none()
        {
            self.world.find_broken(format!("op {op} was told that {message:?} is done with"));
        }
    }

    /// Hangs up, and is another client when it calls again.
    fn hang_up(&self) {
        let op = self.world.begin_op(Op { client: self.identity.get(), ..Op::default() });
        self.world.tell(|| format!("op {op:<3} {} hangs up", self.whose()));
        let before = self.client.replace(Client::new());
        self.world.processes.within(Whose::sidecar(self.sidecar), op, || before.leave());
        self.identity.set(self.world.next_number());
    }
}
