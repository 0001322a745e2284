//! The endpoint that makes values, and a sidecar's way to it: the real line of calls, and calls that are made of nothing
//! but time.
//!
//! A value is the truth at some moment of its call. Every fourth truth is that there is no value.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use leash::route::loader::decide::{AnswerSaid, CallBounds, CallLine, CallTurn, Permit, keep};
use leash::route::refresh::{Keep, Regenerate, Regenerated, Wanted};
use leash::upstream::Party;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::calls::Call;
use super::server::Fault;
use super::world::World;
use crate::engine::Whose;

/// What a failed load keeps the next one from, in seconds: what src/route/loader says.
const FAILED_FOR: u32 = 2;
/// What answers say of themselves.
const SAID: [&str; 8] = [
    "",
    "max-age=1",
    "max-age=2",
    "max-age=8, stale-while-revalidate=1",
    "max-age=20, stale-if-error=3",
    "must-revalidate, max-age=1",
    "no-store",
    "max-age=0",
];

/// How the endpoint is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// It refuses.
    Down,
    /// It takes calls and never answers.
    Hangs,
}

/// What a call came to.
enum Told {
    Value(usize),
    /// The value that was found stale still is the value.
    Unchanged(usize),
    Absent(u64),
}

struct Order {
    key: usize,
    op: usize,
    /// What stood for the lease that it is loaded by.
    lease: u64,
    stale: Option<usize>,
    answer: oneshot::Sender<Option<Told>>,
}

/// One sidecar's way to the endpoint.
pub struct Loading {
    world: Rc<World>,
    sidecar: usize,
    line: RefCell<CallLine<Party, Order>>,
    /// So many calls at a time; a reload changes it.
    pub max_in_flight: Cell<usize>,
}

impl Loading {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Rc<Loading> {
        let (line, max) = (CallLine::new(Instant::now().into_std()), world.rules.max_in_flight);
        Rc::new(Loading { world: world.clone(), sidecar, line: RefCell::new(line), max_in_flight: Cell::new(max) })
    }

    /// Whether no call is under way and none waits.
    pub fn is_idle(&self) -> bool {
        let line = self.line.borrow();
        (line.in_flight(), line.waiting()) == (0, 0)
    }

    fn bounds(&self) -> CallBounds {
        let rules = &self.world.rules;
        let max_in_flight =
            if self.world.fault == Fault::AsksWithoutBound { usize::MAX } else { self.max_in_flight.get() };
        let queue = if self.world.fault == Fault::QueuesWithoutBound { usize::MAX } else { rules.queue };
        CallBounds { max_in_flight, queue, patience: rules.timeout }
    }

    fn call_of(&self, order: &Order) -> Call {
        Call { key: order.key, op: order.op, sidecar: self.sidecar }
    }

    fn take(self: &Rc<Self>, whose: Party, order: Order) {
        let call = self.call_of(&order);
        let turn = self.line.borrow_mut().take(whose, order, self.bounds(), Instant::now().into_std());
        if matches!(turn, CallTurn::Waits) {
            self.world.oracle.borrow_mut().calls.waits(call);
        }
        self.follow(turn);
        let waiting = self.line.borrow().waiting();
        self.world.oracle.borrow_mut().holds(5, waiting <= self.world.rules.queue, || format!("{waiting} calls wait"));
    }

    fn follow(self: &Rc<Self>, turn: CallTurn<Order>) {
        match turn {
            CallTurn::Due(order, permit) => {
                self.world.oracle.borrow_mut().calls.is_due(self.call_of(&order));
                let (world, call, op) = (self.world.clone(), self.clone(), order.op);
                world.processes.begin(Whose::sidecar(self.sidecar), op, call.call(order, permit));
            }
            CallTurn::Waits => {}
            CallTurn::Refused(order, why) => {
                self.world.tell(|| format!("op {:<3} the call is not made: {why:?}", order.op));
                self.world.oracle.borrow_mut().calls.is_due(self.call_of(&order));
                self.world.oracle.borrow_mut().failed(order.key);
                let _ = order.answer.send(None);
            }
        }
    }

