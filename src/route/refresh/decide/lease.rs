//! The lease: the permission to regenerate one key, an item beside the item itself.
//!
//! A caller takes it by an `add`, so at most one in the fleet has it. It is gone when its TTL is over, so a winner that
//! dies does not hold the others up for long. It ends earlier when the item changes:
//! * A delete does not remove the lease but replaces its token by a word: so a late winner can tell a lease that was
//!   revoked from one that ran out, without counting on the second in which the server ends it.
//! * A set need not touch it. The new item is evidence enough against a late winner. To the next caller the lease says
//!   which value it was taken for, and so that the new item is another one.
//!
//! The next caller takes over a lease that has ended, by its CAS unique.

use std::time::Duration;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::{BLUR, TICK};
use crate::protocol::{Item, Key, Reply};

/// What stands in a lease that a write or a delete ended.
pub const REVOKED: &[u8] = b"revoked";

/// Why there is no value to be had for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// There is none.
    Absent,
    /// It could not be made: what is left of an older one may do.
    Failed,
}

impl Lack {
    /// What stands in a lease whose holder found that. It ends with its TTL, or by a delete.
    pub fn word(self) -> &'static [u8] {
        match self {
            Lack::Absent => b"barren",
            Lack::Failed => b"failed",
        }
    }

    fn read(value: &[u8]) -> Option<Lack> {
        [Lack::Absent, Lack::Failed].into_iter().find(|lack| value == lack.word())
    }
}

/// What the keys of leases begin with.
const LEASES: &str = "leash:lease:";

/// An item as this process names it: a route and a hash of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ItemId {
    hash: u128,
    route: u64,
}

impl ItemId {
    /// The item `key` of the route whose identity is `route`.
    pub fn new(route: u64, key: &Key) -> ItemId {
        ItemId::of_name(route, key.as_bytes())
    }

    /// The same of what has a name that is not all of a key.
    pub(crate) fn of_name(route: u64, name: &[u8]) -> ItemId {
        ItemId { hash: xxh3_128(name), route }
    }

    /// Different items mostly have different low bits here.
    pub fn spread(&self) -> u64 {
        self.hash as u64
    }

    /// The key of its lease, the same in every sidecar. Two items would need the same 128-bit hash to share one.
    pub fn lease_key(&self) -> Key {
        let text = format!("{LEASES}{:032x}", self.hash);
        Key::text(text.into()).unwrap_or_else(|_| unreachable!("letters, digits and colons make a key"))
    }
}

/// Whether an item filed under `key` is a lease.
pub fn is_lease(key: &[u8]) -> bool {
    let hash = key.strip_prefix(LEASES.as_bytes());
    hash.is_some_and(|hash| hash.len() == 32 && hash.iter().all(u8::is_ascii_hexdigit))
}

/// Tells one lease of a key from the next: a random number, with which what stands in it begins. A client may keep thousands,
/// so it is no text with memory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseToken(u128);

/// In how many hexadecimal digits a token is written.
const DIGITS: usize = 32;

/// What a lease was taken for, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The seconds it had then.
    pub ttl: i64,
    /// The seconds that were left of the value then; `None` if there was none.
    pub value_left: Option<i64>,
}

impl LeaseToken {
    /// A token from a random number.
    pub fn new(random: u128) -> LeaseToken {
        LeaseToken(random)
    }

    /// What is stored of a lease that is taken on these terms.
    pub fn value(self, terms: Terms) -> Bytes {
        let value_left = terms.value_left.map_or("-".to_string(), |left| left.to_string());
        format!("{:0DIGITS$x} {} {value_left}", self.0, terms.ttl).into()
    }

    fn read(value: &[u8]) -> Option<LeaseToken> {
        let digits = std::str::from_utf8(value.get(..DIGITS)?).ok()?;
        u128::from_str_radix(digits, 16).ok().map(LeaseToken)
    }
}

/// What a look at a lease found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The token we put there.
    Ours,
    /// Another caller's.
    Others {
        /// The seconds it still has.
        left: i64,
        /// Its CAS unique.
        cas: u64,
        /// What it was taken for, if it says so.
        terms: Option<Terms>,
    },
    /// A write or a delete ended it; its CAS unique.
    Revoked(u64),
    /// Its holder found that there is no value to be had.
    Barren {
        /// The seconds for which that holds.
        left: i64,
        /// Its CAS unique.
        cas: u64,
        /// Why there is none.
        lack: Lack,
    },
    /// Nothing.
    Gone,
    /// There was no answer.
    Unknown,
}

/// Why a winner's value must not stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// A write or a delete came between.
    Revoked,
    /// Another caller has the lease now.
    Overtaken,
}

impl Look {
    /// Reads the reply to a get of value, CAS unique and TTL.
    pub fn of(reply: &Reply, ours: Option<LeaseToken>) -> Look {
        match reply {
            Reply::Hit(Item { value: Some(value), .. }) if ours.is_some() && LeaseToken::read(value) == ours => {
                Look::Ours
            }
            Reply::Hit(Item { value: Some(value), cas, .. }) if *value == REVOKED => Look::Revoked(*cas),
            Reply::Hit(Item { value, cas, ttl, .. }) => match value.as_deref().and_then(Lack::read) {
                Some(lack) => Look::Barren { left: *ttl, cas: *cas, lack },
                None => Look::Others { left: *ttl, cas: *cas, terms: value.as_deref().and_then(Terms::read) },
            },
            Reply::Miss | Reply::NotFound => Look::Gone,
            _ => Look::Unknown,
        }
    }

    /// Whether a value that was stored on the strength of a lease must be undone, which was asked for `since` before
    /// this look, for `lease`. Undo only on positive evidence.
    pub fn undoes(&self, since: Duration, lease: Duration) -> Option<Undo> {
        match self {
            Look::Revoked(_) => Some(Undo::Revoked),
            Look::Others { .. } | Look::Barren { .. } => Some(Undo::Overtaken),
            // It cannot have run out yet, so it was removed.
            Look::Gone if since + TICK < lease => Some(Undo::Revoked),
            Look::Ours | Look::Gone | Look::Unknown => None,
        }
    }
}

impl Terms {
    fn read(value: &[u8]) -> Option<Terms> {
        let mut words = std::str::from_utf8(value).ok()?.split(' ').skip(1);
        let ttl = words.next()?.parse().ok()?;
        let value_left = match words.next()? {
            "-" => None,
            left => Some(left.parse().ok()?),
        };
        Some(Terms { ttl, value_left })
    }

    /// Whether the value that has `value_left` seconds now, and `stale_time` at its stale date, is another than that
    /// the lease was taken for, which itself has `left` seconds now: then the value was regenerated meanwhile, and
    /// the lease has done its work. All times are the server's. In doubt it has not.
    pub fn are_met(&self, left: i64, value_left: i64, stale_time: i64) -> bool {
        let (elapsed, blur) = (self.ttl - left, BLUR.as_secs() as i64);
        match self.value_left {
            Some(then) => value_left > then - elapsed + blur,
            // Where nothing was, a value was stored since. It may have been stored just before, unseen.
            None => elapsed - (stale_time - value_left) > blur,
        }
    }
}
