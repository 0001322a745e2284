//! Questions for the lease of one hot key that went stale everywhere at once, and whose winners all die.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use leash::route::refresh::decide::{ClaimResult, Holding, Policy};
use support::Random;

use super::{SIDECARS, Tally, exponential};

/// Each sidecar's callers ask for the key so often.
const ASKED: Duration = Duration::from_millis(50);
const LEASE: u32 = 10;
const PERIODS: usize = 6;
const STEP: Duration = Duration::from_millis(100);

fn policy() -> Policy {
    let cold_wait = Duration::ZERO;
    Policy { grace: 3600, fail_safe: 0, lease: LEASE, cold_wait, jitter: 0.0, marker: 1 << 31, early: None }
}

/// The questions of so many sidecars in each tenth of a second, where `again` says when to ask again for a lease that lasts
/// so many seconds.
fn questions(seed: u64, sidecars: usize, again: impl Fn(i64) -> Duration) -> Tally {
    let (mut random, start, policy) = (Random::new(seed), Instant::now(), policy());
    let end = policy.lease_time() * PERIODS as u32;
    let mut tally = Tally::new(STEP, (end.as_millis() / STEP.as_millis()) as usize);
    let mut holdings = vec![Holding::Unknown; sidecars];
    let mut callers: BinaryHeap<_> =
        (0..sidecars).map(|sidecar| Reverse((exponential(&mut random, ASKED), sidecar))).collect();
    // The second in which the server ends the lease: its clock ticks once a second.
    let mut lease_ends = 0;
    while let Some(Reverse((at, sidecar))) = callers.pop().filter(|Reverse((at, _))| *at < end) {
        let now = start + at;
        let holding = &mut holdings[sidecar];
        if let ClaimResult::Mine { .. } = holding.claim(now, None) {
            tally.add(at);
            let left = lease_ends - at.as_secs() as i64;
            *holding = if left <= 0 {
                lease_ends = at.as_secs() as i64 + i64::from(LEASE);
                Holding::Taken { until: now + policy.lease_time(), value_ends: None, is_here: true }
            } else {
                Holding::Taken { until: now + again(left), value_ends: None, is_here: false }
            };
        }
        let Holding::Taken { until, .. } = *holding else { unreachable!("it was taken or claimed") };
        // Whoever comes earlier is answered with the stale value, without a question.
        callers.push(Reverse(((until - start).max(at) + exponential(&mut random, ASKED), sidecar)));
    }
    tally
}

#[test]
fn a_hot_stale_key_costs_each_sidecar_three_questions_a_lease_at_most() {
    for seed in 0..3 {
        let tally = questions(seed, SIDECARS, |seconds| policy().asks_again_after(seconds));
        let (all, most) = (tally.total() as f64 / (SIDECARS * PERIODS) as f64, tally.most_from(0));
        println!("lease questions: {all:.2} a sidecar and lease, {most} in a tenth of a second at most");
        assert!(all <= 3.0, "{all} a lease");
        assert!(most <= SIDECARS, "{most} at once: more than one a sidecar");
    }
}

#[test]
fn sidecars_that_do_not_remember_who_has_a_lease_are_found_out() {
    let part = SIDECARS / 20;
    let all = questions(1, part, |_| Duration::ZERO).total();
    assert!(all > part * PERIODS * 10, "{all}");
}
