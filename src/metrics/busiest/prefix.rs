//! What a key's prefix is: what it has in common with keys of its kind.
//!
//! A key is a row of segments that end with `:`, `/`, `.` or `|`. Its prefix are the segments before the first one with
//! a digit, as numbers and hashes tell one thing from another; of a key without digits, all but the last one. Where
//! that would be nothing, it is what stands before the first digit: `user:42:name` → `user:`, `page:/home` → `page:/`,
//! `session:9f3a` → `session:`, `user42` → `user`, `greeting` → nothing.

const ENDS: &[u8] = b":/.|";

/// The prefix of a key, its longest one; may be empty.
pub(super) fn of(key: &[u8]) -> &[u8] {
    let digit = key.iter().position(u8::is_ascii_digit);
    let words = &key[..digit.unwrap_or(key.len())];
    match words.iter().rposition(|byte| ENDS.contains(byte)) {
        Some(end) => &key[..=end],
        None => &key[..digit.unwrap_or(0)],
    }
}

/// The prefix of a prefix; `None` if it has no shorter one.
pub(super) fn shorter(prefix: &[u8]) -> Option<&[u8]> {
    let (_, before) = prefix.split_last()?;
    let end = before.iter().rposition(|byte| ENDS.contains(byte))?;
    Some(&prefix[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(key: &str) -> &str {
        std::str::from_utf8(of(key.as_bytes())).unwrap()
    }

    #[test]
    fn a_prefix_ends_before_what_tells_things_apart() {
        for (key, expected) in [
            ("user:42", "user:"),
            ("user:42:name", "user:"),
            ("user:{42}:name", "user:"),
            ("page:/home", "page:/"),
            ("page:/blog/2026/05", "page:/blog/"),
            ("session:9f3a", "session:"),
            ("session:f93a", "session:"),
            ("app.user.name", "app.user."),
            ("cart|7|lines", "cart|"),
            ("user:", "user:"),
            ("user42", "user"),
            ("user_42", "user_"),
            ("greeting", ""),
            ("42", ""),
            ("", ""),
            ("tag:größe", "tag:"),
        ] {
            assert_eq!(prefix(key), expected, "{key}");
        }
    }

    #[test]
    fn a_prefix_is_shortened_by_a_segment() {
        let text = |prefix: &'static [u8]| std::str::from_utf8(prefix).unwrap();
        let all = |key: &'static str| {
            std::iter::successors(Some(of(key.as_bytes())), |prefix| shorter(prefix)).map(text).collect::<Vec<_>>()
        };
        assert_eq!(all("app:user/name.first"), ["app:user/name.", "app:user/", "app:"]);
        assert_eq!(all("user42"), ["user"]);
        assert_eq!(all("x"), [""]);
    }

    #[test]
    fn any_bytes_have_a_prefix_that_begins_them() {
        for key in [&b"\xff\x00:\x80"[..], b":::", b"a:\xc3", b"0:a"] {
            assert!(key.starts_with(of(key)), "{key:?}");
        }
        assert_eq!(of(b"\xff:\x80"), b"\xff:");
    }
}
