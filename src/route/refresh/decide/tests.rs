//! The decisions hold for every TTL, every age and every order of events.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::protocol::{Exptime, Item, Reply, Store};

const MONTH: i32 = 60 * 60 * 24 * 30;
const NOW: i64 = 1_800_000_000;

fn policy(grace: u32, jitter: f64) -> Policy {
    let early = Some(EarlyRefresh { beta: 1.0 });
    Policy { grace, fail_safe: 0, lease: 10, cold_wait: Duration::ZERO, jitter, marker: 1 << 31, early }
}

/// The item as a server has it `after` seconds later, if it still has it.
fn stored(policy: &Policy, exptime: Exptime, chance: f64, after: i64) -> Option<Item> {
    let stretched = policy.stretch(exptime, NOW, chance);
    let client_flags = if stretched.is_marked { policy.marker } else { 0 };
    let ttl = match stretched.exptime.lasts(NOW) {
        None => -1,
        Some(lasts) if lasts > after => lasts - after,
        Some(_) => return None,
    };
    Some(Item { client_flags, ttl, ..Item::default() })
}

proptest! {
    #[test]
    fn a_value_is_fresh_for_its_ttl_then_stale_for_the_grace_then_gone(
        grace in 1..=MONTH as u32, ttl in 1..=2 * MONTH, after in 0..4 * i64::from(MONTH),
    ) {
        let (policy, asked) = (policy(grace, 0.0), i64::from(ttl));
        let exptime = Exptime::new(if ttl <= MONTH { ttl } else { (NOW + asked) as i32 });
        let age = stored(&policy, exptime, 0.5, after).map(|item| policy.age(&item));
        let expected = match after {
            _ if after < asked => Some(Age::Fresh((asked - after) as u32)),
            _ if after < asked + i64::from(grace) => Some(Age::Stale((after - asked) as u32)),
            _ => None,
        };
        prop_assert_eq!(age, expected);
    }

    #[test]
    fn what_never_expires_or_has_already_is_stored_as_it_is(grace in 1..=MONTH as u32, past in 0..NOW - i64::from(MONTH) - 1) {
        for exptime in [0, -1, i32::MIN, (NOW - past) as i32].map(Exptime::new) {
            let stretched = policy(grace, 0.3).stretch(exptime, NOW, 0.9);
            prop_assert_eq!((stretched.exptime, stretched.is_marked), (exptime, false));
        }
    }

    #[test]
    fn jitter_only_ever_shortens_and_never_to_nothing(ttl in 1..=MONTH, share in 0.0..0.5, chance in 0.0..1.0) {
        let lasts = |jitter| policy(60, jitter).stretch(Exptime::new(ttl), NOW, chance).exptime.ttl(NOW);
        let (plain, with) = (lasts(0.0), lasts(share));
        prop_assert!(with <= plain && with > 60);
        prop_assert!((plain - with) as f64 <= f64::from(ttl) * share);
    }

    #[test]
    fn no_expiry_time_is_turned_into_one_of_another_kind(exptime: i32, grace in 1..=MONTH as u32, chance in 0.0..1.0) {
        let exptime = Exptime::new(exptime);
        let stretched = policy(grace, 0.5).stretch(exptime, NOW, chance);
        let (before, after) = (exptime.ttl(NOW), stretched.exptime.ttl(NOW));
        prop_assert_eq!(before == -1, after == -1);
        prop_assert_eq!(before == 0, after == 0);
        prop_assert!(!stretched.is_marked || after > i64::from(grace));
    }

    #[test]
    fn clients_see_neither_the_marker_nor_the_grace(client_flags: u32, ttl in -1..10_000i64, grace in 1..5_000u32) {
        let policy = policy(grace, 0.0);
        let told = policy.as_told(Item { client_flags, ttl, ..Item::default() });
        prop_assert_eq!(told.client_flags, client_flags & !(1 << 31));
        let is_marked = client_flags >> 31 == 1;
        let expected = if is_marked && ttl >= 0 { (ttl - i64::from(grace)).max(0) } else { ttl };
        prop_assert_eq!(told.ttl, expected);
    }

    #[test]
    fn an_unmarked_item_is_never_judged(client_flags in 0..1u32 << 31, ttl in -1..100_000i64) {
        let item = Item { client_flags, ttl, ..Item::default() };
        prop_assert_eq!(policy(60, 0.0).age(&item), Age::Unjudged);
    }

    /// A winner is refused only on evidence, and evidence is never overlooked.
    #[test]
    fn a_lease_that_may_have_run_out_is_no_evidence_and_one_that_cannot_have_is(since in 0..30_000u64) {
        let (since, lease) = (Duration::from_millis(since), Duration::from_secs(10));
        let gone = Look::Gone.undoes(since, lease);
        prop_assert_eq!(gone, (since < lease - TICK).then_some(Undo::Revoked));
        prop_assert_eq!(Look::Revoked(1).undoes(since, lease), Some(Undo::Revoked));
        prop_assert_eq!(Look::Others { left: 1, cas: 2, terms: None }.undoes(since, lease), Some(Undo::Overtaken));
        prop_assert_eq!(Look::Ours.undoes(since, lease), None);
        prop_assert_eq!(Look::Unknown.undoes(since, lease), None);
    }

    /// At most one caller asks in a lease period for the same value, whenever callers come.
    #[test]
    fn one_caller_asks_a_lease_period(arrivals in prop::collection::vec(0..60_000u64, 1..200)) {
        let (start, lease) = (Instant::now(), Duration::from_secs(10));
        let mut arrivals = arrivals;
        arrivals.sort_unstable();
        let (mut holding, mut asked) = (Holding::Unknown, Vec::new());
        for at in arrivals {
            let now = start + Duration::from_millis(at);
            if let ClaimResult::Mine { .. } = holding.claim(now, None) {
                asked.push(now);
                holding = Holding::Taken { until: now + lease, value_ends: None, is_here: true };
            }
        }
        prop_assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= lease));
    }
}

