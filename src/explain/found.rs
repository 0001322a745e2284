//! What a look found, judged by the policy of its route and told as JSON: times in seconds, states in words.
//!
//! | state | meaning |
//! |---|---|
//! | `missing` | there is no item, or only a claim of a migration |
//! | `fresh`, `stale` | on which side of its stale date the item is |
//! | `unjudged` | the route refreshes, but this item is never judged stale |
//! | `invalidated` | stale by memcached's own `md I`: the application's business |
//! | `claimed` | memcached itself has told somebody to regenerate it: the application's business |
//! | `there` | the route does not refresh |
//! | `unknown` | nobody could tell; `error` says why |

use serde_json::{Value, json};

use crate::protocol::{Item, Reply};
use crate::route::migration::decide::is_claim;
use crate::route::refresh::decide::{Age, Look, Policy};

/// What came back about one key.
pub(super) struct Found<'a> {
    /// How its staleness is judged, if it is.
    pub policy: Option<&'a Policy>,
    /// The item: its client flags, CAS unique, TTL, size, last access and whether it was read.
    pub item: &'a Reply,
    /// The item of its lease: value and TTL.
    pub lease: Option<&'a Reply>,
    /// Whether a client of this process was told to regenerate it; `None` where nobody can know.
    pub won_here: Option<bool>,
}

/// All of it.
pub(super) fn tell(found: &Found<'_>) -> Value {
    let mut told = match found.item {
        Reply::Hit(item) if is_claim(item) => json!({ "state": "missing" }),
        Reply::Hit(item) => there(item, found.policy),
        Reply::Miss => json!({ "state": "missing" }),
        trouble => unknown(&what_went_wrong(trouble)),
    };
    if let Some(reply) = found.lease {
        told["lease"] = lease(reply);
        if let Some(won_here) = found.won_here {
            told["lease"]["won_here"] = won_here.into();
        }
        if !matches!(reply, Reply::Hit(_) | Reply::Miss) && told.get("error").is_none() {
            told["error"] = what_went_wrong(reply).into();
        }
    }
    told
}

/// Nothing could be found out.
pub(super) fn unknown(why: &str) -> Value {
    json!({ "state": "unknown", "error": why })
}

fn there(item: &Item, policy: Option<&Policy>) -> Value {
    let seen = policy.map_or_else(|| item.clone(), |policy| policy.as_told(item.clone()));
    let mut told = json!({
        "size": seen.size,
        "client_flags": seen.client_flags,
        "cas": seen.cas,
        "ttl": seconds(seen.ttl),
        "last_access": seen.last_access,
        "was_read": seen.fetched,
    });
    if let Some(policy) = policy {
        told["is_marked"] = policy.is_marked(item).into();
    }
    told["state"] = match policy.map(|policy| policy.age(item)) {
        _ if item.marks.contains(&b'X') => "invalidated",
        _ if item.marks.contains(&b'Z') => "claimed",
        None => "there",
        Some(Age::Unjudged) => "unjudged",
        Some(Age::Fresh(seconds)) => {
            told["stale_in"] = seconds.into();
            "fresh"
        }
        Some(Age::Stale(seconds)) => {
            told["stale_since"] = seconds.into();
            told["served_for"] = item.ttl.into();
            "stale"
        }
    }
    .into();
    told
}

fn lease(reply: &Reply) -> Value {
    let ttl = match reply {
        Reply::Hit(item) => seconds(item.ttl),
        _ => Value::Null,
    };
    match Look::of(reply, None) {
        Look::Gone => json!({ "state": "free" }),
        Look::Revoked(_) => json!({ "state": "revoked", "ttl": ttl }),
        Look::Ours | Look::Others { .. } => json!({ "state": "taken", "ttl": ttl }),
        Look::Unknown => json!({ "state": "unknown" }),
    }
}

/// What never ends has no number of seconds left.
fn seconds(ttl: i64) -> Value {
    if ttl < 0 { Value::Null } else { ttl.into() }
}

fn what_went_wrong(reply: &Reply) -> String {
    match reply {
        Reply::Failed(failure) => failure.to_string(),
        Reply::Error(line) => format!("the server says {}", String::from_utf8_lossy(line)),
        other => format!("the server says {other:?}"),
    }
}
