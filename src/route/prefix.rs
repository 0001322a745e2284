//! Finds the route of a key: the longest configured prefix it begins with.

use std::collections::HashMap;

/// Prefixes of one length, each with the index of its route.
type OneLength = HashMap<Box<[u8]>, usize>;

/// Prefixes, each with the index of its route.
pub struct Prefixes {
    /// For each length some prefix has, longest first, the prefixes of that length.
    by_length: Vec<(usize, OneLength)>,
    /// The route of the empty prefix: everything else.
    rest: Option<usize>,
}

impl Prefixes {
    /// The prefixes of routes 0, 1, 2, …
    pub fn new<'p>(prefixes: impl IntoIterator<Item = &'p [u8]>) -> Prefixes {
        let (mut by_length, mut rest) = (Vec::<(usize, OneLength)>::new(), None);
        for (route, prefix) in prefixes.into_iter().enumerate() {
            if prefix.is_empty() {
                rest = Some(route);
                continue;
            }
            let place = by_length.iter().position(|(len, _)| *len == prefix.len()).unwrap_or_else(|| {
                by_length.push((prefix.len(), OneLength::new()));
                by_length.len() - 1
            });
            by_length[place].1.insert(prefix.into(), route);
        }
        by_length.sort_by_key(|(len, _)| std::cmp::Reverse(*len));
        Prefixes { by_length, rest }
    }

    /// The route of `key`, if there is one.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let longest = self.by_length.iter().find_map(|(len, routes)| routes.get(key.get(..*len)?).copied());
        longest.or(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
