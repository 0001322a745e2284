//! What a look found, judged by the policy of its route. Times are seconds.
//!
//! | state | meaning |
//! |---|---|
//! | `missing` | there is no item, or only a claim of a migration |
//! | `fresh`, `stale` | on which side of its stale date the item is |
//! | `unjudged` | the route refreshes, but this item is never judged stale |
//! | `invalidated` | stale by memcached's own `md I`: the application's business |
//! | `claimed` | memcached itself has told a client to regenerate it: the application's business |
//! | `there` | the route does not refresh |
//! | `unknown` | the server could not tell; `error` says why |

use serde::Serialize;

use crate::protocol::{Item, Reply};
use crate::route::migration::decide::is_claim;
use crate::route::refresh::decide::{Age, Look, Policy};

/// What a look found out about an item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How it is.
    #[serde(flatten)]
    pub state: ItemState,
    /// What it is like, if it is there.
    #[serde(flatten)]
    pub facts: Option<ItemFacts>,
    /// How its lease is, on a route that refreshes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseFinding>,
    /// What could not be found out, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How an item is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum ItemState {
    /// The server could not tell.
    Unknown,
    /// There is none.
    Missing,
    /// It is there, and nothing more is to be said of it.
    There,
    /// It will be stale.
    Fresh {
        /// When.
        stale_in: u32,
    },
    /// It is stale.
    Stale {
        /// Since when.
        stale_since: u32,
        /// How long it may still be served.
        served_for: i64,
    },
    /// It is past its grace.
    Outlived {
        /// Since when it is stale.
        stale_since: u32,
        /// How long it may still be served while it cannot be made anew.
        kept_for: i64,
    },
    /// It is never judged.
    Unjudged,
    /// An application has invalidated it.
    Invalidated,
    /// A client has memcached's own win token for it.
    Claimed,
}

/// What an item is like, as clients see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemFacts {
    /// Bytes of its value.
    pub size: u32,
    /// Its client flags.
    pub client_flags: u32,
    /// Its CAS unique.
    pub cas: u64,
    /// What is left of the TTL that its client asked for; `None` without an end.
    pub ttl: Option<i64>,
    /// Since its last access.
    pub last_access: u32,
    /// Whether it was ever read.
    pub was_read: bool,
    /// Whether it is marked as one that is judged, on a route that refreshes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_marked: Option<bool>,
}

/// How a lease is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaseFinding {
    /// Who has it.
    #[serde(flatten)]
    pub state: LeaseState,
    /// Whether a client of this process was told to regenerate the value; `None` where that cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub won_here: Option<bool>,
}

/// Who has a lease.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum LeaseState {
    /// No caller.
    Free,
    /// A winner.
    Taken {
        /// When it is forgotten; `None`: never.
        ttl: Option<i64>,
    },
    /// No caller any more: a write or a delete came between.
    Revoked {
        /// When that is forgotten; `None`: never.
        ttl: Option<i64>,
    },
    /// A holder of it found that there is no value to be had.
    Barren {
        /// For how long that holds.
        ttl: Option<i64>,
    },
    /// The server could not tell.
    Unknown,
}

/// What came back about one key.
pub(super) struct Evidence<'a> {
    /// How its staleness is judged, if it is.
    pub policy: Option<&'a Policy>,
    /// The item: its client flags, CAS unique, TTL, size, last access and whether it was read.
    pub item: &'a Reply,
    /// The item of its lease: value and TTL.
    pub lease: Option<&'a Reply>,
    /// Whether a client of this process was told to regenerate it; `None` where that cannot be known.
    pub won_here: Option<bool>,
}

impl Finding {
    /// What follows from all that came back.
    pub(super) fn of(evidence: &Evidence<'_>) -> Finding {
        let mut finding = match evidence.item {
            Reply::Hit(item) if !is_claim(item) => Finding::there(item, evidence.policy),
            Reply::Hit(_) | Reply::Miss => Finding::bare(ItemState::Missing),
            trouble => Finding::unknown(&what_went_wrong(trouble)),
        };
        let Some(reply) = evidence.lease else { return finding };
        finding.lease = Some(LeaseFinding { state: LeaseState::of(reply), won_here: evidence.won_here });
        if !matches!(reply, Reply::Hit(_) | Reply::Miss) {
            finding.error.get_or_insert_with(|| what_went_wrong(reply));
        }
        finding
    }

    /// Nothing could be found out.
    pub(super) fn unknown(why: &str) -> Finding {
        Finding { error: Some(why.to_string()), ..Finding::bare(ItemState::Unknown) }
    }

    fn bare(state: ItemState) -> Finding {
        Finding { state, facts: None, lease: None, error: None }
    }

    fn there(item: &Item, policy: Option<&Policy>) -> Finding {
        let seen = policy.map_or_else(|| item.clone(), |policy| policy.as_told(item.clone()));
        let facts = ItemFacts {
            size: seen.size,
            client_flags: seen.client_flags,
            cas: seen.cas,
            ttl: seconds(seen.ttl),
            last_access: seen.last_access,
            was_read: seen.fetched,
            is_marked: policy.map(|policy| policy.is_marked(item)),
        };
        Finding { facts: Some(facts), ..Finding::bare(ItemState::of(item, policy)) }
    }
}

impl ItemState {
    fn of(item: &Item, policy: Option<&Policy>) -> ItemState {
        let fail_safe = policy.map_or(0, |policy| i64::from(policy.fail_safe));
        match policy.map(|policy| policy.age(item)) {
            _ if item.marks.contains(&b'X') => ItemState::Invalidated,
            _ if item.marks.contains(&b'Z') => ItemState::Claimed,
            None => ItemState::There,
            Some(Age::Unjudged) => ItemState::Unjudged,
            Some(Age::Fresh(stale_in)) => ItemState::Fresh { stale_in },
            Some(Age::Stale(stale_since)) => ItemState::Stale { stale_since, served_for: item.ttl - fail_safe },
            Some(Age::Outlived(stale_since)) => ItemState::Outlived { stale_since, kept_for: item.ttl },
        }
    }
}

impl LeaseState {
    fn of(reply: &Reply) -> LeaseState {
        let ttl = match reply {
            Reply::Hit(item) => seconds(item.ttl),
            _ => None,
        };
        match Look::of(reply, None) {
            Look::Gone => LeaseState::Free,
            Look::Revoked(_) => LeaseState::Revoked { ttl },
            Look::Barren { .. } => LeaseState::Barren { ttl },
            Look::Ours | Look::Others { .. } => LeaseState::Taken { ttl },
            Look::Unknown => LeaseState::Unknown,
        }
    }
}

/// What never ends has no number of seconds left.
fn seconds(ttl: i64) -> Option<i64> {
    (ttl >= 0).then_some(ttl)
}

fn what_went_wrong(reply: &Reply) -> String {
    match reply {
        Reply::Failed(failure) => failure.to_string(),
        Reply::Error(line) => format!("the server says {}", String::from_utf8_lossy(line)),
        other => format!("the server says {other:?}"),
    }
}
