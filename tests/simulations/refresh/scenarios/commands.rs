//! Promise 5: to every command but a read a stale item is an expired item, whoever else is at it.

use std::rc::Rc;

use leash::protocol::{Arithmetic, Command, Exptime, Get, Reply, Returns, Store, StoreMode};

use crate::engine::Simulated;
use crate::refresh::deeds::Deed;
use crate::refresh::fleet::{Notes, Person};
use crate::refresh::world::World;

/// Long enough for nothing to go stale within a story.
const LONG: i32 = 1000;

/// Several persons take one lock whose time is over: exactly one gets it.
pub async fn adders(world: &Rc<World>) {
    let stored: Notes<usize> = Notes::default();
    let notes = stored.clone();
    crowd(world, "0", move |person| {
        let notes = notes.clone();
        async move {
            let number = person.number;
            let add = |_| store(StoreMode::Add, &format!("lock {number}"), LONG);
            if let Reply::Hit(_) = person.ask(Deed::Other, add).await {
                notes.borrow_mut().push(number);
            }
        }
    })
    .await;
    let stored = stored.take();
    world.hold(stored.len() == 1, || format!("promise 5: the lock was taken by {stored:?}"));
    let expected = format!("lock {}", stored.first().copied().unwrap_or_default());
    expect_value(world, &expected).await;
}

/// Several persons count up from where a count went stale, each in its own way: no increment is lost.
pub async fn counters(world: &Rc<World>) {
    let counted: Notes<u64> = Notes::default();
    let notes = counted.clone();
    crowd(world, "100", move |person| {
        let notes = notes.clone();
        async move {
            for _ in 0..1 + person.world.below(3) {
                let is_counted =
                    if person.world.percent(50) { count_or_add(&person).await } else { count_or_create(&person).await };
                notes.borrow_mut().extend(is_counted.then_some(1));
                person.turn().await;
            }
        }
    })
    .await;
    let sum: u64 = counted.borrow().iter().sum();
    expect_value(world, &sum.to_string()).await;
}

/// incr, and where there is nothing to count on, add.
async fn count_or_add(person: &Person) -> bool {
    for _ in 0..10 {
        let incr = Command::Arithmetic(Arithmetic::default());
        if let Reply::Hit(_) = person.ask(Deed::Other, |_| incr).await {
            return true;
        }
        person.turn().await;
        if let Reply::Hit(_) = person.ask(Deed::Other, |_| store(StoreMode::Add, "1", LONG)).await {
            return true;
        }
    }
    false
}

/// ma with N: creates the count if there is none.
async fn count_or_create(person: &Person) -> bool {
    let returns = Returns::VALUE;
    let count = Arithmetic { initial: 1, vivify: Some(Exptime::new(LONG)), returns, ..Arithmetic::default() };
    matches!(person.ask(Deed::Other, |_| Command::Arithmetic(count)).await, Reply::Hit(_))
}

/// replace, append, prepend, cas, touch and incr, all at once over a stale item: none of them finds anything, and a
/// reader still does.
pub async fn lookers(world: &Rc<World>) {
    let wrong: Notes<String> = Notes::default();
    let notes = wrong.clone();
    crowd(world, "7", move |person| {
        let notes = notes.clone();
        async move {
            let command = match person.world.below(6) {
                0 => store(StoreMode::Replace, "8", LONG),
                1 => store(StoreMode::Append, "8", LONG),
                2 => store(StoreMode::Prepend, "8", LONG),
                3 => Command::Get(Get { touch: Some(Exptime::new(LONG)), ..Get::default() }),
                4 => Command::Arithmetic(Arithmetic::default()),
                _ => Command::Store(Store {
                    compare_cas: Some(1 + person.world.below(6) as u64),
                    value: "8".into(),
                    ..Store::default()
                }),
            };
            let told = format!("{command:?}");
            let reply = person.ask(Deed::Other, |_| command).await;
            if !matches!(reply, Reply::NotFound | Reply::NotStored | Reply::Miss) {
                notes.borrow_mut().push(format!("{told}: {reply:?}"));
            }
        }
    })
    .await;
    let wrong = wrong.borrow();
    world.hold(wrong.is_empty(), || format!("promise 5: a stale item was found by {wrong:?}"));
}

/// A stale item with this value, or nothing where the seed says so, and several persons that act on it at once.
async fn crowd<F: Future<Output = ()> + 'static>(
    world: &Rc<World>,
    value: &str,
    act: impl Fn(Rc<Person>) -> F + Clone + 'static,
) {
    let (first, value) = (Person::somewhere(world), value.to_string());
    let begins = world.clone();
    let size = 2 + world.below(4);
    world.begin(first.whose(), async move {
        if begins.percent(90) {
            first.ask(Deed::Other, |_| store(StoreMode::Set, &value, 1)).await;
            first.pause(1000 + begins.below(begins.policy.grace as usize * 1000 - 999)).await;
        }
        for _ in 0..size {
            let (person, act) = (Rc::new(Person::somewhere(&begins)), act.clone());
            begins.begin(person.whose(), async move {
                person.turn().await;
                act(person).await;
            });
        }
    });
    world.unfold().await;
}

async fn expect_value(world: &Rc<World>, expected: &str) {
    let read: Notes<Reply> = Notes::default();
    let (person, notes) = (Person::somewhere(world), read.clone());
    world.begin(person.whose(), async move {
        let get = Get { returns: Returns::VALUE, ..Get::default() };
        let reply = person.ask(Deed::Other, |_| Command::Get(get)).await;
        notes.borrow_mut().push(reply);
    });
    world.unfold().await;
    let read = read.borrow();
    let is_it = matches!(&read[..], [Reply::Hit(item)] if item.value.as_deref() == Some(expected.as_bytes()));
    world.hold(is_it, || format!("promise 5: {expected} is expected, and there is {read:?}"));
}

fn store(mode: StoreMode, value: &str, ttl: i32) -> Command {
    Command::Store(Store { mode, value: value.to_string().into(), ttl: Some(Exptime::new(ttl)), ..Store::default() })
}
