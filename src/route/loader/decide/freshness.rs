//! How long an answer is a value: explicit words of the endpoint, else the route's own `ttl`. No heuristics, and no
//! clock: what an answer says of its age is subtracted.
//!
//! ```text
//!   Leash-Cache-Control, if it is well formed ─┬▶ s-maxage ─▶ max-age ─▶ the route's ttl     fresh, less Age
//!   else Cache-Control ────────────────────────┘   stale-while-revalidate ─▶ the route's grace    stale
//!                                                  stale-if-error ─▶ the route's fail_safe   stale while it fails
//! ```
//! On a route every value is stale for `grace`, and kept for `fail_safe` after that, as its age is read off the time that
//! is left. So an answer may ask for less than that, never for more: it is then stale earlier, or if that would cost it
//! half its freshness, it is stored without stale time. Both directives count from the moment at which it is stale, so
//! what it may be used for on an error ends with the later of them.

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

/// How a route keeps values, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct KeepTerms {
    /// How long they are fresh unless they say otherwise.
    pub ttl: u32,
    /// How long they are served stale.
    pub grace: u32,
    /// How long they are kept after that, to be served while they cannot be made anew.
    pub fail_safe: u32,
}

/// How an answer is kept.
pub fn keep(said: AnswerSaid<'_>, terms: KeepTerms) -> Keep {
    let targeted = said.targeted.and_then(Directives::of_targeted);
    let directives = targeted.or_else(|| said.cache_control.map(Directives::of_cache_control)).unwrap_or_default();
    let is_for_one_request = said.vary.is_some_and(|vary| vary.split(',').any(|name| name.trim() == "*"));
    if directives.is_not_kept || directives.is_always_asked || is_for_one_request {
        return Keep::Never;
    }
    let fresh = match directives.shared_age.or(directives.age) {
        Some(explicit) => explicit.saturating_sub(age(said.age)),
        None => terms.ttl,
    };
    match too_long(&directives, terms) {
        _ if directives.is_never_stale => plain(fresh),
        0 if fresh == 0 && directives.stale_time.is_none() => Keep::Never,
        0 => Keep::WithGrace(fresh),
        missing => shortened(fresh, missing),
    }
}

/// By how many seconds the route would keep it too long.
fn too_long(directives: &Directives, KeepTerms { grace, fail_safe, .. }: KeepTerms) -> u32 {
    let stale = directives.stale_time.map_or(grace, |told| told.min(grace));
    let most = stale.saturating_add(fail_safe);
    // Without a stale-while-revalidate the route says how long a value is stale, whatever happens then.
    let kept = directives.error_time.map_or(most, |told| told.max(stale).min(grace.saturating_add(fail_safe)));
    (grace - stale).max(grace.saturating_add(fail_safe) - kept)
}

/// What the route would keep too long, by `missing` seconds.
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
