//! The decoder of lists, for many lists and many ways in which they arrive.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A line as memcached writes it (`uriencode`, `crawler_metadump_eval`).
fn spelt(key: &[u8], size: u32, more: &str) -> String {
    let key: String = key
        .iter()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(b) => char::from(*b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    format!("key={key} exp=-1 la=1795277882 cas=3 fetch=no cls=1 size={size}{more}\n")
}

fn all(bytes: &[u8]) -> Result<Vec<DumpLine>, Garbled> {
    let mut buffer = BytesMut::from(bytes);
    let mut lines = Vec::new();
    while let Some(line) = next(&mut buffer)? {
        lines.push(line);
    }
    Ok(lines)
}

fn keys() -> impl Strategy<Value = Vec<(Vec<u8>, u32)>> {
    vec((vec(any::<u8>(), 1..251), any::<u32>()), 1..20)
}

proptest! {
    #[test]
    fn a_list_is_read_as_it_was_written_however_it_arrives(keys in keys(), split in any::<prop::sample::Index>()) {
        let mut text: String = keys.iter().map(|(key, size)| spelt(key, *size, "")).collect();
        text.push_str("END\r\n");
        let at = split.index(text.len());
        let mut buffer = BytesMut::new();
        let mut lines = Vec::new();
        for piece in [&text.as_bytes()[..at], &text.as_bytes()[at..]] {
            buffer.extend_from_slice(piece);
            while let Some(line) = next(&mut buffer).unwrap() {
                lines.push(line);
            }
        }
        let mut expected: Vec<DumpLine> =
            keys.into_iter().map(|(key, size)| DumpLine::Item(Listed { key: key.into(), size })).collect();
        expected.push(DumpLine::End);
        prop_assert_eq!(lines, expected);
    }

    #[test]
    fn a_torn_list_names_no_key_that_was_not_there(keys in keys(), cut in any::<prop::sample::Index>()) {
        let text: String = keys.iter().map(|(key, size)| spelt(key, *size, "")).collect();
        let torn = [&text.as_bytes()[..cut.index(text.len())], text.as_bytes()].concat();
        let there: HashSet<Vec<u8>> = keys.into_iter().map(|(key, _)| key).collect();
        let mut buffer = BytesMut::from(&torn[..]);
        while let Ok(Some(DumpLine::Item(item))) = next(&mut buffer) {
            prop_assert!(there.contains(&item.key[..]), "{:?}", item.key);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = all(&bytes);
        let _ = all(&[b"key=".as_slice(), &bytes].concat());
    }
}

#[test]
fn words_of_newer_servers_are_passed_over() {
    let line = spelt(b"a b", 67, " flags=7 ext_page=1 ext_offset=22");
    assert_eq!(all(line.as_bytes()), Ok(vec![DumpLine::Item(Listed { key: "a b".into(), size: 67 })]));
}

#[test]
fn what_is_no_list_says_why() {
    let refused = |line: &str| Ok(vec![DumpLine::Refused(line.to_string())]);
    assert_eq!(all(b"BUSY currently processing crawler request\r\n"), Ok(vec![DumpLine::Busy]));
    assert_eq!(all(b"NOTSTARTED no items to crawl\r\n"), Ok(vec![DumpLine::End]));
    for line in
        ["CLIENT_ERROR lru crawler disabled", "ERROR", "ERROR metadump not allowed", "BADCLASS invalid class id"]
    {
        assert_eq!(all(format!("{line}\r\n").as_bytes()), refused(line));
    }
}

#[test]
fn what_is_not_of_this_form_is_not_believed() {
    for line in [
        "VALUE a 0 1",
        "key= exp=1 size=3",
        "key=a size=3",
        "key=a exp=1",
        "key=a exp=1 size=x",
        "key=a%2 exp=1 size=3",
        "key=a/b exp=1 size=3",
        "key=a exp=1 size=6key=b exp=1 size=3",
        "key=a exp=1  size=3",
        "",
    ] {
        assert_eq!(all(format!("{line}\n").as_bytes()), Err(Garbled), "{line}");
    }
    assert_eq!(all(&[b'k'; LONGEST + 1]), Err(Garbled));
}
