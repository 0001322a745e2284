//! A server's health over made-up time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn health(linger: Duration) -> (Health, Instant) {
    let start = Instant::now();
    (Health::new("m0".into(), 3, linger, PoolSeat::alone(), start), start + SECOND)
}

fn down(health: &Health, at: Instant) {
    assert!(!health.failed(Cause::Timeout, at, at));
    assert!(!health.failed(Cause::Timeout, at, at));
    assert!(health.failed(Cause::Timeout, at, at));
}

fn rises(health: &Health, at: Instant) {
    health.probing();
    assert!(health.probed(Ok(()), at));
}

#[test]
fn three_failures_in_a_row_make_a_server_down_and_one_good_probe_brings_it_back() {
    let (health, now) = health(Duration::ZERO);
    assert!(!health.failed(Cause::Timeout, now, now));
    assert_eq!(health.state(), State::Suspect);
    health.succeeded();
    assert_eq!(health.state(), State::Up);
    down(&health, now);
    assert!(!health.failed(Cause::Timeout, now, now), "only one caller is told to probe");
    assert!(health.is_down());
    health.probing();
    assert_eq!(health.state(), State::Probing);
    assert!(!health.probed(Err(Cause::Connect), now));
    assert_eq!(health.state(), State::Down);
    rises(&health, now);
    assert_eq!(health.state(), State::Up);
    assert!(health.is_calm());
}

#[test]
fn what_was_asked_before_a_server_came_back_is_not_held_against_it() {
    let (health, now) = health(Duration::ZERO);
    down(&health, now);
    rises(&health, now + SECOND);
    for _ in 0..10 {
        assert!(!health.failed(Cause::Timeout, now + SECOND / 2, now + 2 * SECOND));
    }
    assert_eq!(health.state(), State::Up);
    assert!(!health.failed(Cause::Timeout, now + 2 * SECOND, now + 2 * SECOND));
    assert_eq!(health.state(), State::Suspect);
}

#[test]
fn a_server_that_flaps_is_probed_with_more_patience_until_it_stays() {
    let (health, mut now) = health(Duration::ZERO);
    for expected in [0, 1, 2, 3, 4, 4] {
        down(&health, now);
        assert_eq!(health.first_probe(), expected);
        rises(&health, now + SECOND);
        now += 2 * SECOND;
    }
    now += FLAP;
    down(&health, now);
    assert_eq!(health.first_probe(), 0);
}

#[test]
fn a_server_counts_as_just_back_until_what_others_hold_is_gone() {
    let (health, now) = health(10 * SECOND);
    assert_eq!(health.standing(now), Standing::Back, "what was before is not known");
    assert_eq!(health.standing(now + 9 * SECOND), Standing::Up);
    down(&health, now);
    assert_eq!(health.standing(now), Standing::Down);
    rises(&health, now + SECOND);
    assert_eq!((health.standing(now + 2 * SECOND), health.is_calm()), (Standing::Back, false));
    assert_eq!(health.state(), State::Up);
    down(&health, now + 3 * SECOND);
    rises(&health, now + 4 * SECOND);
    assert_eq!(health.standing(now + 13 * SECOND), Standing::Back, "the time begins anew");
    assert_eq!((health.standing(now + 14 * SECOND), health.is_calm()), (Standing::Up, true));
}

#[test]
fn a_server_starts_as_it_looks_from_its_seat() {
    let start = Instant::now();
    let seat = PoolSeat::alone();
    seat.set_down(true);
    let health = Health::new("m0".into(), 3, Duration::ZERO, seat.for_successor(), start);
    assert!(health.is_down());
    rises(&health, start + SECOND);
    assert!(!health.is_down() && !health.seat().looks_down());
    assert!(seat.looks_down(), "each has its own opinion");
}

#[test]
fn a_server_that_is_held_back_looks_down_only_once_it_was_asked_in_vain() {
    let (health, now) = health(Duration::ZERO);
    assert!(health.hold_back(now) && health.is_down() && !health.hold_back(now));
    health.probing();
    health.postpone();
    assert!(health.is_down() && !health.seat().looks_down());
    health.probing();
    health.probed(Err(Cause::Connect), now);
    assert!(health.seat().looks_down());
    rises(&health, now);
    assert!(!health.seat().looks_down());
}

#[test]
fn a_server_that_is_too_old_is_down_at_once_and_keeps_saying_why() {
    let (health, now) = health(Duration::ZERO);
    assert_eq!(health.refusal(), None);
    assert!(health.failed(Cause::Outdated, now, now));
    assert_eq!(health.refusal(), Some(Cause::Outdated));
    health.probing();
    health.probed(Err(Cause::Connect), now);
    assert_eq!(health.refusal(), Some(Cause::Down));
    health.probing();
    health.probed(Err(Cause::Outdated), now);
    assert_eq!(health.refusal(), Some(Cause::Outdated));
}

#[test]
fn a_server_that_withholds_keys_is_up_and_not_calm_whenever_that_was_said() {
    let (health, now) = health(3 * SECOND);
    down(&health, now);
    health.withhold(true);
    assert!(!health.is_withholding(), "one that is down is not asked at all");
    rises(&health, now);
    assert_eq!((health.state(), health.standing(now)), (State::Up, Standing::Back));
    assert!(health.is_withholding() && !health.is_calm() && !health.is_down());
    assert_eq!(health.standing(now + 4 * SECOND), Standing::Up);
    assert!(health.is_withholding(), "that it is just back has nothing to do with it");
    health.withhold(false);
    assert!(health.is_calm());
    health.withhold(true);
    assert!(health.is_withholding());
    down(&health, now + 5 * SECOND);
    assert_eq!((health.is_down(), health.is_withholding()), (true, false));
    health.withhold(false);
    rises(&health, now + 6 * SECOND);
    assert!(!health.is_withholding());
}

#[test]
fn an_outage_tells_when_it_began_and_what_the_last_try_ran_into() {
    let (health, now) = health(Duration::ZERO);
    assert_eq!(health.outage(), None);
    down(&health, now);
    assert_eq!(health.outage(), Some(Outage { since: now, why: Some(Cause::Timeout) }));
    health.probed(Err(Cause::Connect), now + SECOND);
    let outage = health.outage();
    assert_eq!(outage, Some(Outage { since: now, why: Some(Cause::Connect) }));
    let successor = Health::new("m0".into(), 3, Duration::ZERO, health.seat().for_successor(), now + SECOND);
    assert_eq!(successor.going_on(outage).outage(), outage, "a reload does not begin it anew");
    rises(&health, now + SECOND);
    assert_eq!(health.outage(), None);
}

#[test]
fn a_server_that_waits_to_be_told_what_it_missed_has_failed_at_nothing() {
    let (health, now) = health(Duration::ZERO);
    assert!(health.hold_back(now));
    assert_eq!(health.outage(), Some(Outage { since: now, why: None }));
}
