//! Everything at once: readers that regenerate, writers through leash and past it, hang-ups, crashes, evictions.

use std::rc::Rc;

use leash::protocol::{Arithmetic, Command, Exptime, Get, Reply, Returns, Store, StoreMode};

use crate::engine::Simulated;
use crate::refresh::deeds::Deed;
use crate::refresh::fleet::Person;
use crate::refresh::trouble::Trouble;
use crate::refresh::world::World;

#[derive(Clone, Copy)]
enum Role {
    Reader,
    Writer,
    WriterPastLeash,
    Builder,
}

/// With so many who change what others stored.
pub async fn play(world: &Rc<World>, builders: usize) {
    let past_leash = world.wires.lay(1);
    let fills = world.percent(30);
    world.oracle.borrow_mut().puts.are_numbers = builders > 0;
    let mut roles = vec![Role::Reader; 2 + world.below(4)];
    roles.extend(vec![Role::Builder; builders]);
    roles.extend(vec![Role::Writer; world.below(3)]);
    let is_bypassed = world.percent(25);
    if is_bypassed {
        roles.push(Role::WriterPastLeash);
    }
    let is_troubled = world.percent(40);
    // What was written and then evicted has left no trace that a winner could heed.
    let evicted_items = usize::from(!is_bypassed && builders == 0);
    let trouble = Trouble { deserters: 2, crashes: 1, evicted_leases: 1, evicted_items };
    let trouble = if is_troubled { trouble } else { Trouble::default() };
    for role in &roles {
        begin(world, *role, past_leash, fills);
    }
    if is_troubled {
        // Those who come when others have left.
        for _ in 0..2 {
            begin(world, Role::Reader, past_leash, fills);
        }
    }
    world.trouble.set(trouble);
    world.unfold().await;
    world.trouble.take();
    for sidecar in 0..world.sidecars.borrow().len() {
        let person = Person::new(world, sidecar);
        world.begin(person.whose(), async move { drop(person.read().await) });
    }
    world.unfold().await;
}

fn begin(world: &Rc<World>, role: Role, past_leash: usize, fills: bool) {
    let person = Person::somewhere(world);
    world.begin(person.whose(), async move {
        match role {
            Role::Reader => reader(&person, fills).await,
            Role::Writer => writer(&person, None).await,
            Role::WriterPastLeash => writer(&person, Some(past_leash)).await,
            Role::Builder => builder(&person).await,
        }
    });
}

/// Reads; regenerates what it is told to, in its own time. `fills`: also where it has no lease for it, as any client of
/// memcached would.
async fn reader(person: &Person, fills: bool) {
    let world = &person.world;
    for _ in 0..2 + world.below(3) {
        think(person).await;
        let is_told = match person.read().await {
            Reply::Miss => true,
            Reply::Hit(item) => item.marks.contains(&b'W'),
            _ => false,
        };
        if is_told && (fills || person.has_won()) {
            person.turn().await;
            let version = world.truth.get();
            person.pause(regeneration(world)).await;
            person.turn().await;
            person.set(version, ttl(world), false).await;
        }
    }
}

/// Counts the truth up, then tells the cache.
async fn writer(person: &Person, past_leash: Option<usize>) {
    let world = &person.world;
    for _ in 0..1 + world.below(3) {
        think(person).await;
        let Some(_pen) = world.pen.take() else { continue };
        let version = world.truth.get() + 1;
        world.truth.set(version);
        world.tell(|| format!("the truth is {version}"));
        person.turn().await;
        match past_leash {
            Some(wire) => person.set_past_leash(wire, version).await,
            None if world.percent(50) => drop(person.delete(version).await),
            None => drop(person.set(version, ttl(world), true).await),
        }
    }
}

/// Appends, prepends, counts, touches and swaps: whatever is there is a little different after it, and no newer.
async fn builder(person: &Person) {
    let world = &person.world;
    for _ in 0..4 + world.below(12) {
        if world.percent(20) {
            think(person).await;
        }
        person.turn().await;
        let extend = |mode| Command::Store(Store { mode, value: "+".into(), ..Store::default() });
        let touch = |returns| Command::Get(Get { touch: Some(Exptime::new(ttl(world))), returns, ..Get::default() });
        let command = match world.below(7) {
            0 => extend(StoreMode::Append),
            1 => extend(StoreMode::Prepend),
            2 => Command::Arithmetic(Arithmetic { returns: Returns::VALUE, ..Arithmetic::default() }),
            3 => Command::Arithmetic(Arithmetic { decrement: true, delta: 0, ..Arithmetic::default() }),
            4 => touch(Returns::NONE),
            _ => {
                person.swap(ttl(world)).await;
                continue;
            }
        };
        person.ask(Deed::Other, |_| command).await;
    }
}

async fn think(person: &Person) {
    let world = &person.world;
    let millis = [0, 0, world.below(300), world.below(2500)][world.below(4)];
    person.pause(millis).await;
    person.turn().await;
}

/// How long a regeneration takes: mostly shorter than the lease, sometimes longer than it, sometimes than the grace
/// too.
fn regeneration(world: &World) -> usize {
    let lease = world.policy.lease as usize * 1000;
    match world.below(8) {
        0 | 1 => 0,
        2 | 3 => world.below(300),
        4 => world.below(lease),
        5 => lease - 1000 + world.below(1000),
        6 => lease + world.below(1500),
        _ => lease + world.policy.grace as usize * 1000 + world.below(2000),
    }
}

fn ttl(world: &World) -> i32 {
    1 + world.below(3) as i32
}