    async fn call(self: Rc<Self>, order: Order, permit: Permit) {
        let world = self.world.clone();
        world.tell(|| format!("op {:<3} is loaded", order.op));
        let most = self.max_in_flight.get().max(world.rules.max_in_flight);
        let call = self.call_of(&order);
        world.oracle.borrow_mut().call_begins(call, order.lease, most);
        let told = timeout(world.rules.timeout, answer(&world, order.key, order.stale)).await.ok().flatten();
        world.oracle.borrow_mut().calls.ends(call);
        world.tell(|| format!("op {:<3} is loaded: {}", order.op, words(&told)));
        match &told {
            None => world.oracle.borrow_mut().failed(order.key),
            Some(Told::Absent(version)) => world.oracle.borrow_mut().found_none(order.key, *version),
            Some(_) => {}
        }
        let chance = world.below(1000) as f64 / 1000.0;
        self.line.borrow_mut().ended(permit, told.is_some(), Instant::now().into_std(), chance);
        let is_lost = world.fault == Fault::LoadsEndWithTheirCaller && world.oracle.borrow().has_left(order.op);
        match is_lost {
            true => std::mem::forget(order.answer),
            false => drop(order.answer.send(told)),
        }
        loop {
            let now = Instant::now().into_std();
            let next = self.line.borrow_mut().next(self.bounds(), now, |order| !order.answer.is_closed());
            let Some(turn) = next else { break };
            self.follow(turn);
        }
    }

    async fn load(self: Rc<Self>, wanted: Wanted) -> Regenerated {
        let (world, op) = (self.world.clone(), self.world.processes.acting.get());
        let (answer, told) = oneshot::channel();
        let key = world.number_of(&wanted.key);
        let stale = wanted.stale.as_ref().and_then(|item| world.oracle.borrow().puts.of(item.value.as_deref()?));
        let lease = world.oracle.borrow().lease_of(op);
        self.take(wanted.whose, Order { key, op, lease, stale, answer });
        let told = timeout(world.rules.timeout * 2 + Duration::from_millis(500), told).await;
        let Some(told) = told.ok().and_then(Result::ok).flatten() else { return Regenerated::Failed(FAILED_FOR) };
        match told {
            Told::Absent(_) => Regenerated::Absent(world.rules.negative_ttl),
            Told::Value(put) | Told::Unchanged(put) => {
                let keep = world.oracle.borrow().puts[put].keep;
                Regenerated::Value { value: world.oracle.borrow().puts.text(put).into(), client_flags: 0, keep }
            }
        }
    }
}

/// The same, as the route asks it.
pub struct Loads(pub Rc<Loading>);

impl Regenerate for Loads {
    fn regenerate(&self, wanted: Wanted) -> Pin<Box<dyn Future<Output = Regenerated>>> {
        Box::pin(self.0.clone().load(wanted))
    }

    fn soft_timeout(&self) -> Duration {
        self.0.world.rules.soft
    }
}

/// The endpoint's answer to a call; nothing if it fails.
async fn answer(world: &Rc<World>, key: usize, stale: Option<usize>) -> Option<Told> {
    world.wires.turn().await;
    if world.mood.get() == Mood::Down {
        return None;
    }
    let truth = world.truth.borrow()[key];
    let most = world.rules.timeout.as_millis() as usize;
    let slow = [0, 0, most / 8, most / 2, most + most / 4][world.below(5)];
    sleep(Duration::from_millis(world.below(slow + 1) as u64)).await;
    world.wires.turn().await;
    match world.mood.get() {
        Mood::Well => {}
        Mood::Down => return None,
        Mood::Hangs => std::future::pending().await,
    }
    if truth % 4 == 3 {
        return Some(Told::Absent(truth));
    }
    let said = AnswerSaid { cache_control: Some(SAID[world.below(SAID.len())]), ..AnswerSaid::default() };
    let keep = keep(said, world.rules.keep);
    let mut oracle = world.oracle.borrow_mut();
    match stale.filter(|put| oracle.puts[*put].version == truth && keep != Keep::Never) {
        Some(put) => {
            oracle.renew(put, keep);
            Some(Told::Unchanged(put))
        }
        None => Some(Told::Value(oracle.loads(key, truth, keep))),
    }
}

fn words(told: &Option<Told>) -> String {
    match told {
        Some(Told::Value(put)) => format!("put {put}"),
        Some(Told::Unchanged(put)) => format!("put {put} as it was"),
        Some(Told::Absent(version)) => format!("nothing, at {version}"),
        None => "failed".into(),
    }
}
