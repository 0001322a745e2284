//! A route moves and servers of either pool die and freeze, in every phase, with and without a gutter: nobody reads a
//! value that was replaced or deleted through the same leash. What the old pool has is put there past leash, as if it
//! had been there all along.

use std::sync::RwLock;

use support::figures::metric;
use support::turn::beside_others;
use support::{Leash, Memcached};

use super::house::{Harm, comes_back, for_millis, goes_down, list};
use super::load::while_it_is_used;
use super::owner::Planting;
use super::seen::Answer;

/// Old pool and new one, two servers each, and a gutter.
struct Pools {
    sides: [(&'static str, Vec<Memcached>); 2],
    spare: Memcached,
}

impl Pools {
    fn start() -> Pools {
        let sides = ["old", "new"].map(|name| (name, Memcached::start_many(2)));
        Pools { sides, spare: Memcached::start() }
    }

    fn leash(&self, route: &str, of_new: &str) -> Leash {
        let pool = |(name, servers): &(&str, Vec<Memcached>)| {
            let more = if *name == "new" { of_new } else { "" };
            format!("  {name}: {{servers: [{}], request_timeout: 250ms{more}}}\n", list(name, servers))
        };
        let spare = format!("  spare: {{servers: [\"{}\"]}}\n", self.spare.address());
        let pools = [pool(&self.sides[0]), pool(&self.sides[1]), spare].concat();
        Leash::with_config(&format!("workers: 2\npools:\n{pools}routes: [{{prefix: \"\", {route}}}]\n"))
    }

    /// One server of each pool is killed, another frozen; each is back before the next one goes.
    fn suffer(&mut self, leash: &Leash, planting: &Planting) {
        for (harm, number) in [(Harm::Kill, 0), (Harm::Freeze, 1)] {
            for (side, servers) in &mut self.sides {
                for_millis(400);
                // What is on its way past leash must not come after what leash says.
                *planting.is_open.write().unwrap() = false;
                let (name, server) = (format!("{side}{number}"), &mut servers[number..=number]);
                harm.is_done_to(server);
                let detected = goes_down(leash, &name);
                for_millis(400);
                harm.is_over_for(server);
                let back = comes_back(leash, &name);
                println!("  {harm:?} {name}: known after {detected:?}, back {back:?} after its return");
                *planting.is_open.write().unwrap() = true;
            }
        }
        for_millis(400);
    }
}

fn nobody_reads_what_was_replaced(phase: &str, of_new: &str) {
    let mut pools = Pools::start();
    let leash = pools.leash(&format!("migrate: {{from: old, to: new, phase: {phase}}}"), of_new);
    let past = pools.leash("pool: old", "");
    let planting = Planting { address: past.address().into(), is_open: RwLock::new(true) };
    let ((), seen) = while_it_is_used(&leash, |_| 0, Some(&planting), || pools.suffer(&leash, &planting));
    let count = |answer| seen.samples.iter().filter(|sample| sample.answer == answer).count();
    let (hits, spooled) = (count(Answer::Hit), metric(&leash, "leash_spool_replayed_total", ""));
    let from = metric(&leash, "leash_migration_reads_total", "source=\"from\"");
    println!(
        "{phase}{of_new}: {} requests, {hits} hits, {from} of them in the old pool, {} refused, {spooled} deletes replayed, \
         {} moved; 0 values that were replaced",
        seen.samples.len(),
        count(Answer::Refused),
        metric(&leash, "leash_backfills_total", "outcome=\"done\""),
    );
    assert!(hits > 2000 && spooled > 20.0, "nothing was tested");
    assert_eq!(from > 50.0, phase != "drain", "both pools are read where the phase says so");
}

const GUTTER: &str = ", on_down: {gutter: {pool: spare, ttl: 5s}}";

#[test]
fn in_prepare_nobody_reads_what_was_replaced_whichever_side_dies() {
    let _turn = beside_others();
    nobody_reads_what_was_replaced("prepare", "");
}

#[test]
fn in_warm_nobody_reads_what_was_replaced_whichever_side_dies() {
    let _turn = beside_others();
    nobody_reads_what_was_replaced("warm", "");
}

#[test]
fn in_drain_nobody_reads_what_was_replaced_whichever_side_dies() {
    let _turn = beside_others();
    nobody_reads_what_was_replaced("drain", "");
}

#[test]
fn in_warm_over_a_gutter_nobody_reads_what_was_replaced_whichever_side_dies() {
    let _turn = beside_others();
    nobody_reads_what_was_replaced("warm", GUTTER);
}

#[test]
fn in_drain_over_a_gutter_nobody_reads_what_was_replaced_whichever_side_dies() {
    let _turn = beside_others();
    nobody_reads_what_was_replaced("drain", GUTTER);
}
