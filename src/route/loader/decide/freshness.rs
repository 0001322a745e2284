//! How long an answer is a value: explicit words of the endpoint, else the route's own `ttl`. No heuristics, and no
//! clock: what an answer says of its age is subtracted.
//!
//! ```text
//!   Leash-Cache-Control, if it is well formed ─┬▶ s-maxage ─▶ max-age ─▶ the route's ttl     fresh, less Age
//!   else Cache-Control ────────────────────────┘   stale-while-revalidate ─▶ the route's grace    stale
//! ```
//! On a route every value is stale for `grace`, as its age is read off the time that is left. So an answer may ask for
//! less stale time than that, never for more: it is then stale earlier, or if that would cost it half its freshness, it
//! is stored without stale time.

use super::directives::Directives;
use crate::route::refresh::Keep;

/// What an answer says of itself, each field joined from all of its lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerSaid<'a> {
    /// `Leash-Cache-Control`.
    pub targeted: Option<&'a str>,
    /// `Cache-Control`.
    pub cache_control: Option<&'a str>,
    /// `Age`.
    pub age: Option<&'a str>,
    /// `Vary`.
    pub vary: Option<&'a str>,
}

/// How an answer is kept on a route that keeps values for `ttl` unless they say otherwise, and serves stale ones for
/// `grace`, both in seconds.
pub fn keep(said: AnswerSaid<'_>, ttl: u32, grace: u32) -> Keep {
    let targeted = said.targeted.and_then(Directives::of_targeted);
    let directives = targeted.or_else(|| said.cache_control.map(Directives::of_cache_control)).unwrap_or_default();
    let is_for_one_request = said.vary.is_some_and(|vary| vary.split(',').any(|name| name.trim() == "*"));
    if directives.is_not_kept || directives.is_always_asked || is_for_one_request {
        return Keep::Never;
    }
    let fresh = match directives.shared_age.or(directives.age) {
        Some(explicit) => explicit.saturating_sub(age(said.age)),
        None => ttl,
    };
    match directives.stale_time {
        _ if directives.is_never_stale => plain(fresh),
        Some(stale) if stale < grace => shortened(fresh, grace - stale),
        Some(_) => Keep::WithGrace(fresh),
        None if fresh == 0 => Keep::Never,
        None => Keep::WithGrace(fresh),
    }
}

/// What has less stale time than the route gives, by `missing` seconds.
fn shortened(fresh: u32, missing: u32) -> Keep {
    match fresh.checked_sub(missing) {
        Some(earlier) if earlier >= fresh.div_ceil(2) && earlier > 0 => Keep::WithGrace(earlier),
        _ => plain(fresh),
    }
}

fn plain(fresh: u32) -> Keep {
    if fresh == 0 { Keep::Never } else { Keep::Plain(fresh) }
}

/// RFC 9111, 5.1: an age that is no number is none; of several the first counts.
fn age(field: Option<&str>) -> u32 {
    let first = field.and_then(|field| field.split(',').next()).unwrap_or_default().trim();
    if first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    first.parse().unwrap_or(u32::MAX)
}
