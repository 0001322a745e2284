//! Numbers as memcached finds them in values: C's `strtoull` and what `safe_strtoull` makes of it.

/// The number `value` begins with, if memcached would count on it: white space before it, a sign, and anything after
/// a white space or NUL are let pass; more than 64 bits are not.
pub(super) fn parse(value: &[u8]) -> Option<u64> {
    let start = value.iter().position(|&byte| !is_space(byte))?;
    let (negative, digits) = match value[start] {
        b'-' => (true, &value[start + 1..]),
        b'+' => (false, &value[start + 1..]),
        _ => (false, &value[start..]),
    };
    let length = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    if length == 0 || !digits.get(length).is_none_or(|&byte| byte == 0 || is_space(byte)) {
        return None;
    }
    let magnitude = digits[..length]
        .iter()
        .try_fold(0u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')))?;
    let number = if negative { magnitude.wrapping_neg() } else { magnitude };
    (number < 1 << 63 || !has_minus(value)).then_some(number)
}

/// `safe_strtoull` looks for the sign anywhere in the C string, but only when the number is huge.
fn has_minus(value: &[u8]) -> bool {
    value.iter().take_while(|&&byte| byte != 0).any(|&byte| byte == b'-')
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_strtoull_reads_them() {
        let table: &[(&[u8], Option<u64>)] = &[
            (b"7", Some(7)),
            (b"007", Some(7)),
            (b" \t\n7", Some(7)),
            (b"+7", Some(7)),
            (b"7  ", Some(7)),
            (b"7 apples", Some(7)),
            (b"7\0apples", Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"-18446744073709551615", Some(1)),
            (b"-0", Some(0)),
            (b"000000000000000000000000000001", Some(1)),
            (b"18446744073709551616", None),
            (b"9223372036854775808 -", None),
            (b"-1", None),
            (b"7a", None),
            (b"- 7", None),
            (b"+", None),
            (b"   ", None),
            (b"", None),
            (b"0x10", None),
        ];
        for (value, number) in table {
            assert_eq!(parse(value), *number, "{:?}", value.escape_ascii().to_string());
        }
    }
}
