//! Hash tags: the part of a key in braces, by which an application keeps keys together on one server.

use memchr::memchr;

/// What of `key` decides where it goes: what stands between its first `{` and the next `}`, if that is anything, else
/// all of it. The rule of Redis and of twemproxy's `hash_tag: "{}"`.
pub fn tag(key: &[u8]) -> &[u8] {
    let inner = memchr(b'{', key).and_then(|open| {
        let rest = &key[open + 1..];
        memchr(b'}', rest).map(|close| &rest[..close])
    });
    inner.filter(|tag| !tag.is_empty()).unwrap_or(key)
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
            assert_eq!(tag(key.as_bytes()), expected.as_bytes(), "{key}");
        }
    }
}
