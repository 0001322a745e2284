//! A circle of 2^32 on which servers have points, as ketama and Dalli draw it. A key's hash lies between two points: to
//! which of them it belongs is the caller's choice. A look-up is a binary search; no key is hashed here.

use std::fmt::Debug;

use super::fingerprint::fingerprint;
use super::names::name_hash;

/// The points of one pool's servers, in their order.
pub(super) struct Circle {
    points: Box<[u32]>,
    owners: Box<[u16]>,
    fingerprint: u64,
}

impl Circle {
    /// Draws the points of each server in turn. `order` tells which of two servers on one point stands before the
    /// other there; `kind` and `key_hash` are for the fingerprint.
    pub(super) fn of(
        kind: &str,
        key_hash: impl Debug,
        servers: &[(&str, u32)],
        order: &[u16],
        points: impl Fn(&str, u32) -> Vec<u32>,
    ) -> Circle {
        let mut circle: Vec<(u32, u16)> = Vec::new();
        for &place in order {
            let (name, weight) = servers[usize::from(place)];
            circle.extend(points(name, weight).into_iter().map(|point| (point, place)));
        }
        circle.sort_by_key(|&(point, _)| point);
        let names: Vec<u64> = servers.iter().map(|(name, _)| name_hash(name)).collect();
        let told = circle.iter().flat_map(|&(point, owner)| [u64::from(point), names[usize::from(owner)]]);
        let fingerprint = fingerprint(kind, key_hash, told);
        let (points, owners): (Vec<_>, Vec<_>) = circle.into_iter().unzip();
        Circle { points: points.into(), owners: owners.into(), fingerprint }
    }

    /// The server whose point is the first at or after `hash`; behind the last one comes the first.
    pub(super) fn at_or_after(&self, hash: u32) -> usize {
        let next = self.points.partition_point(|&point| point < hash);
        self.owner(if next == self.points.len() { 0 } else { next })
    }

    /// The server whose point is the last at or before `hash`; before the first one comes the last.
    pub(super) fn at_or_before(&self, hash: u32) -> usize {
        let beyond = self.points.partition_point(|&point| point <= hash);
        self.owner(if beyond == 0 { self.points.len() - 1 } else { beyond - 1 })
    }

    fn owner(&self, point: usize) -> usize {
        usize::from(self.owners[point])
    }

    /// One number for the names and all points.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(points: &[(&str, u32)]) -> Circle {
        let order: Vec<u16> = (0..points.len() as u16).collect();
        Circle::of("test", "", points, &order, |_, point| vec![point])
    }

    #[test]
    fn a_hash_has_a_point_on_either_side_and_the_circle_closes() {
        let circle = circle(&[("b", 200), ("a", 100), ("c", 300)]);
        let after = [0, 100, 101, 200, 300, 301, u32::MAX].map(|hash| circle.at_or_after(hash));
        assert_eq!(after, [1, 1, 0, 0, 2, 1, 1]);
        let before = [0, 99, 100, 199, 200, 300, u32::MAX].map(|hash| circle.at_or_before(hash));
        assert_eq!(before, [2, 2, 1, 1, 0, 2, 2]);
    }

    #[test]
    fn of_two_servers_on_one_point_the_order_decides() {
        let circle = circle(&[("a", 7), ("b", 7)]);
        assert_eq!((circle.at_or_after(7), circle.at_or_before(7)), (0, 1));
    }

    #[test]
    fn the_fingerprint_knows_who_has_which_point() {
        let base = circle(&[("a", 1), ("b", 2)]).fingerprint();
        assert_eq!(base, circle(&[("b", 2), ("a", 1)]).fingerprint());
        assert_ne!(base, circle(&[("a", 2), ("b", 1)]).fingerprint());
    }
}
