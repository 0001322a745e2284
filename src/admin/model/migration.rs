//! How far a route has come on its way to another pool, and what is safe to do next: the runbook of
//! `docs/operations/runbooks/move-a-route.md` as a function of phase and figures.
//!
//! One sidecar does not know of the others, so no sentence promises anything about the fleet: each says what every
//! sidecar must have done first.

use serde::{Deserialize, Serialize};

use crate::config::Phase;
use crate::readable::percent;

/// With fewer values than this found, no share of them tells anything.
const FEWEST: u64 = 100;
/// A share of values from the old pool that most can bear as misses.
const BEARABLE: f64 = 0.01;
/// How long `warm` lasts before its figures tell anything, in seconds: the minutes that are looked at.
const WARMED: f64 = 300.0;
/// How long `drain` lasts at least, in seconds: twice as long as a claim lives.
const DRAINED: f64 = 10.0;

/// What still holds `warm` when nothing in the figures does.
const DRAIN_NEXT: &str = "Go on to drain when every sidecar has been in warm for as long as the longest TTL of a lock or a \
                          counter.";

/// A route between two pools.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// The old pool.
    pub from: String,
    /// The new one.
    pub to: String,
    /// How far it has come.
    pub phase: Phase,
    /// How many seconds this leash has been in that phase, at least.
    pub stayed: f64,
    /// Where values were read in this phase, as far as it lies in the recent minutes.
    pub reads: Reads,
    /// What became of bringing items over in the same time.
    pub backfills: Backfills,
    /// What is safe to do next.
    pub next: Next,
}

/// Reads by the pool that the value came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// The new pool.
    pub to: u64,
    /// The old one.
    pub from: u64,
    /// Neither had it.
    pub none: u64,
}

/// Items read in the old pool, by what became of bringing them over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfills {
    /// It is in the new pool.
    pub done: u64,
    /// It was there already, or another request was bringing it.
    pub refused: u64,
    /// It was changed meanwhile, or a server failed.
    pub undone: u64,
    /// Too many were under way.
    pub skipped: u64,
}

/// What is safe to do next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Whether nothing that this leash knows speaks against going on.
    pub may_go_on: bool,
    /// The same for people.
    pub sentence: String,
}

impl Reads {
    /// The share of the values that were found in the old pool; `None` if too few were found to tell.
    pub fn share_from(&self) -> Option<f64> {
        let found = self.to + self.from;
        (found >= FEWEST).then(|| self.from as f64 / found as f64)
    }

    /// The share of reads that found a value; `None` if there were too few to tell.
    pub fn hit_ratio(&self) -> Option<f64> {
        let found = self.to + self.from;
        let all = found + self.none;
        (all >= FEWEST).then(|| found as f64 / all as f64)
    }
}

/// What is safe to do next in `phase`, in which this leash has been for `stayed` seconds.
pub fn next(phase: Phase, stayed: f64, reads: Reads, backfills: Backfills) -> Next {
    match phase {
        Phase::Prepare => go_on("Nothing moves yet. Go on to warm when every sidecar is in prepare.".to_string()),
        Phase::Warm => warm(stayed, reads, backfills),
        Phase::Drain if stayed < DRAINED => {
            stay(format!("Stay in drain for at least {DRAINED} seconds, so that no claim of a copy is left."))
        }
        Phase::Drain => go_on(format!(
            "{}Write pool: and the new one when every sidecar has been in drain for {DRAINED} seconds; then the old pool \
             can be switched off.",
            reads.hit_ratio().map(|hits| format!("{} of reads hit. ", percent(hits))).unwrap_or_default()
        )),
    }
}

fn warm(stayed: f64, reads: Reads, backfills: Backfills) -> Next {
    let Some(share) = reads.share_from() else {
        return stay("Stay in warm: too few values were read lately to tell how warm the new pool is.".to_string());
    };
    if stayed < WARMED {
        let told = percent(share);
        return stay(format!(
            "Stay in warm for at least five minutes. So far {told} of the values found came from the old pool."
        ));
    }
    if reads.from == 0 {
        return go_on(format!("No value came from the old pool lately. {DRAIN_NEXT}"));
    }
    let share_told = format!("{} of the values found still come from the old pool", percent(share));
    if backfills.skipped > backfills.done {
        return stay(format!("Stay in warm: {share_told}, and keys are read faster than they can be copied."));
    }
    if share > BEARABLE {
        return stay(format!("Stay in warm: {share_told}, and would be misses in drain."));
    }
    go_on(format!("Only {share_told}. {DRAIN_NEXT}"))
}

fn go_on(sentence: String) -> Next {
    Next { may_go_on: true, sentence }
}

fn stay(sentence: String) -> Next {
    Next { may_go_on: false, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Backfills = Backfills { done: 0, refused: 0, undone: 0, skipped: 0 };

    fn reads(to: u64, from: u64) -> Reads {
        Reads { to, from, none: 50 }
    }

    #[test]
    fn prepare_waits_for_the_fleet_alone() {
        let next = next(Phase::Prepare, 0.0, Reads::default(), NONE);
        assert!(next.may_go_on && next.sentence.contains("every sidecar is in prepare"), "{next:?}");
    }

    #[test]
    fn warm_is_not_left_on_a_guess() {
        for few in [reads(0, 0), reads(99, 0), reads(0, 99)] {
            let next = next(Phase::Warm, 1e6, few, NONE);
            assert!(!next.may_go_on && next.sentence.contains("too few"), "{few:?}: {next:?}");
        }
    }

    #[test]
    fn warm_is_left_when_the_old_pool_is_hardly_needed() {
        let warm = |to, from| next(Phase::Warm, 300.0, reads(to, from), NONE);
        assert_eq!(
            warm(880, 120).sentence,
            "Stay in warm: 12.0 % of the values found still come from the old pool, and would be misses in drain."
        );
        assert!(!warm(980, 20).may_go_on);
        assert!(warm(990, 10).may_go_on);
        assert!(warm(1000, 10).sentence.starts_with("Only 0.9 % of the values"), "{:?}", warm(1000, 10));
        let next = warm(1000, 0);
        assert!(next.may_go_on && next.sentence.starts_with("No value came from the old pool lately."), "{next:?}");
    }

    #[test]
    fn warm_is_not_left_before_its_figures_tell_anything() {
        let next = next(Phase::Warm, 299.0, reads(1000, 0), NONE);
        assert_eq!(
            (next.may_go_on, &*next.sentence),
            (false, "Stay in warm for at least five minutes. So far 0.0 % of the values found came from the old pool.")
        );
    }

    #[test]
    fn warm_is_not_left_while_copies_cannot_keep_up() {
        let behind = Backfills { done: 5, skipped: 6, ..NONE };
        let next = next(Phase::Warm, 300.0, reads(10_000, 10), behind);
        assert!(!next.may_go_on && next.sentence.contains("faster than they can be copied"), "{next:?}");
    }

    #[test]
    fn drain_outlives_the_claims() {
        let drain = |stayed| next(Phase::Drain, stayed, reads(150, 0), NONE);
        assert!(!drain(9.9).may_go_on);
        let next = drain(10.0);
        assert!(next.may_go_on && next.sentence.starts_with("75.0 % of reads hit. Write pool:"), "{next:?}");
    }
}
