//! Finds the route of a key: the longest configured prefix it begins with, in time that hardly depends on how many
//! there are.
//!
//! Sorted, a prefix stands before everything that begins with it. So all prefixes of a key enclose the last entry that
//! is not greater than the key, and of those the longest is the route's that is no longer than what both have in
//! common.

/// Prefixes, each with the index of its route.
pub struct Prefixes {
    /// All but the empty one, in the order of their bytes.
    sorted: Vec<Entry>,
    /// Where those that begin with a byte begin, for each byte, and where the last ones end: most keys are told from
    /// all prefixes by their first byte.
    starts: Box<[usize; 257]>,
    /// The route of the empty prefix: everything else.
    rest: Option<usize>,
}

struct Entry {
    prefix: Box<[u8]>,
    /// The length and the route of each prefix that it begins with, the shortest first, itself last.
    enclosing: Box<[(usize, usize)]>,
}

impl Prefixes {
    /// The prefixes of routes 0, 1, 2, …
    pub fn new<'p>(prefixes: impl IntoIterator<Item = &'p [u8]>) -> Prefixes {
        let mut prefixes: Vec<(&[u8], usize)> = prefixes.into_iter().zip(0..).collect();
        prefixes.sort_unstable();
        let has_rest = prefixes.first().is_some_and(|(prefix, _)| prefix.is_empty());
        let rest = has_rest.then(|| prefixes.remove(0).1);
        let (mut sorted, mut enclosing) = (Vec::with_capacity(prefixes.len()), Vec::<(&[u8], usize)>::new());
        for (prefix, route) in prefixes {
            while enclosing.last().is_some_and(|(outer, _)| !prefix.starts_with(outer)) {
                enclosing.pop();
            }
            enclosing.push((prefix, route));
            let lengths = enclosing.iter().map(|(outer, route)| (outer.len(), *route)).collect();
            sorted.push(Entry { prefix: prefix.into(), enclosing: lengths });
        }
        let starts = std::array::from_fn(|byte| sorted.partition_point(|entry| usize::from(entry.prefix[0]) < byte));
        Prefixes { sorted, starts: Box::new(starts), rest }
    }

    /// The route of `key`, if there is one.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        // Where there is one route for everything, as there mostly is, a key has nothing to be told from.
        if self.sorted.is_empty() { self.rest } else { self.find_prefix(key).or(self.rest) }
    }

    /// The route of the longest prefix but the empty one.
    fn find_prefix(&self, key: &[u8]) -> Option<usize> {
        let first = usize::from(*key.first()?);
        let alike = &self.sorted[self.starts[first]..self.starts[first + 1]];
        let after = alike.partition_point(|entry| *entry.prefix <= *key);
        let entry = &alike[after.checked_sub(1)?];
        let common = entry.prefix.iter().zip(key).take_while(|(a, b)| a == b).count();
        let (_, route) = entry.enclosing[..entry.enclosing.partition_point(|(len, _)| *len <= common)].last()?;
        Some(*route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{hash_set, vec};
    use proptest::prelude::*;

    #[test]
    fn the_longest_prefix_wins_and_the_empty_one_takes_the_rest() {
        let prefixes = Prefixes::new([b"".as_slice(), b"page:", b"page:home:", b"cart:"]);
        assert_eq!(prefixes.find(b"page:home:1"), Some(2));
        assert_eq!(prefixes.find(b"page:x"), Some(1));
        assert_eq!(prefixes.find(b"cart:"), Some(3));
        assert_eq!(prefixes.find(b"car"), Some(0));
    }

    #[test]
    fn a_key_without_a_route_has_none() {
        assert_eq!(Prefixes::new([b"page:".as_slice()]).find(b"cart:1"), None);
        assert_eq!(Prefixes::new([]).find(b"cart:1"), None);
    }

    fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
        // Few letters, so that many prefixes lie in each other and beside each other; the ends of their order among
        // them.
        vec(prop::sample::select(vec![0, b'a', b'b', 255]), 0..longest)
    }

    proptest! {
        #[test]
        fn the_route_is_the_one_that_looking_at_each_prefix_finds(
            prefixes in hash_set(bytes(7), 0..40), keys in vec(bytes(10), 1..40)
        ) {
            let prefixes: Vec<Vec<u8>> = prefixes.into_iter().collect();
            let found = Prefixes::new(prefixes.iter().map(Vec::as_slice));
            for key in keys {
                let fits = (0..prefixes.len()).filter(|at| key.starts_with(&prefixes[*at]));
                prop_assert_eq!(found.find(&key), fits.max_by_key(|at| prefixes[*at].len()), "{:?}", key);
            }
        }
    }
}
