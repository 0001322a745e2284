//! Messages through a broker: so many connections, each of which puts a message, takes the oldest, and is done with it, over
//! and over. One program for all of them, so that what is measured differs in the broker alone.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use support::Waits;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::broker::Broker;
use super::tongues::Tongue;
use super::wire::Wire;

/// So long a message may take; longer is a broker that hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// The digits that a message begins with.
const DIGITS: usize = 12;

/// What goes through.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub connections: usize,
    pub length: usize,
    /// It ends after so many messages of all connections together,
    pub messages: usize,
    /// or after this time.
    pub time: Duration,
    /// The number of the oldest message in the queue, and how many there are.
    pub first: usize,
    pub depth: usize,
}

/// What it took.
pub struct Taken {
    /// Messages a second.
    pub rate: f64,
    /// Nanoseconds of the broker's CPU a message.
    pub cpu: f64,
    /// How long a message took, all its questions together.
    pub waits: Waits,
}

/// The message of this number.
pub fn message(number: usize, length: usize) -> Vec<u8> {
    let mut message = format!("{number:0DIGITS$}").into_bytes();
    message.resize(length, b'm');
    message
}

/// Sends all of them through. Each message must come out whole, and once.
pub fn run(broker: &Broker, load: Load) -> Taken {
    let runtime = Builder::new_current_thread().enable_all().build().expect("an event loop");
    LocalSet::new().block_on(&runtime, measured(broker, load))
}

async fn measured(broker: &Broker, load: Load) -> Taken {
    let mut wires = Vec::new();
    for number in 0..load.connections {
        let mut wire = Wire::connect(broker.address(), number).await.expect("the broker accepts");
        broker.tongue().greet(&mut wire).await.expect("the broker is there");
        wires.push(wire);
    }
    let seen = Rc::new(RefCell::new(Seen::new(load)));
    let (ran, begun) = (broker.ran(), Instant::now());
    let clients: Vec<_> = wires
        .into_iter()
        .map(|wire| tokio::task::spawn_local(client(wire, broker.tongue(), load, seen.clone())))
        .collect();
    for client in clients {
        client.await.expect("a client ends").expect("every message passes");
    }
    let (took, ran) = (begun.elapsed(), broker.ran() - ran);
    let waits = Rc::into_inner(seen).expect("all clients have ended").into_inner().waits();
    let messages = waits.count() as f64;
    Taken { rate: messages / took.as_secs_f64(), cpu: ran as f64 / messages, waits }
}

async fn client(mut wire: Wire, tongue: Tongue, load: Load, seen: Rc<RefCell<Seen>>) -> io::Result<()> {
    loop {
        let Some(number) = seen.borrow_mut().next() else { return Ok(()) };
        let (message, begun) = (message(number, load.length), Instant::now());
        tokio::time::timeout(PATIENCE, pass(&mut wire, tongue, &message)).await.map_err(io::Error::other)??;
        seen.borrow_mut().note(wire.taken(), begun.elapsed());
    }
}

async fn pass(wire: &mut Wire, tongue: Tongue, message: &[u8]) -> io::Result<()> {
    tongue.put(wire, message).await?;
    let id = tongue.take(wire).await?;
    tongue.acknowledge(wire, id).await
}

/// Which messages went in and came out.
struct Seen {
    load: Load,
    until: Instant,
    next: usize,
    came: Vec<bool>,
    waits: Vec<Duration>,
}

impl Seen {
    fn new(load: Load) -> Seen {
        let until = Instant::now() + load.time;
        Seen { load, until, next: load.first + load.depth, came: vec![false; load.depth], waits: Vec::new() }
    }

    /// The number of the next message, if there is to be one.
    fn next(&mut self) -> Option<usize> {
        let number = self.next;
        let is_over = self.count() == self.load.messages || Instant::now() >= self.until;
        self.next += usize::from(!is_over);
        (!is_over).then_some(number)
    }

    /// How many have gone in.
    fn count(&self) -> usize {
        self.next - self.load.first - self.load.depth
    }

    #[track_caller]
    fn note(&mut self, taken: &[u8], waited: Duration) {
        let digits = std::str::from_utf8(&taken[..DIGITS]).expect("a number");
        let number: usize = digits.parse().expect("a number");
        assert!(taken == message(number, self.load.length), "message {number} came out otherwise than it went in");
        self.came.resize(self.next - self.load.first, false);
        let came = &mut self.came[number - self.load.first];
        assert!(!std::mem::replace(came, true), "message {number} came twice");
        self.waits.push(waited);
    }

    /// As many as went in have come out, and these were the oldest: numbers that connections drew at the same time may have
    /// gone in the other way round.
    fn waits(self) -> Waits {
        assert_eq!(self.waits.len(), self.count(), "as many come out as go in");
        let oldest = self.came.iter().take_while(|came| **came).count();
        assert!(oldest + self.load.connections >= self.waits.len(), "a message was passed over");
        Waits::of(self.waits.into_iter())
    }
}
