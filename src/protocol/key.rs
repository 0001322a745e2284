//! A checked key. Nothing else in leash may name an item.
//!
//! The one constructor per spelling is the guarantee that a key can never carry a second command upstream: a text key
//! holds no control character and no space, a binary key only ever leaves base64-encoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, Bytes, BytesMut};

use super::eight::{all, first_marked};

/// The longest key memcached takes, in bytes (`KEY_MAX_LENGTH`), namespace included, as it stands in the command.
pub const MAX_KEY: usize = 250;
/// The longest key whose base64 spelling, four characters for three bytes, is no longer than that. memcached refuses a
/// longer word without swallowing the value behind it, which would then be read as commands.
const MAX_BINARY_KEY: usize = MAX_KEY / 4 * 3;

const LINE_END: &[u8] = b"\r\n";

/// The name of an item, as memcached stores it (base64 already undone): at least one byte, and at most [`MAX_KEY`]
/// where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    bytes: Bytes,
    spelling: Spelling,
}

/// How clients and servers write a key. As wide as a word, so that a key is copied in whole words: the copies of a `bool`
/// and the padding behind it overlapped, and a processor waits for such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
enum Spelling {
    AsItIs,
    Base64,
}

/// Why bytes are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No bytes at all.
    Empty,
    /// More than [`MAX_KEY`] bytes, as it is written.
    TooLong,
    /// A control character or a space in a text key.
    Forbidden,
}

impl Key {
    /// A key as classic and meta commands write it: no control character, no space.
    pub fn text(bytes: Bytes) -> Result<Key, KeyError> {
        check_text(&bytes)?;
        Ok(Key { bytes, spelling: Spelling::AsItIs })
    }

    /// Takes the first word of `line` from byte `at` on, which must be a key, and returns it with the place behind it.
    /// `None` if there are only spaces left. The same as cutting the word out and calling [`Key::text`], in one pass.
    #[inline(always)]
    pub(super) fn next_word(line: &Bytes, at: usize) -> Option<Result<(Key, usize), KeyError>> {
        let start = at + line[at..].iter().position(|&b| b != b' ')?;
        let end = start + text_length(&line[start..]);
        if line.get(end).is_some_and(|&b| b != b' ') {
            return Some(Err(KeyError::Forbidden));
        }
        let bytes = line.slice(start..end);
        Some(check_length(&bytes, MAX_KEY).map(|()| (Key { bytes, spelling: Spelling::AsItIs }, end)))
    }

    /// Takes a line off the front of `buffer` that is `verb` and one key, as far as it is that and whole.
    #[inline]
    pub(super) fn behind(verb: &[u8], buffer: &mut BytesMut) -> Option<Key> {
        let word = buffer.strip_prefix(verb)?;
        let len = text_length(&word[..word.len().min(MAX_KEY + 1)]);
        let is_whole = word[len..].starts_with(LINE_END) && check_length(&word[..len], MAX_KEY).is_ok();
        if !is_whole {
            return None;
        }
        let mut bytes = buffer.split_to(verb.len() + len + LINE_END.len()).freeze();
        bytes.advance(verb.len());
        bytes.truncate(len);
        Some(Key { bytes, spelling: Spelling::AsItIs })
    }

    /// A key that came base64-encoded (meta flag `b`), already decoded: any bytes.
    pub fn binary(bytes: Bytes) -> Result<Key, KeyError> {
        check_length(&bytes, MAX_BINARY_KEY)?;
        Ok(Key { bytes, spelling: Spelling::Base64 })
    }

    /// A key of any bytes, as the binary protocol and names of queues have them: written as it is where it can be.
    #[inline]
    pub(crate) fn any(bytes: Bytes) -> Result<Key, KeyError> {
        match check_text(&bytes) {
            Ok(()) => Ok(Key { bytes, spelling: Spelling::AsItIs }),
            Err(_) => Key::binary(bytes),
        }
    }

    /// The key with `prefix` before it, spelt the same way. Fails if that makes it too long.
    pub fn prefixed(&self, prefix: &[u8]) -> Result<Key, KeyError> {
        let mut bytes = BytesMut::with_capacity(prefix.len() + self.bytes.len());
        bytes.extend_from_slice(prefix);
        bytes.extend_from_slice(&self.bytes);
        if self.is_binary() { Key::binary(bytes.freeze()) } else { Key::text(bytes.freeze()) }
    }