#[test]
fn a_newer_value_that_is_stale_again_is_a_new_period() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let ends = Some(start + second * 60);
    let mut holding = Holding::Taken { until: start + second * 10, value_ends: ends, is_here: false };
    assert!(holding.is_taken(start, ends));
    assert!(holding.is_taken(start, Some(start + second * 61)), "the same value, seen a tick later");
    assert!(!holding.is_taken(start, Some(start + second * 65)));
    assert_eq!(holding.claim(start + second * 11, ends), ClaimResult::Mine { has_expired: false });
    assert_eq!(holding.claim(start + second * 11, ends), ClaimResult::Taken, "one asks, the others do not");
}

#[test]
fn a_winner_of_this_process_that_never_came_back_is_noticed() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut holding = Holding::Taken { until: start + second * 10, value_ends: None, is_here: true };
    assert_eq!(holding.claim(start + second * 9, None), ClaimResult::Taken);
    assert_eq!(holding.claim(start + second * 10, None), ClaimResult::Mine { has_expired: true });
}

#[test]
fn the_nearer_the_stale_date_the_likelier_an_early_refresh() {
    let early = EarlyRefresh { beta: 1.0 };
    let due = |remaining| {
        (1..1000).filter(|n| early.is_due(remaining, Duration::from_secs(2), f64::from(*n) / 1000.0)).count()
    };
    // XFetch: the chance at `remaining` is e^(-remaining / (beta * regeneration)).
    assert_eq!([due(2), due(4), due(20)], [367, 135, 0]);
    assert!(early.may_be_due(60, Duration::from_secs(2)) && !early.may_be_due(61, Duration::from_secs(2)));
}

#[test]
fn an_instant_regeneration_is_never_early() {
    assert!(!EarlyRefresh { beta: 10.0 }.is_due(1, Duration::ZERO, 0.0));
}

#[test]
fn a_look_tells_ours_from_anothers_and_from_a_revoked_one() {
    let terms = Terms { ttl: 10, value_left: Some(55) };
    let [ours, theirs] = [1, u128::MAX].map(LeaseToken::new);
    let lease = |value| Reply::Hit(Item { value: Some(value), cas: 7, ttl: 3, ..Item::default() });
    assert_eq!(Look::of(&lease(ours.value(terms)), Some(ours)), Look::Ours);
    let others = |terms| Look::Others { left: 3, cas: 7, terms };
    assert_eq!(Look::of(&lease(theirs.value(terms)), Some(ours)), others(Some(terms)));
    assert_eq!(Look::of(&lease(theirs.value(terms)), None), others(Some(terms)));
    assert_eq!(Look::of(&lease("anything".into()), Some(ours)), others(None));
    assert_eq!(Look::of(&lease("anything".into()), None), others(None));
    assert_eq!(Look::of(&lease(REVOKED.into()), Some(ours)), Look::Revoked(7));
    assert_eq!(Look::of(&Reply::Miss, Some(ours)), Look::Gone);
    assert_eq!(Look::of(&Reply::Done, None), Look::Unknown);
}

#[test]
fn a_lease_that_was_taken_for_another_value_has_done_its_work() {
    let terms = Terms { ttl: 10, value_left: Some(55) };
    // Six seconds later the same value has 49 left, give or take what the server's clock rounds.
    assert!(!terms.are_met(4, 49, 60) && !terms.are_met(4, 51, 60));
    assert!(terms.are_met(4, 60, 60));
    let nothing = Terms { ttl: 10, value_left: None };
    assert!(nothing.are_met(4, 58, 60), "stored since, and stale for two seconds");
    assert!(!nothing.are_met(9, 60, 60), "stored a moment before the lease was taken, and stale at once");
}

#[test]
fn a_lease_that_memcached_says_lasts_a_second_more_is_asked_for_before_that() {
    let policy = policy(60, 0.0);
    let after = [0, 1, 3, 1000].map(|seconds| policy.asks_again_after(seconds).as_millis());
    assert_eq!(after, [0, 500, 2500, 9500]);
}

#[test]
fn what_may_be_made_of_an_outdated_value_is_told_from_what_was_added_since() {
    let policy = policy(60, 0.0);
    let ours = |client_flags, value: &'static str| Store { client_flags, value: value.into(), ..Store::default() };
    let there = |client_flags, value: &'static str| Item { client_flags, value: Some(value.into()), ..Item::default() };
    let marked = 1 << 31 | 5;
    for (ours, there, may_be) in [
        (ours(marked, "old"), there(marked, "old+"), true),
        (ours(marked, "old"), there(marked, "what a cas made of it"), true),
        (ours(marked, "old"), there(0, "lock"), false),
        (ours(marked, "7"), there(0, "8"), false),
        (ours(5, "old"), there(5, "+old+"), true),
        (ours(5, "9"), there(5, "10"), true),
        (ours(5, "10"), there(5, "9 "), true),
        (ours(5, "old"), there(0, "lock"), false),
        (ours(5, "old"), there(marked, "a value"), true),
    ] {
        assert_eq!(policy.may_be_built_on(&ours, &there), may_be, "{there:?} where {ours:?} was stored");
    }
}
