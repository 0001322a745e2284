//! CAS uniques that tell whose they are.
//!
//! Two servers may give the same one to different items of one key. Where a key can be at either, a client that was
//! told the unique of one must not store over what the other has: so those of one of them are told with a bit turned.
//! Clients keep uniques in 32 bits, or in a double: so what fits there as the server gave it fits as it is told.
//! `docs/design/cas-uniques.md` has the reasons.

use super::{Arithmetic, Command, Delete, Get, Item, Reply, Returns, Store};

/// The first unique that does not fit in 32 bits.
const WIDE: u64 = 1 << 32;

/// The uniques of one of several places of a key, as clients are told them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniques {
    /// The bit that is turned in those of 32 bits.
    low: u64,
    /// The bit that is turned in all others.
    high: u64,
}

impl Uniques {
    /// Those of the pool that a route is moved to.
    pub const OF_A_NEW_POOL: Uniques = Uniques { low: 1 << 30, high: 1 << 51 };
    /// Those of a gutter, which may be the gutter of a pool that a route is moved to.
    pub const OF_A_GUTTER: Uniques = Uniques { low: 1 << 29, high: 1 << 50 };

    /// A unique of this place as clients are told it, and the other way round.
    const fn turned(self, cas: u64) -> u64 {
        if cas == 0 || cas == self.low {
            // 0 compares with nothing, so no other may become 0.
            cas
        } else if cas & !self.high < WIDE {
            cas ^ self.low
        } else {
            cas ^ self.high
        }
    }

    /// A client's command as this place is asked it.
    pub fn sent(self, command: &Command) -> Command {
        let known = |cas: Option<u64>| cas.map(|cas| self.turned(cas));
        let mut command = command.clone();
        match &mut command {
            Command::Get(Get { new_cas, .. }) => *new_cas = known(*new_cas),
            Command::Store(Store { compare_cas, new_cas, .. })
            | Command::Delete(Delete { compare_cas, new_cas, .. })
            | Command::Arithmetic(Arithmetic { compare_cas, new_cas, .. }) => {
                (*compare_cas, *new_cas) = (known(*compare_cas), known(*new_cas));
            }
            Command::Debug => {}
        }
        command
    }

    /// The reply of this place to a command as a client is told it.
    pub fn told(self, command: &Command, reply: Reply) -> Reply {
        match reply {
            Reply::Hit(item) if Self::are_told(command) => Reply::Hit(Item { cas: self.turned(item.cas), ..item }),
            other => other,
        }
    }

    /// Whether the reply to a command tells one.
    pub fn are_told(command: &Command) -> bool {
        let returns = match command {
            Command::Get(get) => get.returns,
            Command::Store(store) => store.returns,
            Command::Arithmetic(arithmetic) => arithmetic.returns,
            Command::Delete(_) | Command::Debug => Returns::NONE,
        };
        returns.has(Returns::CAS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POOL: Uniques = Uniques::OF_A_NEW_POOL;
    const GUTTER: Uniques = Uniques::OF_A_GUTTER;

    /// How a unique is told by a server, by one of a new pool, and by the gutters of both.
    fn told(cas: u64) -> [u64; 4] {
        [cas, POOL.turned(cas), GUTTER.turned(cas), POOL.turned(GUTTER.turned(cas))]
    }

    /// As servers count: near the bounds as well as in between.
    fn counted() -> impl Strategy<Value = u64> {
        prop_oneof![
            1..1000u64,
            1..1u64 << 53,
            (0..64u32, 0..4u64).prop_map(|(bit, less)| (1 << bit) - less.min(1 << bit))
        ]
        .prop_filter("a unique", |cas| *cas > 0)
    }

    proptest! {
        #[test]
        fn what_fits_a_client_as_the_server_gave_it_fits_as_it_is_told(cas in counted()) {
            for bits in [32, 53] {
                prop_assert!(cas >= 1 << bits || told(cas).iter().all(|told| (1..1 << bits).contains(told)), "{cas}");
            }
        }

        #[test]
        fn what_is_told_comes_back_as_it_was(cas in prop_oneof![counted(), any::<u64>()]) {
            prop_assert_eq!((POOL.turned(POOL.turned(cas)), GUTTER.turned(GUTTER.turned(cas))), (cas, cas));
        }

        #[test]
        fn no_two_places_tell_the_same(
            one in prop_oneof![1..1u64 << 29, 1u64 << 32..1 << 50],
            other in prop_oneof![1..1u64 << 29, 1u64 << 32..1 << 50],
        ) {
            for (place, unique) in told(one).into_iter().enumerate() {
                let twin = told(other).into_iter().enumerate().find(|(at, theirs)| *at != place && *theirs == unique);
                prop_assert!(twin.is_none(), "{one} and {other}: {twin:?}");
            }
        }
    }
}