    /// The same key with bytes of its own: keeping it keeps nothing else of what was read with it.
    pub fn detached(&self) -> Key {
        Key { bytes: Bytes::copy_from_slice(&self.bytes), spelling: self.spelling }
    }

    /// The bytes memcached files the item under.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the key as clients and servers write it: a binary one base64-encoded.
    #[inline]
    pub fn spell(&self, binary: bool, text: &mut Vec<u8>) {
        if binary {
            text.extend_from_slice(STANDARD.encode(&self.bytes).as_bytes());
        } else {
            text.extend_from_slice(&self.bytes);
        }
    }

    /// The same item by a key that is written as it is, if it can be: no control character, no space.
    pub fn as_text(&self) -> Option<Key> {
        Key::text(self.bytes.clone()).ok()
    }

    /// Whether its bytes may stand in a line as they are: no control character, no space.
    pub fn fits_a_line(&self) -> bool {
        text_length(&self.bytes) == self.bytes.len()
    }

    /// Whether the key must be sent base64-encoded.
    pub fn is_binary(&self) -> bool {
        self.spelling == Spelling::Base64
    }
}

/// How many bytes from the start may stand in a text key. Looks at eight at a time: keys are what requests are made of.
#[inline]
fn text_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (number, word) in words.iter().enumerate() {
        let place = first_forbidden(u64::from_le_bytes(*word));
        if place < word.len() {
            return number * word.len() + place;
        }
    }
    let checked = bytes.len() - rest.len();
    checked + rest.iter().position(|&b| b <= b' ' || b == DELETE).unwrap_or(rest.len())
}

/// The control character that is not below the space.
const DELETE: u8 = 0x7f;

/// The place of the first of eight bytes that may not stand in a text key; 8 if all may.
#[inline]
const fn first_forbidden(word: u64) -> usize {
    // Taking more from a byte than it is sets its highest bit. What it borrows for that spoils bytes behind it only.
    let up_to_space = word.wrapping_sub(all(b' ' + 1)) & !word;
    let apart = word ^ all(DELETE);
    let deletes = apart.wrapping_sub(all(1)) & !apart;
    first_marked(up_to_space | deletes)
}

fn check_text(bytes: &[u8]) -> Result<(), KeyError> {
    check_length(bytes, MAX_KEY)?;
    if text_length(bytes) < bytes.len() { Err(KeyError::Forbidden) } else { Ok(()) }
}

fn check_length(bytes: &[u8], most: usize) -> Result<(), KeyError> {
    match bytes.len() {
        0 => Err(KeyError::Empty),
        len if len <= most => Ok(()),
        _ => Err(KeyError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_key_ends_where_looking_at_each_byte_ends_it(
            bytes in vec(prop_oneof![Just(b' '), Just(b'!'), Just(DELETE), Just(0xff), any::<u8>(), 0x21..0x7fu8], 0..40),
        ) {
            let end = bytes.iter().position(|&b| matches!(b, 0..=b' ' | DELETE)).unwrap_or(bytes.len());
            prop_assert_eq!(text_length(&bytes), end);
        }
    }

    #[test]
    fn a_text_key_cannot_carry_a_second_command() {
        for bad in ["a b", "a\r\nflush_all", "a\n", "a\0", "a\x7f", "\t"] {
            assert_eq!(Key::text(Bytes::copy_from_slice(bad.as_bytes())), Err(KeyError::Forbidden), "{bad:?}");
        }
    }

    #[test]
    fn a_namespace_counts_towards_the_longest_key() {
        let key = Key::text(Bytes::from(vec![b'k'; 248])).unwrap();
        assert_eq!(key.prefixed(b"n:").unwrap().as_bytes().len(), 250);
        assert_eq!(key.prefixed(b"nn:"), Err(KeyError::TooLong));
    }

    /// memcached answered `CLIENT_ERROR bad command line format` to a namespaced `ms` and took its value for commands.
    #[test]
    fn a_binary_key_counts_as_long_as_it_is_written() {
        let key = Key::binary(Bytes::from(vec![b'\n'; 184])).unwrap();
        assert_eq!(key.prefixed(b"n:").unwrap().as_bytes().len(), 186);
        assert_eq!(key.prefixed(b"nn:"), Err(KeyError::TooLong));
    }
}
