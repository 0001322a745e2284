//! The cache directives of an answer, in both of their spellings: `Cache-Control` (RFC 9111, 5.2) and a field that is
//! meant for leash alone (RFC 9213).

use super::dictionary::{self, MemberValue};

/// RFC 9111, 1.2.2: what is more seconds than that is as good as for ever.
const MOST_SECONDS: u32 = 1 << 31;

/// What the directives say, as far as leash minds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// Whether nothing may be kept: `no-store`, and `private`, as leash is a shared cache.
    pub is_not_kept: bool,
    /// Whether it may not be used again before it was validated: `no-cache`.
    pub is_always_asked: bool,
    /// Whether it may not be used once it is stale: `must-revalidate` and `proxy-revalidate`.
    pub is_never_stale: bool,
    /// `s-maxage`.
    pub shared_age: Option<u32>,
    /// `max-age`.
    pub age: Option<u32>,
    /// `stale-while-revalidate`.
    pub stale_time: Option<u32>,
    /// `stale-if-error`.
    pub error_time: Option<u32>,
}

impl Directives {
    /// Of a `Cache-Control` field; several lines of it are joined by commas. Unknown directives are passed over. A
    /// number that is none, or is told differently twice, counts as 0, as RFC 9111, 4.2.1 advises.
    pub(super) fn of_cache_control(field: &str) -> Directives {
        let mut directives = Directives::default();
        for (name, value) in directives_in(field) {
            directives.add(&name.to_ascii_lowercase(), || Some(seconds(value.as_deref())), true);
        }
        directives
    }

    /// Of a targeted field: a dictionary, or nothing at all. A member whose value has another type than its directive
    /// is passed over; of one that comes twice the last counts.
    pub(super) fn of_targeted(field: &str) -> Option<Directives> {
        let members = dictionary::read(field).filter(|members| !members.is_empty())?;
        let mut directives = Directives::default();
        for (name, value) in members {
            let whole = || match value {
                MemberValue::Whole(whole) => {
                    Some(u32::try_from(whole.max(0)).unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
                }
                MemberValue::Switch(_) | MemberValue::Other => None,
            };
            directives.add(&name, whole, value == MemberValue::Switch(true));
        }
        Some(directives)
    }

    fn add(&mut self, name: &str, seconds: impl Fn() -> Option<u32>, is_on: bool) {
        match name {
            "no-store" | "private" => self.is_not_kept |= is_on,
            "no-cache" => self.is_always_asked |= is_on,
            "must-revalidate" | "proxy-revalidate" => self.is_never_stale |= is_on,
            "s-maxage" => self.shared_age = agreed(self.shared_age, seconds()),
            "max-age" => self.age = agreed(self.age, seconds()),
            "stale-while-revalidate" => self.stale_time = agreed(self.stale_time, seconds()),
            "stale-if-error" => self.error_time = agreed(self.error_time, seconds()),
            _ => {}
        }
    }
}

fn agreed(before: Option<u32>, now: Option<u32>) -> Option<u32> {
    match (before, now) {
        (Some(before), Some(now)) if before != now => Some(0),
        (before, now) => now.or(before),
    }
}

fn seconds(value: Option<&str>) -> u32 {
    let digits = value.filter(|value| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()));
    digits.map_or(0, |digits| digits.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
}

/// The directives of a list, each with its argument, which may be quoted: a comma in quotes parts nothing.
fn directives_in(field: &str) -> Vec<(&str, Option<String>)> {
    let (mut found, mut rest) = (Vec::new(), field);
    while !rest.is_empty() {
        let (one, after) = rest.split_at(end_of_directive(rest));
        rest = after.strip_prefix(',').unwrap_or_default();
        let (name, value) = one.split_once('=').map_or((one, None), |(name, value)| (name, Some(unquoted(value))));
        if !name.trim().is_empty() {
            found.push((name.trim(), value));
        }
    }
    found
}

fn end_of_directive(text: &str) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return at,
            _ => {}
        }
    }
    // Quotes that do not end are none, and hide nothing.
    let ends = if is_quoted { text.find(',') } else { None };
    ends.unwrap_or(text.len())
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.map_or(value.to_string(), |inner| inner.replace('\\', ""))
}
