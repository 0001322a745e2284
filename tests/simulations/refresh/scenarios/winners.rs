//! Winners that are slower than their lease.

use std::cell::RefCell;
use std::rc::Rc;

use leash::protocol::Reply;
use tokio::time::Instant;

use crate::engine::Simulated;
use crate::refresh::fleet::{Notes, Person};
use crate::refresh::world::World;

/// One set: what was stored, the events between which, and whether the lease was over by then.
struct Stored {
    version: u64,
    from: u64,
    until: u64,
    is_late: bool,
}

/// Long enough for nothing to go stale within a story.
const LONG: i32 = 1000;

/// Promise 2: nobody else writes or wins, so whatever time it takes, the winner's value is stored.
pub async fn lone(world: &Rc<World>) {
    let read: Notes<Option<String>> = Notes::default();
    let (winner, notes) = (Person::somewhere(world), read.clone());
    world.begin(winner.whose(), async move {
        prepare(&winner).await;
        let lease = winner.world.policy.lease as usize * 1000;
        winner.read().await;
        let begun = winner.world.clock();
        others_read(&winner.world, lease.saturating_sub(1500));
        let took = [lease / 2, lease, lease + 800, lease + 1000 * winner.world.policy.grace as usize + 2000];
        winner.pause(took[winner.world.below(4)]).await;
        winner.set(1, LONG, false).await;
        winner.world.tell(|| format!("it took {:?}", winner.world.clock().duration_since(begun).unwrap()));
        let found = value(winner.read().await);
        notes.borrow_mut().push(found);
    });
    world.unfold().await;
    let read = read.borrow();
    let is_there = matches!(&read[..], [Some(value)] if value.starts_with("1:"));
    world.hold(is_there, || format!("promise 2: the lone winner's value is not there: {read:?}"));
    let winners = world.oracle.borrow().winners;
    // None where the stale item was gone before anybody came.
    world.hold(winners <= 1, || format!("promise 4: {winners} winners of one stale item"));
}

/// Those who read while the lease runs: they change nothing.
fn others_read(world: &Rc<World>, within: usize) {
    for _ in 0..world.below(3) {
        let (person, pause) = (Person::somewhere(world), world.below(within.max(1)));
        world.begin(person.whose(), async move {
            person.pause(pause).await;
            person.read().await;
        });
    }
}

/// Promise 3: whichever of two sets comes first, what the second winner found is not replaced by what the first one
/// did.
pub async fn two(world: &Rc<World>) {
    let sets: Notes<Stored> = Rc::new(RefCell::default());
    let read: Notes<Option<String>> = Notes::default();
    let (first, second) = (Person::somewhere(world), Person::somewhere(world));
    let (notes, last) = (sets.clone(), read.clone());
    let wait = world.policy.lease as usize * 1000 + world.below(300);
    world.begin(first.whose(), async move {
        prepare(&first).await;
        let won = Instant::now();
        first.read().await;
        begin_second(second, wait, notes.clone(), last);
        let longer = [0, 0, first.world.below(500), first.world.below(2500)][first.world.below(4)];
        first.pause(wait + longer).await;
        set(&first, 1, won, &notes).await;
    });
    world.unfold().await;
    judge(world, &sets.borrow(), &read.borrow());
}

fn begin_second(second: Person, wait: usize, notes: Notes<Stored>, last: Notes<Option<String>>) {
    let world = second.world.clone();
    world.begin(second.whose(), async move {
        second.pause(wait).await;
        second.turn().await;
        let won = Instant::now();
        second.read().await;
        if second.has_won() {
            let longer = [0, 0, second.world.below(500), second.world.below(1500)][second.world.below(4)];
            second.pause(longer).await;
            set(&second, 2, won, &notes).await;
        }
        second.pause(5000).await;
        let found = value(second.read().await);
        last.borrow_mut().push(found);
    });
}

async fn set(person: &Person, version: u64, won: Instant, notes: &Notes<Stored>) {
    person.turn().await;
    let from = person.world.oracle.borrow().event;
    person.set(version, LONG, false).await;
    let until = person.world.oracle.borrow().event;
    let is_late = person.world.policy.may_have_run_out(won.elapsed());
    notes.borrow_mut().push(Stored { version, from, until, is_late });
}

/// A second winner whose own lease is over may find the first one's value and nothing that speaks against it. Where the
/// two sets overlap, it may meet that value before it is withdrawn: then neither is left, which is not outdated.
fn judge(world: &World, sets: &[Stored], read: &[Option<String>]) {
    let [one, other] = sets else { return };
    let overlap = one.from < other.until && other.from < one.until;
    if [one, other].iter().any(|set| set.version == 2 && set.is_late) {
        return;
    }
    let last = read.first().cloned().flatten();
    let is_newer = last.as_ref().is_some_and(|value| value.starts_with("2:"));
    let is_outdated = last.as_ref().is_some_and(|value| value.starts_with("1:"));
    world.hold(!is_outdated, || "promise 3: the first winner's value replaced the second one's".into());
    world.hold(is_newer || overlap, || format!("promise 3: the second winner's value is gone, there is {last:?}"));
}

/// Makes a stale item or, half of the time where a cold miss can be won, none.
async fn prepare(person: &Person) {
    let world = &person.world;
    if is_cold(world) {
        return;
    }
    person.set(0, 1, false).await;
    person.pause(1000 + world.below(world.policy.grace as usize * 1000 - 1000)).await;
}

fn is_cold(world: &World) -> bool {
    world.policy.cold_wait.as_millis() % 2 == 1
}

fn value(reply: Reply) -> Option<String> {
    match reply {
        Reply::Hit(item) => item.value.map(|value| String::from_utf8_lossy(&value).into_owned()),
        _ => None,
    }
}
