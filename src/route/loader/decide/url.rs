//! What a loader is asked for: path and query of the URL that a key becomes.
//!
//! Every byte that is not unreserved (RFC 3986, 2.3) is percent-encoded, so a key can neither end a segment nor begin a
//! query, and what the endpoint decodes is exactly the key. Dots alone would be a step up the path (RFC 3986, 5.2.4):
//! they are encoded too.

use std::fmt::Write;

use crate::config::UrlPiece;

/// Path and query for `key`, of which `prefix` bytes are the route's.
pub fn path_of(pieces: &[UrlPiece], key: &[u8], prefix: usize) -> String {
    let mut path = String::new();
    for piece in pieces {
        match piece {
            UrlPiece::Text(text) => path.push_str(text),
            UrlPiece::Key => encode(key, &mut path),
            UrlPiece::Suffix => encode(key.get(prefix..).unwrap_or_default(), &mut path),
        }
    }
    path
}

fn encode(bytes: &[u8], path: &mut String) {
    let is_all_dots = bytes.iter().all(|byte| *byte == b'.');
    for byte in bytes {
        match byte {
            b'.' if is_all_dots => path.push_str("%2E"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(path, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces() -> [UrlPiece; 3] {
        [UrlPiece::Text("/cache/".into()), UrlPiece::Key, UrlPiece::Text("?x=1".into())]
    }

    fn asked(key: &[u8]) -> String {
        path_of(&pieces(), key, 0)
    }

    fn decoded(text: &str) -> Vec<u8> {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            let hex = |b: u8| char::from(b).to_digit(16).unwrap() as u8;
            out.push(match byte {
                b'%' => hex(bytes.next().unwrap()) * 16 + hex(bytes.next().unwrap()),
                other => other,
            });
        }
        out
    }

    #[test]
    fn a_key_stays_within_its_place() {
        for (key, path) in [
            (&b"page:1"[..], "/cache/page%3A1?x=1"),
            (b"/../admin", "/cache/%2F..%2Fadmin?x=1"),
            (b"..", "/cache/%2E%2E?x=1"),
            (b".", "/cache/%2E?x=1"),
            (b"a?b#c%00", "/cache/a%3Fb%23c%2500?x=1"),
            ("ü".as_bytes(), "/cache/%C3%BC?x=1"),
            (b"\0 \r\n", "/cache/%00%20%0D%0A?x=1"),
            (b"a.b-c_d~e", "/cache/a.b-c_d~e?x=1"),
        ] {
            assert_eq!(asked(key), path);
        }
    }

    #[test]
    fn a_suffix_is_the_key_without_the_prefix() {
        let pieces = [UrlPiece::Text("/".into()), UrlPiece::Suffix];
        assert_eq!(path_of(&pieces, b"page:a/b", 5), "/a%2Fb");
        assert_eq!(path_of(&pieces, b"page:", 5), "/");
        assert_eq!(path_of(&pieces, b"page:..", 5), "/%2E%2E");
    }

    proptest! {
        #[test]
        fn what_the_endpoint_decodes_is_the_key_and_nothing_of_it_is_syntax(key in prop::collection::vec(any::<u8>(), 1..251)) {
            let path = asked(&key);
            let within = path.strip_prefix("/cache/").and_then(|rest| rest.strip_suffix("?x=1")).unwrap();
            prop_assert!(within.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            prop_assert!(within != "." && within != "..");
            prop_assert_eq!(decoded(within), key);
        }
    }
}
