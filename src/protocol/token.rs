//! The token of one question, which its answer must repeat (`O`). It is no counter: what a client wrote may reach a
//! server's stream one day, and no client must be able to write the token of another client's question in advance.

use super::eight::all;

/// Eight printable characters, 48 bits of chance: a forged line is taken for a reply once in 2^48, about 281 million
/// million, and each one that is not taken closes the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token([u8; Token::LEN]);

impl Token {
    /// How many characters every token has.
    pub const LEN: usize = 8;

    /// The token made of six bits of each byte of `chance`, as one of the characters from `?` to `~`.
    #[inline]
    pub const fn new(chance: u64) -> Token {
        Token(((chance & all(0x3f)) + all(b'?')).to_ne_bytes())
    }

    /// As it stands on the wire.
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; Token::LEN] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_whatever_chance_it_is_made_of() {
        for byte in 0..=u8::MAX {
            let token = Token::new(u64::from_ne_bytes([byte; 8]));
            assert!(token.as_bytes().iter().all(|b| (b'?'..=b'~').contains(b)), "{token:?}");
        }
    }

    #[test]
    fn every_bit_that_counts_makes_another_token() {
        let tokens: std::collections::HashSet<_> = (0..64).map(|bit| *Token::new(1 << bit).as_bytes()).collect();
        // Two of every eight bits are not used, and no bit at all is a token too.
        assert_eq!(tokens.len(), 48 + 1);
    }
}
