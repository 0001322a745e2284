//! The two servers at the end of the wires. Here, and not in the product, is where a simulation is told to misbehave: a
//! test of the test.

use leash::protocol::{Command, Delete, Item, Reply, StoreMode, Uniques};

use super::world::World;
use crate::engine::Asked;

/// The pools, as indices.
pub const FROM: usize = 0;
pub const TO: usize = 1;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// A delete reaches `from` only after what the same request asks of `to` next.
    DeletesToFirst,
    /// No CAS unique is compared when something is stored.
    ComparesNothing,
    /// An add of a claim succeeds over another claim.
    ClaimsExcludeNobody,
    /// A delete that follows a set on the other side is answered and forgotten.
    ForgetsInvalidations,
    /// `to` turns its CAS uniques back, so that clients are told those of both servers alike.
    UniquesAreAlike,
}

/// Whether this is one of leash's claims: they all have the same value.
pub fn is_claim(command: &Command) -> bool {
    matches!(command, Command::Store(store) if store.value == b"leash moves this"[..])
}

/// What the server does with a request, if it does what it should.
pub fn carry_out(world: &World, pool: usize, asked: &Asked) -> Reply {
    let mut request = asked.request.clone();
    let claims = is_claim(&request.command);
    match (world.fault, &mut request.command) {
        (Fault::ComparesNothing, Command::Store(store)) if !claims => store.compare_cas = None,
        (Fault::ClaimsExcludeNobody, Command::Store(store)) if claims && store.mode == StoreMode::Add => {
            store.mode = StoreMode::Set;
        }
        (Fault::ForgetsInvalidations, Command::Delete(Delete { compare_cas: None, .. })) if world.is_set(asked.op) => {
            return Reply::Hit(Item::default());
        }
        (Fault::DeletesToFirst, Command::Delete(Delete { compare_cas: None, .. })) if pool == FROM => {
            let is_there = world.peek(FROM).is_some();
            world.late.borrow_mut().push((asked.op, request));
            return if is_there { Reply::Hit(Item::default()) } else { Reply::NotFound };
        }
        (Fault::UniquesAreAlike, command) if pool == TO => *command = Uniques::OF_A_NEW_POOL.sent(command),
        _ => {}
    }
    let mut reply = world.stores[pool].ask(&request, world.clock());
    if world.fault == Fault::UniquesAreAlike && pool == TO {
        reply = Uniques::OF_A_NEW_POOL.told(&request.command, reply);
    }
    if pool == TO {
        let mut late = world.late.borrow_mut();
        for place in (0..late.len()).rev() {
            if late[place].0 == asked.op && world.percent(50) {
                world.stores[FROM].ask(&late.swap_remove(place).1, world.clock());
            }
        }
    }
    reply
}
