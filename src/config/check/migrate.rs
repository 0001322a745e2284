//! `migrate` of a route: two pools that share no server, and a phase.

use super::named::named;
use crate::config::checked::{Address, Migrate, Phase, Pool};
use crate::config::problem::Problems;
use crate::config::problem::{instead, plain};
use crate::config::written;

/// Checks the migration of one route.
pub(super) fn check(written: &written::Migrate, pools: &[Pool], problems: &mut Problems) -> Option<Migrate> {
    let sides = [("from", &written.from), ("to", &written.to)].map(|(key, side)| {
        if side.is_none() {
            problems.missing(&written.place, key, "write the name of a pool");
        }
        named(side.as_ref(), pools, problems)
    });
    let phase = phase(written, problems);
    let ([Some(from), Some(to)], Some(phase)) = (sides, phase) else { return None };
    different_servers(written, &pools[from], &pools[to], from == to, problems);
    Some(Migrate { from, to, phase })
}

fn phase(written: &written::Migrate, problems: &mut Problems) -> Option<Phase> {
    let words = Phase::WORDS.map(|(word, _)| word);
    let Some(scalar) = &written.phase else {
        problems.missing(&written.place, "phase", &format!("write {}", words.join(", ")));
        return None;
    };
    let found = Phase::WORDS.into_iter().find(|(word, _)| *word == scalar.text);
    if found.is_none() {
        problems.add(&scalar.place, format!("unknown value {}, {}", plain(&scalar.text), instead(&scalar.text, words)));
    }
    found.map(|(_, phase)| phase)
}

/// A write stores a key in one pool and deletes it in the other: on one and the same server nothing would be left.
fn different_servers(written: &written::Migrate, from: &Pool, to: &Pool, is_same: bool, problems: &mut Problems) {
    let Some(at) = &written.to else { return };
    if is_same {
        return problems.add(&at.place, "from and to are the same pool; write pool instead of migrate");
    }
    let is_elsewhere = |address: &Address| *address != Address::Embedded;
    let shared = |address: &Address| from.servers.iter().any(|server| server.address == *address);
    if let Some(both) = to.servers.iter().find(|server| is_elsewhere(&server.address) && shared(&server.address)) {
        let text = format!("pool {} has server {} as well", plain(&from.name), plain(&both.address.to_string()));
        problems.add(&at.place, format!("{text}, where a write would delete what it stored; move to other servers"));
    }
}
