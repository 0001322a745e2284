//! The slot table: which of a pool's servers owns a key, by rendezvous hashing done ahead of time.
//!
//! For every slot the servers are ranked by their names and weights and the first one owns it. So the order in the
//! configuration does not matter, a server that goes away leaves its own slots only, and one that comes takes its
//! share from all others.

use std::fmt;

use rendezvous_hash::{Capacity, IdNode, Node, WeightedNode};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::names::name_hash;
use super::node_hasher::StableHasher;
use super::owners::Owners;

/// How many slots there are.
pub const SLOTS: usize = 1 << 16;

/// The share of the keys that moves together: the high 16 bits of the XXH3-64 of a key or its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(pub u16);

impl SlotNumber {
    /// The slot of a key, or of its tag where hash tags are on.
    pub fn of(key: &[u8]) -> SlotNumber {
        SlotNumber::of_hash(item_hash(key))
    }

    /// The same of which this is the [`item_hash`].
    #[inline]
    pub(super) fn of_hash(hash: u64) -> SlotNumber {
        SlotNumber((hash >> 48) as u16)
    }
}

/// The XXH3-64 of a key: its high bits are the slot, its low ones tell the item from most others.
#[inline]
pub fn item_hash(key: &[u8]) -> u64 {
    xxh3_64(key)
}

impl fmt::Display for SlotNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who owns which slot, for the servers of one pool.
#[derive(Clone)]
pub struct SlotTable {
    owners: Owners,
    fingerprint: u64,
}

impl SlotTable {
    /// The table for servers given by name and weight; they are then known by their place in `servers`. A server with
    /// weight 0 owns nothing.
    ///
    /// # Panics
    ///
    /// If no server has a weight, or there are more servers than slots: a checked configuration has neither.
    pub fn new(servers: &[(&str, u32)]) -> SlotTable {
        assert!(servers.len() <= SLOTS, "a pool has at most {SLOTS} servers");
        let nodes: Vec<_> = servers.iter().map(|&(name, weight)| node(name, weight)).collect();
        let owners: Vec<u16> = (0..=u16::MAX).map(|slot| first(&nodes, SlotNumber(slot))).collect();
        let fingerprint = fingerprint(servers, &owners);
        SlotTable { owners: Owners::new(owners, servers.len()), fingerprint }
    }

    /// The slot of a key, or of its tag where hash tags are on.
    pub fn slot_of(&self, key: &[u8]) -> SlotNumber {
        SlotNumber::of(key)
    }

    /// The place of the server that owns `key` in the list the table was made of.
    #[inline]
    pub fn server_of(&self, key: &[u8]) -> usize {
        self.owner(SlotNumber::of(key))
    }

    /// The place of the server that owns `slot`.
    #[inline]
    pub fn owner(&self, slot: SlotNumber) -> usize {
        self.owners.get(slot.0)
    }

    /// One number for the names, the weights and all placements, independent of the servers' order: sidecars that
    /// share a pool must agree on it.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

impl fmt::Debug for SlotTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotTable").field("fingerprint", &format_args!("{:016x}", self.fingerprint)).finish()
    }
}

type Server = WeightedNode<IdNode<u64>>;

fn node(name: &str, weight: u32) -> Option<Server> {
    let capacity = Capacity::new(f64::from(weight))?;
    Some(WeightedNode::new(IdNode::new(name_hash(name)), capacity))
}

/// The place of the server that ranks first for `slot`, by the crate's own hash code and tie-break. Its
/// `calc_candidates` says the same, but sorts all servers to do so.
fn first(servers: &[Option<Server>], slot: SlotNumber) -> u16 {
    let ranks = servers.iter().enumerate().filter_map(|(place, server)| {
        let server = server.as_ref()?;
        Some((server.hash_code(&StableHasher, &slot.0), server.node_id(), place))
    });
    let (_, _, place) = ranks.max().expect("at least one server has a weight");
    place as u16
}

/// The order of the servers is not part of it: places are told by name.
fn fingerprint(servers: &[(&str, u32)], owners: &[u16]) -> u64 {
    let mut sorted = servers.to_vec();
    sorted.sort_unstable();
    let mut sum = Xxh3::new();
    for (name, weight) in sorted {
        sum.update(&(name.len() as u64).to_le_bytes());
        sum.update(name.as_bytes());
        sum.update(&weight.to_le_bytes());
    }
    let names: Vec<[u8; 8]> = servers.iter().map(|(name, _)| name_hash(name).to_le_bytes()).collect();
    for &owner in owners {
        sum.update(&names[usize::from(owner)]);
    }
    sum.digest()
}

