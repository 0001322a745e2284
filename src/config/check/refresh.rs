//! `refresh` of a route: times that memcached can keep, and waiters that do not outlast what they wait for.

use super::setting::{setting, switch};
use crate::config::checked::{BETA, Refresh};
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, plain};
use crate::config::units::{COUNT, DURATION, PERCENT, SECONDS, number, seconds, show_duration};
use crate::config::written;
use crate::protocol::Exptime;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Beyond 30 days memcached takes a TTL for a date.
const GRACES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(Exptime::MOST_SECONDS as u64);
/// memcached's clock ticks once a second, so a TTL of one second may be over at once.
const LEASES: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(3600);
const WAITS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(60);
/// A value that goes stale in the first half of its TTL hardly has the TTL that was asked for.
const JITTERS: RangeInclusive<f64> = 0.0..=0.5;
const BITS: RangeInclusive<usize> = 0..=31;
const MOST_BETA: f64 = 10.0;

/// Checks the refresh of one route.
pub(super) fn check(written: &written::Refresh, problems: &mut Problems) -> Refresh {
    let d = Refresh::default();
    let w = written;
    let bit = setting(&COUNT, w.marker_bit.as_ref(), usize::from(d.marker_bit), BITS, problems);
    let refresh = Refresh {
        grace: setting(&SECONDS, w.grace.as_ref(), d.grace, GRACES, problems),
        fail_safe: d.fail_safe,
        lease: setting(&SECONDS, w.lease.as_ref(), d.lease, LEASES, problems),
        cold_wait: setting(&DURATION, w.cold_wait.as_ref(), d.cold_wait, WAITS, problems),
        jitter: setting(&PERCENT, w.jitter.as_ref(), d.jitter, JITTERS, problems),
        marker_bit: u8::try_from(bit).unwrap_or(d.marker_bit),
        letters: switch(w.letters.as_ref(), d.letters, problems),
        early: w.early.as_ref().map(|early| beta(early.beta.as_ref(), problems)),
    };
    waiters_give_up_first(written, &refresh, problems);
    refresh
}

/// Zero would mean never, which is said by leaving `early` out.
fn beta(written: Option<&Scalar>, problems: &mut Problems) -> f64 {
    let Some(scalar) = written else { return BETA };
    let wrong = match number(&scalar.text) {
        Ok(beta) if beta > 0.0 && beta <= MOST_BETA => return beta,
        Ok(_) => format!("{} is out of range; write more than 0, at most {MOST_BETA}", plain(&scalar.text)),
        Err(wrong) => wrong,
    };
    problems.add(&scalar.place, wrong);
    BETA
}

/// A caller that waits as long as the lease lasts waits for a lease that is over. If the lease itself was refused, this
/// says nothing more.
fn waiters_give_up_first(written: &written::Refresh, refresh: &Refresh, problems: &mut Problems) {
    let (wait, lease) = (refresh.cold_wait, refresh.lease);
    if written.lease.as_ref().is_some_and(|written| seconds(&written.text) != Ok(lease)) {
        return;
    }
    let Some(at) = written.cold_wait.as_ref().filter(|_| wait >= lease) else { return };
    let (shown, longer) = (show_duration(wait), show_duration(Duration::from_secs(wait.as_secs() + 1)));
    let text = format!("cold_wait ({shown}) is not shorter than lease ({})", show_duration(lease));
    problems.add(&at.place, format!("{text}; lower it, or raise lease to {longer} or more"));
}
