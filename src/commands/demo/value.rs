//! What the callers store: a value that tells its key and version, so that a wrong one is known as such.

use xxhash_rust::xxh3::xxh3_64;

/// The value of `key` in its version `version`.
pub(super) fn write(key: &str, version: usize) -> String {
    let text = format!("{key} version {version}");
    format!("{text} {:016x}", xxh3_64(text.as_bytes()))
}

/// The version that `value` is of, if it is a value of `key` and whole.
pub(super) fn version(key: &str, value: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(value).ok()?;
    let version = text.strip_prefix(key)?.strip_prefix(" version ")?.split(' ').next()?.parse().ok()?;
    (text == write(key, version)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_value_of_the_key_has_a_version() {
        let value = write("k:1", 17);
        assert_eq!(version("k:1", value.as_bytes()), Some(17));
        assert_eq!(version("k:10", value.as_bytes()), None, "another key's");
        assert_eq!(version("k:1", &value.as_bytes()[..value.len() - 1]), None, "a byte is missing");
        assert_eq!(version("k:1", value.replace("17", "18").as_bytes()), None, "changed");
        assert_eq!(version("k:1", b""), None);
    }
}
