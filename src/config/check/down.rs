//! `on_down` and `spool`: a gutter is another pool that has none itself, so that a key's way has an end.

use super::setting::{setting, text};
use crate::config::checked::{Address, GUTTER_TTL, Gutter, OnDown, Pool, ServerConfig, SpoolConfig};
use crate::config::problem::{Problems, instead, plain};
use crate::config::units::{COUNT, SECONDS};
use crate::config::written::{self, File};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The pool that need not be written: a store inside this process.
const EMBEDDED: &str = "embedded";
/// Longer than this is no stand-in but a second pool.
const TTLS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const MOST_KEYS: usize = 10_000_000;

/// Resolves the gutters of all pools, and adds the one that need not be written.
pub(super) fn gutters(file: &File, pools: &mut Vec<Pool>, problems: &mut Problems) {
    let written: Vec<&written::Pool> = file.pools.iter().flatten().collect();
    for (n, pool) in written.iter().enumerate() {
        pools[n].on_down = match &pool.on_down {
            None => continue,
            Some(written::OnDown::Word(word)) if word.text == "miss" => OnDown::Miss,
            Some(written::OnDown::Word(word)) => {
                let word = (&word.place, plain(&word.text));
                problems.add(word.0, format!("unknown value {}, write miss, or {{gutter: embedded}}", word.1));
                continue;
            }
            Some(written::OnDown::Gutter(gutter)) => match resolve(gutter, n, pools, problems) {
                Some(gutter) => OnDown::Gutter(gutter),
                None => continue,
            },
        };
    }
    for (n, pool) in written.iter().enumerate() {
        let Some(gutter) = pools[n].on_down.gutter() else { continue };
        let Some(written::OnDown::Gutter(at)) = &pool.on_down else { continue };
        if gutter.pool != n && pools[gutter.pool].on_down.gutter().is_some() {
            let name = plain(&pools[gutter.pool].name);
            problems.add(&at.place, format!("pool {name} has a gutter itself; give {name} on_down: miss"));
        }
    }
}

fn resolve(written: &written::Gutter, own: usize, pools: &mut Vec<Pool>, problems: &mut Problems) -> Option<Gutter> {
    let ttl = setting(&SECONDS, written.ttl.as_ref(), GUTTER_TTL, TTLS, problems);
    let scalar = written.pool.as_ref()?;
    let found = pools.iter().position(|pool| *pool.name == *scalar.text);
    if found == Some(own) {
        problems.add(&scalar.place, "a pool cannot be its own gutter; name another, or write embedded");
        return None;
    }
    let pool = match found {
        Some(pool) => pool,
        None if scalar.text == EMBEDDED => {
            let server = ServerConfig { name: EMBEDDED.into(), address: Address::Embedded, weight: 1 };
            pools.push(Pool::of(EMBEDDED, vec![server]));
            pools.len() - 1
        }
        None => {
            let names = pools.iter().map(|pool| &*pool.name).chain([EMBEDDED]);
            let names = instead(&scalar.text, names);
            problems.add(&scalar.place, format!("there is no pool {}, {names}", plain(&scalar.text)));
            return None;
        }
    };
    Some(Gutter { pool, ttl })
}

/// Checks `spool`.
pub(super) fn spool(written: &written::SpoolConfig, problems: &mut Problems) -> SpoolConfig {
    let d = SpoolConfig::default();
    let dir = text(written.dir.as_ref(), problems);
    if let (Some(scalar), Some("")) = (&written.dir, dir) {
        problems
            .add(&scalar.place, "an empty path; write a directory, or leave dir out to keep deletes in memory only");
    }
    let max_keys = setting(&COUNT, written.max_keys.as_ref(), d.max_keys, 0..=MOST_KEYS, problems);
    SpoolConfig { max_keys, dir: dir.filter(|dir| !dir.is_empty()).map(Into::into) }
}
