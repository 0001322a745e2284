//! The keys in the query of `/route?key=…&key=…`. A key is bytes: percent-encoding is undone, nothing else is.

/// How many keys one look-up may ask for.
pub const MOST_KEYS: usize = 1_000;

/// The keys, or what is wrong with the query, for people.
pub fn keys(query: Option<&str>) -> Result<Vec<Vec<u8>>, String> {
    let pairs = query.unwrap_or("").split('&').filter(|pair| !pair.is_empty());
    let keys: Vec<Vec<u8>> = pairs.map(key).collect::<Result<_, _>>()?;
    match keys.len() {
        0 => Err("which key? ask for /route?key=NAME, or for several with &key=".to_string()),
        1..=MOST_KEYS => Ok(keys),
        more => Err(format!("{more} keys are too many, {MOST_KEYS} at a time")),
    }
}

fn key(pair: &str) -> Result<Vec<u8>, String> {
    match pair.split_once('=') {
        Some(("key", value)) => decode(value),
        _ => Err("only key=NAME is known here".to_string()),
    }
}

/// Undoes percent-encoding. A `+` stays one: in a form it would mean a space, which no key can hold.
fn decode(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (high, low) = (hex(rest.first()), hex(rest.get(1)));
        let (Some(high), Some(low)) = (high, low) else {
            return Err("a % must be followed by two hexadecimal digits; a % itself is %25".to_string());
        };
        bytes.push(high << 4 | low);
        rest = &rest[2..];
    }
    Ok(bytes)
}

fn hex(digit: Option<&u8>) -> Option<u8> {
    char::from(*digit?).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_order_and_as_bytes() {
        let decoded = keys(Some("key=a%3Ab&key=%ff%00&&key=1+1&key=")).expect("four keys");
        assert_eq!(decoded, [&b"a:b"[..], b"\xff\x00", b"1+1", b""]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (query, part) in [
            (None, "which key"),
            (Some(""), "which key"),
            (Some("kee=a"), "only key="),
            (Some("key"), "only key="),
            (Some("key=a%"), "hexadecimal"),
            (Some("key=a%2"), "hexadecimal"),
            (Some("key=%+1"), "hexadecimal"),
            (Some("key=%zz"), "hexadecimal"),
        ] {
            let error = keys(query).expect_err("refused");
            assert!(error.contains(part), "{query:?}: {error}");
        }
        assert!(keys(Some(&"key=a&".repeat(1_001))).expect_err("too many").contains("1001 keys"));
    }
}
