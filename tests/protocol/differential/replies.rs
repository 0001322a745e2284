//! Replies made comparable: what must differ between two servers is replaced, all other bytes stay.
//!
//! CAS uniques become the ordinal of their first appearance, seconds (`t`, `l`, `exp=`, `la=`) are set apart and
//! compared within a tolerance, the version string is hidden. Values are stepped over by their length, never touched.

use std::collections::HashMap;

/// Seconds may differ by so much: two servers are asked one after the other and their clocks tick once a second.
const TOLERANCE: i64 = 2;

/// A reply stream in comparable form.
#[derive(Debug, Default, PartialEq)]
pub struct Replies {
    /// The bytes with placeholders.
    pub bytes: Vec<u8>,
    /// The seconds taken out, in order.
    pub seconds: Vec<i64>,
}

impl Replies {
    pub fn of(output: &[u8]) -> Replies {
        let mut replies = Replies::default();
        let mut seen: HashMap<u64, usize> = HashMap::new();
        let mut rest = output;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            replies.line(line, &mut seen);
            let value = value_length(line).map_or(0, |length| (length + 2).min(after.len()));
            replies.bytes.extend_from_slice(&after[..value]);
            rest = &after[value..];
        }
        replies.bytes.extend_from_slice(rest);
        replies
    }

    /// Whether both say the same.
    pub fn agree(&self, other: &Replies) -> bool {
        let close = |(a, b): (&i64, &i64)| (a - b).abs() <= TOLERANCE;
        self.bytes == other.bytes
            && self.seconds.len() == other.seconds.len()
            && self.seconds.iter().zip(&other.seconds).all(close)
    }

    fn line(&mut self, line: &[u8], seen: &mut HashMap<u64, usize>) {
        // One char a byte: keys may hold any bytes.
        let text: String = line.iter().map(|&byte| byte as char).collect();
        let verb = text.split(' ').next().unwrap_or_default();
        if verb == "VERSION" {
            return self.bytes.extend_from_slice(b"VERSION *\r\n");
        }
        let meta = matches!(verb.trim_end(), "VA" | "HD" | "NS" | "NF" | "EX" | "EN");
        for (index, word) in text.split_inclusive(' ').enumerate() {
            let bare = word.trim_end_matches([' ', '\r', '\n']);
            let cas = match (verb, index) {
                ("VALUE", 4) => Some(("", bare)),
                ("ME", 2..) => bare.strip_prefix("cas=").map(|number| ("cas=", number)),
                (_, 1..) if meta => bare.strip_prefix('c').map(|number| ("c", number)),
                _ => None,
            };
            let second = match (verb, index) {
                ("ME", 2..) => bare.strip_prefix("exp=").or(bare.strip_prefix("la=")),
                (_, 1..) if meta => bare.strip_prefix(['t', 'l']),
                _ => None,
            };
            let written = match (cas, second) {
                (Some((name, number)), _) => number.parse().ok().map(|cas: u64| {
                    let next = seen.len() + 1;
                    format!("{name}<{}>", seen.entry(cas).or_insert(next))
                }),
                (_, Some(number)) => number.parse().ok().filter(|&second: &i64| second != -1).map(|second| {
                    self.seconds.push(second);
                    bare.replace(number, "~")
                }),
                _ => None,
            };
            let kept = if written.is_some() { &word[bare.len()..] } else { word };
            self.bytes.extend(written.unwrap_or_default().bytes());
            self.bytes.extend(kept.chars().map(|c| c as u8));
        }
    }
}

/// The CAS unique that was told last, if any.
pub fn last_cas(output: &[u8]) -> Option<u64> {
    let mut last = None;
    let mut rest = output;
    while let Some(end) = rest.iter().position(|&b| b == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        if let Ok(text) = std::str::from_utf8(line) {
            let words: Vec<&str> = text.split_whitespace().collect();
            last = match words[..] {
                ["VALUE", _, _, _, cas] => cas.parse().ok().or(last),
                ["VA" | "HD", ..] => {
                    words.iter().find_map(|word| word.strip_prefix('c').and_then(|cas| cas.parse().ok())).or(last)
                }
                _ => last,
            };
        }
        let value = value_length(line).map_or(0, |length| (length + 2).min(after.len()));
        rest = &after[value..];
    }
    last
}

/// How long the value is that follows this line, if one does.
fn value_length(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?;
    let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
    let length = match words[..] {
        [b"VALUE", _, _, length] | [b"VALUE", _, _, length, _] | [b"VA", length, ..] => length,
        _ => return None,
    };
    std::str::from_utf8(length).ok()?.parse().ok()
}

#[test]
fn what_must_differ_is_hidden_and_nothing_else() {
    let one = Replies::of(b"VALUE c17 5 4 991\r\nc991\r\nEND\r\nHD c991 t99 kc5 Ot7 l0\r\nVERSION 1.6.18\r\n");
    let two = Replies::of(b"VALUE c17 5 4 12\r\nc991\r\nEND\r\nHD c12 t98 kc5 Ot7 l1\r\nVERSION 1.6-x\r\n");
    assert!(one.agree(&two), "{one:?} {two:?}");
    for other in ["VALUE c17 5 4 12\r\nc992\r\nEND\r\n", "VALUE c17 5 3 12\r\nc9\r\nEND\r\n", "HD c12 t-1\r\n"] {
        assert!(!one.agree(&Replies::of(other.as_bytes())));
    }
}
