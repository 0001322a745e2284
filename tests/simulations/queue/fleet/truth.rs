//! What really happened, and what clients may be told of it.
//!
//! * A message is with one client at a time: only that client, its own time, the end of its connection or of the holder
//!   let another one have it.
//! * A put puts one message at most, and a client is told that it is stored only if it is.
//! * A client is given the message that was reserved for this request, and one at most.
//! * A client that is told its message is done with has not ended another one.
//! * What one client asks of a queue is done in the order in which it asked.

use std::collections::HashMap;

use bytes::Bytes;
use leash::queue::{Consumer, Settling};

use crate::queue::oracle::Oracle;
use crate::queue::oracles::Oracles;

/// What one request of a client is about, and what became of it at the holder.
#[derive(Default)]
pub struct Op {
    /// Who asks: another number after each hang-up.
    pub client: u64,
    /// The message that was put by it.
    pub stored: Option<Bytes>,
    /// The message that is reserved or gone because of it.
    pub given: Option<(u64, Bytes)>,
    /// The message that is done with because of it.
    pub done: Option<Bytes>,
    /// Whether it was asked for by the client, and not because it hung up.
    pub is_asked: bool,
}

#[derive(Default)]
pub struct Truth {
    pub oracles: Oracles,
    pub ops: Vec<Op>,
    /// The last request of a client about a queue that the holder has begun to carry out.
    begun: HashMap<(u64, Bytes), usize>,
    /// Over which connection a message was reserved last.
    over: HashMap<(Bytes, u64), u64>,
}

impl Truth {
    /// Nothing has happened, but what nobody asked for.
    pub fn new() -> Truth {
        Truth { ops: vec![Op::default()], ..Truth::default() }
    }

    pub fn oracle(&mut self, queue: &Bytes) -> &mut Oracle {
        self.oracles.of(queue)
    }

    /// The holder carries out a part of this request.
    pub fn begins(&mut self, op: usize, queue: &Bytes) -> Result<(), String> {
        if !self.ops[op].is_asked {
            return Ok(());
        }
        let last = self.begun.entry((self.ops[op].client, queue.clone())).or_insert(op);
        if *last > op {
            return Err(format!("op {op} was overtaken by op {last}"));
        }
        *last = op;
        Ok(())
    }

    pub fn stores(&mut self, op: usize, body: &Bytes) -> Result<(), String> {
        match self.ops[op].stored.replace(body.clone()) {
            Some(_) => Err(format!("op {op} puts its message twice")),
            None => Ok(()),
        }
    }

    /// This client's request ends a message, or gives it back, which must be its own.
    pub fn settles(
        &mut self,
        (op, by): (usize, Consumer),
        queue: &Bytes,
        id: u64,
        how: Settling,
    ) -> Result<(), String> {
        match how {
            Settling::GiveBack if !self.oracle(queue).held(by).contains(&id) => {
                return Err(format!("op {op} takes {id} from another client"));
            }
            Settling::GiveBack => {}
            Settling::Acknowledge => self.ops[op].done = self.oracle(queue).body(id),
        }
        Ok(())
    }

    /// This message is reserved over a connection.
    pub fn reserves(&mut self, queue: &Bytes, id: u64, era: u64) {
        self.over.insert((queue.clone(), id), era);
    }

    /// A connection is gone: what was reserved over it may go to other clients.
    pub fn loses(&mut self, era: u64) {
        let gone: Vec<(Bytes, u64)> =
            self.over.iter().filter(|(_, over)| **over == era).map(|(message, _)| message.clone()).collect();
        for (queue, id) in gone {
            self.over.remove(&(queue.clone(), id));
            self.oracle(&queue).given_back(id);
        }
    }

    /// The holder is another process.
    pub fn begins_again(&mut self) {
        self.over.clear();
        self.oracles.begin_again();
    }

    /// A message is reserved for this request. One before it must be on its way back, as its reply was lost.
    pub fn gives(&mut self, op: usize, queue: &Bytes, id: u64, body: &Bytes) -> Result<(), String> {
        let before = self.ops[op].given.replace((id, body.clone()));
        let client = Consumer(self.ops[op].client);
        match before {
            Some((has, _)) if has != id && self.oracle(queue).held(client).contains(&has) => {
                Err(format!("op {op} takes {id} as well as {has}"))
            }
            _ => Ok(()),
        }
    }
}
