//! Promise 6: many want a value that is not there. One regenerates it, the others get it, or a miss in the end.

use std::rc::Rc;
use std::time::Duration;

use leash::protocol::Reply;
use tokio::time::Instant;

use crate::engine::Simulated;
use crate::refresh::fleet::{Notes, Person};
use crate::refresh::world::World;

/// What the network and the pauses between two looks may add to a wait.
const SLACK: Duration = Duration::from_millis(300);

/// What one of the crowd was answered, and after how long.
struct Told {
    reply: Reply,
    after: Duration,
    has_won: bool,
}

pub async fn play(world: &Rc<World>) {
    let told: Notes<Told> = Notes::default();
    let cold_wait = world.policy.cold_wait;
    world.drift.set(10);
    let lease = Duration::from_secs(world.policy.lease.into());
    // Half of the winners are done long before anybody loses patience, the others long after.
    let is_quick = world.percent(60);
    let most = if is_quick { cold_wait.min(lease).as_millis() as usize / 3 } else { lease.as_millis() as usize };
    let took = world.below(most);
    let leaves = (!is_quick || world.percent(30)).then(|| world.below(3));
    for number in 0..3 + world.below(5) {
        let (person, notes) = (Person::somewhere(world), told.clone());
        let is_leaving = leaves == Some(number);
        world.begin(person.whose(), visit(person, took, is_leaving, notes));
    }
    world.unfold().await;
    judge(world, &told.borrow(), is_quick && leaves.is_none());
}

async fn visit(person: Person, took: usize, is_leaving: bool, notes: Notes<Told>) {
    person.turn().await;
    let began = Instant::now();
    if is_leaving {
        let patience = Duration::from_millis(person.world.below(800) as u64);
        if tokio::time::timeout(patience, person.read()).await.is_err() {
            let (world, number) = (person.world.clone(), person.number);
            world.tell(|| format!("person {number} hangs up"));
            drop(person);
            world.oracle.borrow_mut().left(number, false);
        }
        return;
    }
    let reply = person.read().await;
    let has_won = person.has_won();
    notes.borrow_mut().push(Told { reply, after: began.elapsed(), has_won });
    if has_won {
        person.pause(took).await;
        person.set(1, 1000, false).await;
    }
}

fn judge(world: &World, told: &[Told], all_get_it: bool) {
    let cold_wait = world.policy.cold_wait;
    let winners = told.iter().filter(|told| told.has_won).count();
    for one in told.iter().filter(|told| !told.has_won) {
        let in_time = one.after <= cold_wait + SLACK;
        world.hold(in_time, || format!("promise 6: somebody waited {:?} of {cold_wait:?}", one.after));
        let is_early_miss = one.reply == Reply::Miss && one.after < cold_wait;
        world.hold(!is_early_miss, || format!("promise 6: somebody was told \"miss\" after {:?}", one.after));
        let got_it = matches!(one.reply, Reply::Hit(_)) || !all_get_it;
        world.hold(got_it, || format!("promise 6: somebody did not get the value, after {:?}", one.after));
    }
    world.hold(winners == 1 || !all_get_it, || format!("promise 6: {winners} regenerations of one cold value"));
}

/// A value is regenerated and deleted at one sidecar, while another one looks for it: who joins those that wait there
/// after the delete was answered is not given what was read before it.
pub async fn joining(world: &Rc<World>) {
    world.drift.set(10);
    for _ in 0..1 + world.below(3) {
        let waiter = Person::new(world, 1);
        world.begin(waiter.whose(), async move {
            waiter.pause(waiter.world.below(20)).await;
            waiter.turn().await;
            waiter.read().await;
        });
    }
    let winner = Person::new(world, 0);
    world.begin(winner.whose(), async move {
        winner.read().await;
        winner.pause(winner.world.below(40)).await;
        winner.set(0, 1000, false).await;
        write_and_read_elsewhere(&winner).await;
    });
    world.unfold().await;
}

async fn write_and_read_elsewhere(writer: &Person) {
    let world = &writer.world;
    world.truth.set(1);
    writer.turn().await;
    writer.delete(1).await;
    for _ in 0..2 {
        let reader = Person::new(world, 1);
        world.begin(reader.whose(), async move { drop(reader.read().await) });
    }
}
