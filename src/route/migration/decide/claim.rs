//! A claim: the item that says that one instance is at work on this key. It stands under the key itself, in `to`; every
//! reader and every command of the route treats it as no item.
//!
//! An instance takes it by an `add`, or over another item by its CAS unique, so at most one holds it, and gives it up
//! by its CAS unique. If the holder dies, the others wait until the claim's TTL is over. There are two kinds:
//! * **Copy**: its holder stores the item of `from` over it. A store or a delete may break it: then nothing is copied.
//! * **Act**: its holder changes the item in `from`, and no instance may bring the item over meanwhile. Only a set
//!   breaks it.

use std::time::Duration;

use bytes::Bytes;

use crate::protocol::{Exptime, Get, Item, Reply, Returns, Store, StoreMode};

/// How long a claim lasts whose holder is gone.
pub const CLAIM_LASTS: Duration = Duration::from_secs(5);

/// The value of a claim: no number, so that no client can count in it.
const VALUE: &[u8; 16] = b"leash moves this";

/// Asks what an item is, without changing what the server remembers of its readers.
pub const LOOK: Get = Get {
    returns: Returns::FLAGS.and(Returns::SIZE).and(Returns::CAS).and(Returns::TTL_BEFORE),
    touch: None,
    vivify: None,
    recache: None,
    new_cas: None,
    touch_last: false,
    no_bump: true,
    knows_marks: false,
};

/// What a claim is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Bringing an item over.
    Copy,
    /// Changing an item in `from`.
    Act,
}

/// What a look at `to` found.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundInTo {
    /// Nothing at all.
    Nothing,
    /// An item, with its CAS unique.
    Item(u64),
    /// A claim.
    Claimed {
        /// Its CAS unique.
        cas: u64,
        /// What for.
        by: Claim,
        /// Whether its TTL is longer than any claim's: a client touched it by mistake, and no holder will end it.
        is_overdue: bool,
    },
    /// No answer.
    Trouble(Reply),
}

impl Claim {
    const ALL: [Claim; 2] = [Claim::Copy, Claim::Act];

    /// Letters that no application uses as client flags.
    const fn flags(self) -> u32 {
        match self {
            Claim::Copy => u32::from_be_bytes(*b"lshc"),
            Claim::Act => u32::from_be_bytes(*b"lsha"),
        }
    }

    /// The claim as it is stored: where nothing is, or over the item with this CAS unique.
    pub fn taking(self, over: Option<u64>) -> Store {
        Store {
            mode: if over.is_some() { StoreMode::Set } else { StoreMode::Add },
            value: Bytes::from_static(VALUE),
            client_flags: self.flags(),
            ttl: Some(Exptime::from_now(seconds())),
            compare_cas: over,
            returns: Returns::CAS,
            ..Store::default()
        }
    }

    /// Whether this one may be taken in the place of `theirs`. A copy can always be made again.
    pub fn may_replace(self, theirs: Claim) -> bool {
        self == Claim::Act && theirs == Claim::Copy
    }
}

impl FoundInTo {
    /// Reads the reply to [`LOOK`].
    pub fn of(reply: Reply) -> FoundInTo {
        match reply {
            Reply::Hit(item) => match claim(&item) {
                None => FoundInTo::Item(item.cas),
                Some(by) => FoundInTo::Claimed { cas: item.cas, by, is_overdue: !(0..=seconds()).contains(&item.ttl) },
            },
            Reply::Miss | Reply::NotFound => FoundInTo::Nothing,
            trouble => FoundInTo::Trouble(trouble),
        }
    }
}

/// Whether `item` is a claim. Its client flags must be known, and its value or its size.
pub fn is_claim(item: &Item) -> bool {
    claim(item).is_some()
}

/// Whether what a client wants to store would be taken for a claim.
pub fn looks_like_a_claim(store: &Store) -> bool {
    Claim::ALL.iter().any(|claim| claim.flags() == store.client_flags) && store.value.len() == VALUE.len()
}

/// The same read, told enough to tell a claim from an item.
pub fn judged(get: &Get) -> Get {
    let told = get.returns.and(Returns::FLAGS);
    let returns = if told.has(Returns::VALUE) { told } else { told.and(Returns::SIZE) };
    Get { returns, ..get.clone() }
}

/// A client cannot store what has the flags and the size of a claim, so these tell.
fn claim(item: &Item) -> Option<Claim> {
    let len = item.value.as_ref().map_or(item.size as usize, Bytes::len);
    Claim::ALL.into_iter().find(|claim| claim.flags() == item.client_flags && len == VALUE.len())
}

fn seconds() -> i64 {
    CLAIM_LASTS.as_secs() as i64
}
