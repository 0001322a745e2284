//! Numbers as memcached reads and writes them.
//!
//! The readers accept what memcached's `safe_strtol` family accepts on a 64-bit machine (memcached, `util.c`): leading
//! white space, a sign, and anything behind a white space or NUL that ends the digits; 32-bit results are truncated.

use super::eight::{all, first_marked};

/// Reads what `safe_strtoull` reads. Of a number so large that it is negative to `strtoll`, memcached wants no minus
/// anywhere in the C string.
pub fn u64(token: &[u8]) -> Option<u64> {
    let (negative, magnitude) = scan(token)?;
    let number = if negative { magnitude.wrapping_neg() } else { magnitude };
    let has_minus = || token.iter().take_while(|&&b| b != 0).any(|&b| b == b'-');
    (number as i64 >= 0 || !has_minus()).then_some(number)
}

/// Reads what `safe_strtoul` reads into 32 bits.
pub fn u32(token: &[u8]) -> Option<u32> {
    u64(token).map(|n| n as u32)
}

/// Reads what `safe_strtol` reads into 32 bits.
pub fn i32(token: &[u8]) -> Option<i32> {
    let (negative, magnitude) = scan(token)?;
    let value = if negative { 0i64.checked_sub_unsigned(magnitude) } else { 0i64.checked_add_unsigned(magnitude) };
    value.map(|n| n as i32)
}

/// What [`push`] writes.
pub trait Number: itoa::Integer + TryInto<u16> + Copy {}

impl<N: itoa::Integer + TryInto<u16> + Copy> Number for N {}

/// Appends `n` in decimal.
#[inline]
pub fn push(out: &mut Vec<u8>, n: impl Number) {
    match n.try_into() {
        Ok(few @ ..10_000) => push_few(out, few),
        _ => out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
    }
}

/// The same of a number of at most four digits, as almost all are, without a call and without a branch for each digit.
#[inline]
fn push_few(out: &mut Vec<u8>, n: u16) {
    let (text, len) = digits(n);
    push_part(out, &text.to_le_bytes(), len);
}

/// Appends a space and `n`: one piece if it is short.
#[inline]
pub fn push_word(out: &mut Vec<u8>, n: impl Number) {
    match n.try_into() {
        Ok(few @ ..10_000) => {
            let (text, len) = digits(few);
            push_part(out, &(u64::from(b' ') | u64::from(text) << u8::BITS).to_le_bytes(), 1 + len);
        }
        _ => {
            out.push(b' ');
            push(out, n);
        }
    }
}

/// The same with the end of a line behind it.
#[inline]
pub fn push_last_word(out: &mut Vec<u8>, n: impl Number) {
    match n.try_into() {
        Ok(few @ ..10_000) => {
            let (text, len) = digits(few);
            let end = u64::from(u16::from_le_bytes(*LINE_END)) << (u8::BITS * (1 + len));
            push_part(out, &(u64::from(b' ') | u64::from(text) << u8::BITS | end).to_le_bytes(), 3 + len);
        }
        _ => {
            push_word(out, n);
            out.extend_from_slice(LINE_END);
        }
    }
}

const LINE_END: &[u8; 2] = b"\r\n";

/// Appends the first `len` bytes of `text`: all of it, whose length is known here, and then the rest is taken off.
#[inline]
fn push_part<const N: usize>(out: &mut Vec<u8>, text: &[u8; N], len: u32) {
    out.extend_from_slice(text);
    out.truncate(out.len() - N + len as usize);
}

/// The digits of a number below 10,000, the first one lowest, and how many they are.
#[inline]
fn digits(n: u16) -> (u32, u32) {
    let (high, low) = (u32::from(n / 100), u32::from(n % 100));
    let pairs = high | (low << 16);
    // The tenth of a number below 100, in both halves at once.
    let tens = ((pairs * 103) >> 10) & 0x000f_000f;
    // The first digit stands lowest, and zeros before the number are taken off; its last digit is one in any case.
    let digits = tens | ((pairs - tens * 10) << 8);
    let zeros = (digits | 1 << 24).trailing_zeros() / u8::BITS;
    ((digits | 0x3030_3030) >> (u8::BITS * zeros), 4 - zeros)
}

