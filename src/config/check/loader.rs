//! `loader` of a route: an endpoint that can be asked, times that fit into each other, and a lease that outlasts a call.

use super::loader_url;
use super::setting::{setting, text, word};
use crate::config::checked::{FixedHeader, HttpVersion, Loader, LoaderUrl, Refresh};
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, plain};
use crate::config::units::{COUNT, DURATION, SECONDS, show_duration};
use crate::config::written;
use crate::protocol::Exptime;
use std::ops::RangeInclusive;
use std::time::Duration;

const TIMES: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(600);
const SOFT: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(600);
const TTLS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(Exptime::MOST_SECONDS as u64);
const FAIL_SAFES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(Exptime::MOST_SECONDS as u64);
const ABSENCES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400);
const MOST_IN_FLIGHT: usize = 10_000;
/// A header longer than this is refused by most endpoints.
const LONGEST_HEADER: usize = 8192;
/// What belongs to a connection, or to what leash itself asks.
const OWN_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "if-none-match",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks the loader of one route.
pub(super) fn check(written: &written::Loader, problems: &mut Problems) -> Option<Loader> {
    let w = written;
    let Some(url) = &w.url else {
        problems.missing(
            &w.place,
            "url",
            "write the address that makes values, such as http://127.0.0.1:8000/cache/{key}",
        );
        return None;
    };
    let read = loader_url::read(&url.text).map_err(|wrong| problems.add(&url.place, wrong));
    let url = read.ok().map(|read| LoaderUrl { written: url.masked.clone().unwrap_or(read.written), ..read });
    let headers = w.headers.iter().filter_map(|(name, value)| header(name, value, problems)).collect();
    let d = Loader::of(url?);
    let timeout = setting(&DURATION, w.timeout.as_ref(), d.timeout, TIMES, problems);
    let within = |written: Option<&Scalar>, default: Duration, range, problems: &mut Problems| {
        let time = setting(&DURATION, written, default.min(timeout), range, problems);
        ends_before(written, time, timeout, problems);
        time
    };
    Some(Loader {
        headers,
        http: word(w.http.as_ref(), d.http, &HttpVersion::WORDS, problems),
        ca: text(w.ca.as_ref(), problems).map(Into::into),
        connect_timeout: within(w.connect_timeout.as_ref(), d.connect_timeout, TIMES, problems),
        first_byte_timeout: within(w.first_byte_timeout.as_ref(), timeout, TIMES, problems),
        timeout,
        soft_timeout: within(w.soft_timeout.as_ref(), d.soft_timeout, SOFT, problems),
        ttl: setting(&SECONDS, w.ttl.as_ref(), d.ttl, TTLS, problems),
        fail_safe: setting(&SECONDS, w.fail_safe.as_ref(), d.fail_safe, FAIL_SAFES, problems),
        negative_ttl: setting(&SECONDS, w.negative_ttl.as_ref(), d.negative_ttl, ABSENCES, problems),
        max_in_flight: setting(&COUNT, w.max_in_flight.as_ref(), d.max_in_flight, 1..=MOST_IN_FLIGHT, problems),
        ..d
    })
}

/// A part of a call that may take longer than the whole of it may never end by itself.
fn ends_before(written: Option<&Scalar>, part: Duration, timeout: Duration, problems: &mut Problems) {
    let Some(at) = written.filter(|_| part > timeout) else { return };
    let text = format!("{} is longer than timeout ({})", show_duration(part), show_duration(timeout));
    problems.add(&at.place, format!("{text}; lower it, or raise timeout"));
}

fn header(name: &str, value: &Scalar, problems: &mut Problems) -> Option<FixedHeader> {
    let name = name.to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let wrong = if name.is_empty() || !name.bytes().all(is_token) {
        format!("{} is no name of a header; write letters, digits and -", plain(&name))
    } else if OWN_HEADERS.contains(&name.as_str()) {
        format!("leash sets {name} itself; remove it")
    } else if value.text.len() > LONGEST_HEADER || value.text.bytes().any(|b| !(b' '..=b'~').contains(&b)) {
        "a header holds up to 8192 printable ASCII characters; change the value".into()
    } else {
        let shown = value.masked.clone().unwrap_or_else(|| "(hidden)".into());
        return Some(FixedHeader { name, value: value.text.clone(), shown });
    };
    problems.add(&value.place, wrong);
    None
}

/// How the route refreshes of which leash itself regenerates the values: callers that have none wait for as long as a
/// call may take, and a lease lasts until one that had to queue is over.
pub(super) fn refreshed(
    loader: &Loader,
    written: Option<&written::Refresh>,
    refresh: Option<Refresh>,
    problems: &mut Problems,
) -> Refresh {
    let refresh = refresh.unwrap_or_default();
    if let Some(at) = written.and_then(|refresh| refresh.cold_wait.as_ref()) {
        problems.add(&at.place, "the loader's timeout says how long callers wait; remove cold_wait");
    }
    let needed = Duration::from_secs(2 * loader.timeout.as_secs_f64().ceil() as u64 + 2);
    let lease = match written.and_then(|refresh| refresh.lease.as_ref()) {
        Some(at) if refresh.lease < needed => {
            let (lease, needed) = (show_duration(refresh.lease), show_duration(needed));
            let text = format!("lease ({lease}) may be over before a call that waited for its turn is");
            problems
                .add(&at.place, format!("{text}; raise it to {needed}, twice the loader's timeout and 2s, or more"));
            refresh.lease
        }
        Some(_) => refresh.lease,
        None => refresh.lease.max(needed),
    };
    Refresh { lease, cold_wait: loader.timeout, fail_safe: loader.fail_safe, ..refresh }
}