#[cfg(test)]
mod tests {
    use rendezvous_hash::RendezvousNodes;

    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("m{n}:11211")).collect()
    }

    fn table(names: &[String]) -> SlotTable {
        SlotTable::new(&names.iter().map(|name| (name.as_str(), 1)).collect::<Vec<_>>())
    }

    fn owned<'n>(table: &SlotTable, names: &'n [String], slot: u16) -> &'n str {
        &names[table.owner(SlotNumber(slot))]
    }

    fn count(table: &SlotTable, server: usize) -> f64 {
        (0..=u16::MAX).filter(|&slot| table.owner(SlotNumber(slot)) == server).count() as f64
    }

    #[test]
    fn a_server_taken_away_moves_its_own_slots_only() {
        let eight = names(8);
        for gone in 0..eight.len() {
            let mut seven = eight.clone();
            seven.remove(gone);
            let (before, after) = (table(&eight), table(&seven));
            for slot in 0..=u16::MAX {
                let owner = owned(&before, &eight, slot);
                if owner != eight[gone] {
                    assert_eq!(owned(&after, &seven, slot), owner);
                }
            }
        }
    }

    #[test]
    fn a_server_added_to_n_takes_a_share_of_one_in_n_plus_one_and_moves_nothing_else() {
        for n in [1, 2, 3, 8, 20] {
            let after_names = names(n + 1);
            let (before, after) = (table(&after_names[..n]), table(&after_names));
            let moved =
                (0..=u16::MAX).filter(|&slot| before.owner(SlotNumber(slot)) != after.owner(SlotNumber(slot))).count();
            assert_eq!(moved as f64, count(&after, n), "only the new server gains");
            let share = SLOTS as f64 / (n + 1) as f64;
            assert!((moved as f64 / share - 1.0).abs() < 0.15, "{moved} of {share} expected");
        }
    }

    #[test]
    fn weights_are_respected_within_ten_percent() {
        let servers = [("a", 1), ("b", 2), ("c", 4), ("d", 1)];
        let table = SlotTable::new(&servers);
        for (place, (name, weight)) in servers.into_iter().enumerate() {
            let share = SLOTS as f64 * f64::from(weight) / 8.0;
            let got = count(&table, place);
            assert!((got / share - 1.0).abs() < 0.10, "{name}: {got} of {share} expected");
        }
    }

    #[test]
    fn a_server_without_weight_owns_nothing_and_equal_weights_are_no_weights() {
        let table = SlotTable::new(&[("a", 3), ("b", 0), ("c", 3)]);
        assert_eq!(count(&table, 1), 0.0);
        let plain = SlotTable::new(&[("a", 1), ("c", 1)]);
        for slot in 0..=u16::MAX {
            assert_eq!(table.owner(SlotNumber(slot)), [0, 2][plain.owner(SlotNumber(slot))]);
        }
    }

    #[test]
    fn the_order_of_the_configuration_does_not_matter() {
        let forwards = names(5);
        let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
        let (one, other) = (table(&forwards), table(&backwards));
        assert_eq!(one.fingerprint(), other.fingerprint());
        for slot in 0..=u16::MAX {
            assert_eq!(owned(&one, &forwards, slot), owned(&other, &backwards, slot));
        }
    }

    #[test]
    fn the_fingerprint_knows_names_and_weights() {
        let base = SlotTable::new(&[("a", 1), ("b", 1)]).fingerprint();
        assert_ne!(base, SlotTable::new(&[("a", 1), ("c", 1)]).fingerprint());
        assert_ne!(base, SlotTable::new(&[("a", 2), ("b", 1)]).fingerprint());
        assert_ne!(base, SlotTable::new(&[("a", 2), ("b", 2)]).fingerprint());
    }

    #[test]
    fn the_table_says_what_the_crate_ranks_first() {
        let names = names(5);
        let mut nodes = RendezvousNodes::new(StableHasher);
        nodes.extend(names.iter().map(|name| node(name, 1).unwrap()));
        let table = table(&names);
        for slot in (0..=u16::MAX).step_by(7) {
            let ranked = nodes.calc_candidates(&slot).next().unwrap();
            assert_eq!(*ranked.node_id(), name_hash(owned(&table, &names, slot)));
        }
    }

    #[test]
    fn keys_stay_where_they_are_whatever_the_compiler() {
        let table = SlotTable::new(&[("m0:11211", 1), ("m1:11211", 2), ("m2:11211", 1)]);
        assert_eq!(table.fingerprint(), 12_789_769_395_962_429_362);
        let placed = |key: &str| (table.slot_of(key.as_bytes()).0, table.server_of(key.as_bytes()));
        let keys = ["", "a", "user:42", "page:/index.html", "cart:9d2f"];
        assert_eq!(keys.map(placed), [(11526, 0), (59078, 2), (40897, 2), (36440, 1), (19338, 1)]);
    }

    #[test]
    fn keys_with_one_tag_land_together() {
        let table = table(&names(64));
        let server = table.server_of(crate::hash::tag(b"user:{42}:name", b'{', b'}'));
        assert_eq!(server, table.server_of(crate::hash::tag(b"{42}:mail", b'{', b'}')));
        assert_eq!(server, table.server_of(b"42"));
    }
}
