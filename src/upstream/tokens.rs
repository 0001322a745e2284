//! Where the tokens of a connection's questions come from.

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::protocol::Token;

/// A stream of tokens that a server cannot guess from the ones it has seen: a cipher's, keyed by the operating system.
pub(super) struct Tokens(StdRng);

impl Tokens {
    /// A stream like no other.
    pub(super) fn new() -> Tokens {
        Tokens(StdRng::from_rng(&mut rand::rng()))
    }

    /// The next one. Costs a copy out of a block of 256 bytes, which is made anew once it is used up.
    #[inline]
    pub(super) fn draw(&mut self) -> Token {
        Token::new(self.0.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn two_connections_share_no_tokens() {
        let (mut one, mut other) = (Tokens::new(), Tokens::new());
        let all: HashSet<_> = (0..1000).flat_map(|_| [one.draw(), other.draw()]).map(|t| *t.as_bytes()).collect();
        // Two of 2,000 alike would be one in 140 million.
        assert_eq!(all.len(), 2000);
    }
}
