//! Hash tags: the part of a key between two marks (usually braces), by which an application keeps keys together on one
//! server.

use memchr::memchr;

/// What of `key` decides where it goes: what stands between its first `open` and the next `close`, if that is anything,
/// else all of it. The rule of Redis and of twemproxy's `hash_tag: "{}"`.
pub fn tag(key: &[u8], open: u8, close: u8) -> &[u8] {
    between(key, open, close).filter(|tag| !tag.is_empty()).unwrap_or(key)
}

/// The same, but nothing between the two counts as nothing: the rule of memcached's proxy.
pub(super) fn tag_or_nothing(key: &[u8], open: u8, close: u8) -> &[u8] {
    between(key, open, close).unwrap_or(key)
}

fn between(key: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    let rest = &key[memchr(open, key)? + 1..];
    memchr(close, rest).map(|end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_braces_with_anything_between_them_are_the_tag() {
        for (key, expected) in [
            ("user:{42}:name", "42"),
            ("{42}", "42"),
            ("a{b}c{d}", "b"),
            ("a{{b}}", "{b"),
            ("plain", "plain"),
            ("a{}b", "a{}b"),
            ("a{}{b}", "a{}{b}"),
            ("a{b", "a{b"),
            ("a}b{", "a}b{"),
            ("", ""),
        ] {
            assert_eq!(tag(key.as_bytes(), b'{', b'}'), expected.as_bytes(), "{key}");
        }
    }
}
