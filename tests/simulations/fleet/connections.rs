//! Connections of one server: a few sidecars ask it all the time, most of them now and then.

use std::time::Duration;

use support::Random;

use super::{SIDECARS, WORKERS, exponential};

const SECOND: Duration = Duration::from_secs(1);
const HOURS: usize = 3;
/// `idle_timeout` unless written.
const REST: Duration = Duration::from_secs(300);
/// One worker of ten asks every second, the others twice an hour.
const BUSY: usize = 10;
const OFTEN: Duration = SECOND;
const SELDOM: Duration = Duration::from_secs(1800);
/// Those that ask all the time, and of the others that share which has asked within `REST`: 1 - e^(-1/6).
const SHARE: f64 = 0.1 + 0.9 * 0.1535;

/// How many connections are open in each second, and how many were opened in the last hour.
fn connections(seed: u64, rest: Duration) -> (Vec<i64>, usize) {
    let (mut random, mut opened) = (Random::new(seed), 0);
    let end = SECOND * 3600 * HOURS as u32;
    let mut changes = vec![0i64; 3600 * HOURS + 1];
    for worker in 0..SIDECARS * WORKERS {
        let pause = if worker % BUSY == 0 { OFTEN } else { SELDOM };
        let mut at = exponential(&mut random, pause);
        let (mut since, mut last) = (at, at);
        while at < end {
            if pause == OFTEN {
                // It never rests for so long.
                at = end;
            } else {
                at += exponential(&mut random, pause);
            }
            if at > last + rest || at >= end {
                changes[since.as_secs() as usize] += 1;
                let closed = if pause == OFTEN { end } else { (last + rest).min(end) };
                changes[closed.as_secs() as usize] -= 1;
                opened += usize::from(since > end - SECOND * 3600);
                since = at;
            }
            last = at;
        }
    }
    let mut open = 0;
    (changes.into_iter().map(|change| (open += change, open).1).collect(), opened)
}

#[test]
fn a_server_has_the_connections_of_those_who_use_it() {
    let all = SIDECARS * WORKERS;
    let (open, opened) = connections(1, REST);
    let most = open.iter().copied().max().unwrap() as usize;
    println!("connections: {most} of {all} at most, {:.1} a second opened", opened as f64 / 3600.0);
    assert!(most <= (all as f64 * SHARE * 1.1) as usize, "{most} connections");
    assert!(opened < 3600 * 20, "{opened} opened in an hour");
    let (open, _) = connections(1, SECOND * 3600 * 24);
    let kept = open.iter().copied().max().unwrap() as usize;
    assert!(kept > all * 9 / 10 && kept <= all, "those that never end are not found out: {kept}");
}