/// Reads digits only, as servers write them; nothing else may stand in the token.
pub fn plain(token: &[u8]) -> Option<u64> {
    if token.is_empty() || token.len() > 20 {
        return None;
    }
    token.iter().try_fold(0u64, |n, b| match b {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add(u64::from(b - b'0')),
        _ => None,
    })
}

/// The number of at most seven digits that `text` begins with, and how many they are; nothing is said of a longer one.
/// Looks at all eight bytes at once, since each reply of a server has such numbers in it.
#[inline]
pub(super) fn short(text: &[u8; 8]) -> Option<(u64, usize)> {
    let digits = u64::from_le_bytes(*text) ^ all(b'0');
    // What is added brings all but 0 to 9 up to the highest bit. A carry spoils bytes behind one that is no digit only.
    let len = first_marked(digits.wrapping_add(all(0x7f - 9)) | digits);
    if !(1..=7).contains(&len) {
        return None;
    }
    // The first digit stands lowest. Zeros before it, then neighbours are joined: two, four, eight digits.
    let eight = digits << (8 * (8 - len));
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some((number, len))
}

/// Sign and magnitude of the number `token` begins with.
fn scan(token: &[u8]) -> Option<(bool, u64)> {
    let start = token.iter().position(|&b| !is_space(b))?;
    let (negative, digits) = match token[start] {
        b'-' => (true, &token[start + 1..]),
        b'+' => (false, &token[start + 1..]),
        _ => (false, &token[start..]),
    };
    let len = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    if len == 0 || digits.get(len).is_some_and(|&b| b != 0 && !is_space(b)) {
        return None;
    }
    let magnitude = digits[..len].iter().try_fold(0u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b - b'0')))?;
    Some((negative, magnitude))
}

/// C's `isspace`, which knows one more than `u8::is_ascii_whitespace`.
fn is_space(b: u8) -> bool {
    b.is_ascii_whitespace() || b == 0x0b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_short_number_is_what_its_digits_say(number in 0..10_000_000u64, behind in any::<[u8; 8]>()) {
            prop_assume!(!behind[0].is_ascii_digit());
            let digits = number.to_string();
            let text = [digits.as_bytes(), &behind].concat();
            prop_assert_eq!(super::short(text.first_chunk().unwrap()), Some((number, digits.len())));
        }

        #[test]
        fn a_number_is_written_as_it_is(number in any::<i64>(), digits in 0..64u32) {
            let number = number >> digits;
            let mut text = b"behind ".to_vec();
            super::push(&mut text, number);
            prop_assert_eq!(text, format!("behind {number}").into_bytes());
        }

        #[test]
        fn what_begins_with_no_digit_or_with_eight_is_no_short_number(text in any::<[u8; 8]>(), long in 10_000_000..99_999_999u64) {
            prop_assume!(!text[0].is_ascii_digit());
            prop_assert_eq!(super::short(&text), None);
            prop_assert_eq!(super::short(long.to_string().as_bytes().first_chunk().unwrap()), None);
        }
    }

    #[test]
    fn every_short_number_is_written_as_it_is() {
        for number in 0..=10_001u16 {
            let mut text = Vec::new();
            super::push(&mut text, number);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }

    #[test]
    fn a_number_stands_behind_a_space_and_before_the_end_of_its_line_however_long_it_is() {
        for number in (0..10_010).chain([65_535, 65_536, 1_234_567_890, u64::MAX]) {
            let mut text = b"VALUE".to_vec();
            super::push_word(&mut text, number);
            super::push_last_word(&mut text, number);
            assert_eq!(text, format!("VALUE {number} {number}\r\n").into_bytes());
        }
    }

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
            assert_eq!(super::u64(value), *number, "{:?}", value.escape_ascii().to_string());
        }
    }

    #[test]
    fn narrower_numbers_are_truncated_as_c_does() {
        assert_eq!(super::u32(b"4294967296"), Some(0));
        assert_eq!(super::i32(b"-1"), Some(-1));
        assert_eq!(super::i32(b"9223372036854775808"), None);
        assert_eq!(super::i32(b"4294967297"), Some(1));
    }
}
