//! The query of `/route?key=…&key=…&live=1`. A key is bytes: percent-encoding is undone, nothing else is; in the form
//! of the status page a `+` is a space, as browsers write it.

/// How many keys one look-up may ask for.
pub(super) const MOST_KEYS: usize = 1_000;
/// How many keys one look-up may ask the servers about.
pub(super) const MOST_LIVE_KEYS: usize = 100;

/// What is asked.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    /// The keys, at least one.
    pub keys: Vec<Vec<u8>>,
    /// Whether the servers are to be asked about them.
    pub live: bool,
}

/// The query, or what is wrong with it, for people.
pub(super) fn parse(query: Option<&str>) -> Result<Query, String> {
    let (mut keys, mut live) = (Vec::new(), false);
    for pair in query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("key", value)) => keys.push(decode(value)?),
            Some(("live", "1")) => live = true,
            Some(("live", "0")) => live = false,
            _ => return Err("only key=NAME and live=1 are known here".to_string()),
        }
    }
    let most = if live { MOST_LIVE_KEYS } else { MOST_KEYS };
    match keys.len() {
        0 => Err("which key? ask for /route?key=NAME, or for several with &key=".to_string()),
        n if n <= most => Ok(Query { keys, live }),
        more => Err(format!("{more} keys are too many, {most} at a time{}", if live { " with live=1" } else { "" })),
    }
}

/// The same of a form, and only its first key; `None` if nothing is asked.
pub(super) fn of_form(query: Option<&str>) -> Option<Result<Query, String>> {
    let query = query.filter(|query| !query.is_empty())?.replace('+', "%20");
    let first = |query: Query| Query { keys: query.keys.into_iter().take(1).collect(), ..query };
    Some(parse(Some(&query)).map(first))
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
        let query = parse(Some("key=a%3Ab&key=%ff%00&&key=1+1&key=")).expect("four keys");
        assert_eq!(query.keys, [&b"a:b"[..], b"\xff\x00", b"1+1", b""]);
        assert!(!query.live);
    }

    #[test]
    fn a_form_asks_for_one_key_or_nothing() {
        let key = |query| of_form(Some(query)).map(|query| query.map(|query| (query.keys, query.live)));
        assert_eq!(key("key=a+b%2B1&live=1&key=c"), Some(Ok((vec![b"a b+1".to_vec()], true))));
        assert_eq!(key(""), None);
        assert_eq!(of_form(None), None);
        assert!(key("kee=a").is_some_and(|refused| refused.is_err()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (query, part) in [
            (None, "which key"),
            (Some(""), "which key"),
            (Some("kee=a"), "only key="),
            (Some("key"), "only key="),
            (Some("key=a&live"), "only key="),
            (Some("key=a&live=yes"), "live=1"),
            (Some("live=1"), "which key"),
            (Some("key=a%"), "hexadecimal"),
            (Some("key=a%2"), "hexadecimal"),
            (Some("key=%+1"), "hexadecimal"),
            (Some("key=%zz"), "hexadecimal"),
        ] {
            let error = parse(query).expect_err("refused");
            assert!(error.contains(part), "{query:?}: {error}");
        }
        assert!(parse(Some(&"key=a&".repeat(1_001))).expect_err("too many").contains("1001 keys"));
    }

    #[test]
    fn fewer_keys_may_be_asked_about_than_looked_up() {
        let live = |n: usize| parse(Some(&format!("{}live=1", "key=a&".repeat(n))));
        assert_eq!(live(100).map(|query| (query.keys.len(), query.live)), Ok((100, true)));
        assert_eq!(live(101), Err("101 keys are too many, 100 at a time with live=1".to_string()));
        assert_eq!(parse(Some("live=1&key=a&live=0")), Ok(Query { keys: vec![b"a".to_vec()], live: false }));
    }
}
