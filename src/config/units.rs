//! Numbers with units, both ways: `250ms`, `64MiB`, `5%`, `10000`. Errors say what to write instead.
//!
//! A duration always names its unit, because `timeout: 10` has meant seconds to one reader and milliseconds to the
//! next. Sizes are powers of two and say so; `64MB` is refused rather than guessed at. What was probably meant is told
//! as a value, so that a reader who knows its bounds offers nothing beyond them.

use super::problem::plain;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How one kind of value is read and shown.
pub struct Unit<T> {
    /// Text to value, or what is wrong with the text.
    pub read: fn(&str) -> Result<T, Misspelt<T>>,
    /// Value to the text that reads as it.
    pub show: fn(T) -> String,
}

/// What is wrong with a text, and what to write instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Misspelt<T> {
    wrong: String,
    /// What was probably meant, as it is to be written.
    meant: Vec<(T, String)>,
    /// What to write where that cannot be told.
    example: &'static str,
}

/// Lengths of time.
pub const DURATION: Unit<Duration> = Unit { read: read_time, show: show_duration };
/// Lengths of time in whole seconds, as memcached counts TTLs.
pub const SECONDS: Unit<Duration> = Unit { read: read_seconds, show: show_duration };
/// Numbers of bytes.
pub const SIZE: Unit<usize> = Unit { read: read_size, show: show_size };
/// Numbers of things.
pub const COUNT: Unit<usize> = Unit { read: read_count, show: |n| n.to_string() };
/// Shares of a whole.
pub const PERCENT: Unit<f64> = Unit { read: read_percent, show: show_percent };

const TIMES: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
const SOME_TIMES: &str = "write 250ms, 60s, 5m or 1h";

impl<T: PartialOrd> Misspelt<T> {
    fn new(wrong: String, meant: Vec<(T, String)>, example: &'static str) -> Misspelt<T> {
        Misspelt { wrong, meant, example }
    }

    /// In words, for a reader that takes any value.
    pub fn in_words(&self) -> String {
        let cure = written(self.meant.iter()).unwrap_or_else(|| self.example.into());
        format!("{}; {cure}", self.wrong)
    }

    /// In words, for a reader that takes only those in `range`.
    pub(crate) fn within(&self, range: &RangeInclusive<T>, show: fn(T) -> String) -> String
    where
        T: Copy,
    {
        let cure = written(self.meant.iter().filter(|(value, _)| range.contains(value)));
        let any = || format!("write {} to {}", show(*range.start()), show(*range.end()));
        format!("{}; {}", self.wrong, cure.unwrap_or_else(any))
    }
}

/// The cure for a text that probably meant one of these.
fn written<'m, T: 'm>(meant: impl Iterator<Item = &'m (T, String)>) -> Option<String> {
    let texts: Vec<&str> = meant.map(|(_, text)| text.as_str()).collect();
    let or = if texts.iter().any(|text| text.contains(' ')) { ", or " } else { " or " };
    (!texts.is_empty()).then(|| format!("write {}", texts.join(or)))
}

/// `250ms`, `60s`, `5m`, `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    read_time(text).map_err(|wrong| wrong.in_words())
}

/// `60s`, `5m`, `1h`, and also `2000ms`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    read_seconds(text).map_err(|wrong| wrong.in_words())
}

fn read_seconds(text: &str) -> Result<Duration, Misspelt<Duration>> {
    let whole = |time: Duration| Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0));
    let refused = |wrong: String, meant: Vec<Duration>| {
        let meant = meant.into_iter().map(|time| (time, show_duration(time))).collect();
        Misspelt::new(wrong, meant, SOME_TIMES)
    };
    if let Ok(n) = text.parse::<u64>() {
        let meant = vec![(Duration::from_secs(n), format!("{n}s"))];
        return Err(Misspelt::new(format!("{n} has no unit"), meant, SOME_TIMES));
    }
    match read_time(text) {
        Ok(time) if time.subsec_millis() == 0 => Ok(time),
        Ok(time) => {
            let wrong = format!("{} is no whole number of seconds, which memcached counts", plain(text));
            Err(refused(wrong, vec![whole(time)]))
        }
        Err(Misspelt { wrong, meant, .. }) => Err(refused(wrong, meant.into_iter().map(|(t, _)| whole(t)).collect())),
    }
}

fn read_time(text: &str) -> Result<Duration, Misspelt<Duration>> {
    let (number, unit) = split(text);
    let factor = TIMES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let refused = |wrong: String, meant: Vec<u64>| {
        let meant = meant.into_iter().map(|n| (Duration::from_millis(n), show_millis(n))).collect();
        Misspelt::new(wrong, meant, SOME_TIMES)
    };
    let no_duration = || format!("{} is no duration", plain(text));
    match (number.parse::<u64>(), factor) {
        (Ok(n), Some(factor)) => {
            n.checked_mul(factor).map(Duration::from_millis).ok_or_else(|| refused(too_big(text), vec![]))
        }
        (Ok(n), None) if unit.is_empty() => {
            let meant = ["s", "ms"].iter().filter_map(|unit| Some((time_of(n, unit)?, format!("{n}{unit}"))));
            Err(Misspelt::new(format!("{n} has no unit"), meant.collect(), SOME_TIMES))
        }
        (Ok(n), None) => match time_meant(n, unit) {
            Some((n, unit)) => {
                let meant = time_of(n, unit).map(|time| (time, format!("{n}{unit}")));
                Err(Misspelt::new(no_duration(), meant.into_iter().collect(), SOME_TIMES))
            }
            None => Err(Misspelt::new(no_duration(), vec![], "the units are ms, s, m and h")),
        },
        (Err(_), Some(factor)) => match fraction(number, factor) {
            Some(n) => Err(refused(format!("{} is a fraction", plain(text)), vec![n])),
            None => Err(refused(format!("{} does not begin with a whole number", plain(text)), vec![])),
        },
        (Err(_), None) => Err(refused(no_duration(), vec![])),
    }
}

fn time_of(n: u64, unit: &str) -> Option<Duration> {
    let (_, factor) = TIMES.iter().find(|(name, _)| *name == unit)?;
    n.checked_mul(*factor).map(Duration::from_millis)
}

/// What number of which unit was meant by `n` of another's word for it.
fn time_meant(n: u64, unit: &str) -> Option<(u64, &'static str)> {
    Some(match unit.to_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => (n, "ms"),
        "m" | "min" | "mins" | "minute" | "minutes" => (n, "m"),
        "s" | "sec" | "secs" | "second" | "seconds" => (n, "s"),
        "h" | "hr" | "hrs" | "hour" | "hours" => (n, "h"),
        "d" | "day" | "days" => (n.checked_mul(24)?, "h"),
        _ => return None,
    })
}

fn read_size(text: &str) -> Result<usize, Misspelt<usize>> {
    let (number, unit) = split(text);
    let factor = SIZES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let refused =
        |wrong: String, meant: Vec<(usize, String)>| Misspelt::new(wrong, meant, "write 64MiB, 64KiB or plain bytes");
    let no_size = || format!("{} is no size", plain(text));
    match (number.parse::<u64>(), factor) {
        (Ok(n), Some(factor)) => {
            let bytes = n.checked_mul(factor).and_then(|n| usize::try_from(n).ok());
            bytes.ok_or_else(|| refused(too_big(text), vec![]))
        }
        (Ok(n), None) => match size_meant(n, unit) {
            Some(meant) => Err(refused(no_size(), meant)),
            None => Err(Misspelt::new(no_size(), vec![], "the units are KiB, MiB, GiB and TiB")),
        },
        (Err(_), Some(factor)) => match fraction(number, factor) {
            Some(n) => {
                let meant = usize::try_from(n).ok().map(|bytes| (bytes, show_bytes(n)));
                Err(refused(format!("{} is a fraction", plain(text)), meant.into_iter().collect()))
            }
            None => Err(refused(format!("{} does not begin with a whole number", plain(text)), vec![])),
        },
        (Err(_), None) => Err(refused(no_size(), vec![])),
    }
}

fn size_meant(n: u64, unit: &str) -> Option<Vec<(usize, String)>> {
    let small = unit.to_lowercase();
    let (binary, decimal) = match small.trim_end_matches('b') {
        "" => ("", 1),
        "k" | "ki" => ("KiB", 1000),
        "m" | "mi" => ("MiB", 1_000_000),
        "g" | "gi" => ("GiB", 1_000_000_000),
        "t" | "ti" => ("TiB", 1_000_000_000_000),
        _ => return None,
    };
    let bytes = |factor: u64| n.checked_mul(factor).and_then(|n| usize::try_from(n).ok());
    let factor = SIZES.iter().find(|(name, _)| *name == binary).map_or(1, |(_, factor)| *factor);
    let mut meant: Vec<(usize, String)> =
        bytes(factor).map(|size| (size, format!("{n}{binary}"))).into_iter().collect();
    if decimal > 1 && !small.contains('i') {
        meant.extend(bytes(decimal).map(|size| (size, format!("{size} for {n} {unit} in bytes"))));
    }
    Some(meant)
}

fn read_count(text: &str) -> Result<usize, Misspelt<usize>> {
    let digits = text.replace(['_', ',', ' '], "");
    let wrong = || format!("{} is no whole number", plain(text));
    let refused = |wrong, meant: Option<usize>| {
        let meant = meant.map(|n| (n, n.to_string())).into_iter().collect();
        Misspelt::new(wrong, meant, "write one, such as 1000")
    };
    match (text.parse::<usize>(), digits.parse::<usize>()) {
        (Ok(n), _) if !text.starts_with('+') => Ok(n),
        (_, Ok(n)) => Err(refused(wrong(), Some(n))),
        _ if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Err(refused(too_big(text), None)),
        _ => Err(refused(wrong(), whole(&digits))),
    }
}

/// `1e6`, `1000.0`, `10k`: a number that is whole, written otherwise.
fn whole(text: &str) -> Option<usize> {
    let (number, factor) = match text.strip_suffix(['k', 'K']) {
        Some(thousands) => (thousands, 1000.0),
        None => (text, 1.0),
    };
    let n = number.parse::<f64>().ok()? * factor;
    (n.fract() == 0.0 && (0.0..9e15).contains(&n)).then_some(n as usize)
}

/// A share without its sign is one of the whole up to 1, and in hundredths from there.
fn read_percent(text: &str) -> Result<f64, Misspelt<f64>> {
    let number = text.trim_end_matches('%').trim().replace(',', ".");
    let n = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    let wrong = format!("{} is no percentage", plain(text));
    let meant = match n {
        Some(n) if text.strip_suffix('%') == Some(&number) && n <= 100.0 => return Ok(n / 100.0),
        Some(n) if text.ends_with('%') => vec![n / 100.0],
        Some(1.0) => vec![0.01, 1.0],
        Some(n) if n < 1.0 => vec![n],
        Some(n) => vec![n / 100.0],
        None => vec![],
    };
    let meant = meant.into_iter().filter(|n| *n <= 1.0).map(|n| (n, show_percent(n))).collect();
    Err(Misspelt::new(wrong, meant, "write 5%"))
}

/// A number, whole or not.
pub fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{} is no number; write one, such as 1.0", plain(text)))
}

/// The shortest exact spelling, as [`DURATION`] reads it.
pub fn show_duration(value: Duration) -> String {
    show_millis(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
}

/// The shortest exact spelling, as [`SIZE`] reads it.
pub fn show_size(value: usize) -> String {
    show_bytes(value as u64)
}

/// As [`PERCENT`] reads it. A share is a quotient, so it is rounded to where the quotient is exact.
pub fn show_percent(value: f64) -> String {
    format!("{}%", (value * 1e12).round() / 1e10)
}

fn show_millis(n: u64) -> String {
    show(n, &TIMES, "ms")
}

fn show_bytes(n: u64) -> String {
    show(n, &SIZES, "")
}

fn show(n: u64, units: &[(&str, u64)], smallest: &str) -> String {
    let exact = units.iter().find(|(_, factor)| n != 0 && n.is_multiple_of(*factor));
    exact.map_or_else(|| format!("{n}{smallest}"), |(unit, factor)| format!("{}{unit}", n / factor))
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// A fraction of a unit, in the smallest one: 1.5 of 1000 are 1500.
fn fraction(number: &str, factor: u64) -> Option<u64> {
    let whole = number.parse::<f64>().map(|n| (n * factor as f64).round()).unwrap_or(-1.0);
    (1.0..9e15).contains(&whole).then_some(whole as u64)
}

fn too_big(text: &str) -> String {
    format!("{} is too big", plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_reads_as_the_same() {
        for text in ["250ms", "60001ms", "10s", "5m", "1h", "90m", "0ms"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
        for text in ["1000", "64KiB", "64MiB", "1GiB", "2TiB", "1537", "0"] {
            assert_eq!(show_size(read_size(text).unwrap()), text);
        }
        assert_eq!(duration("60s"), duration("1m"));
        assert_eq!(read_percent("5%"), Ok(0.05));
        for n in 0..=1000 {
            let text = format!("{}%", f64::from(n) / 10.0);
            assert_eq!(show_percent(read_percent(&text).unwrap()), text);
        }
    }

    fn error<T: Copy + PartialOrd + std::fmt::Debug>(unit: &Unit<T>, text: &str) -> String {
        (unit.read)(text).unwrap_err().in_words()
    }

    #[test]
    fn a_wrong_value_is_told_the_right_one() {
        for (text, told) in [
            ("10", "10 has no unit; write 10s or 10ms"),
            ("1.5s", "1.5s is a fraction; write 1500ms"),
            ("5min", "5min is no duration; write 5m"),
            ("5MS", "5MS is no duration; write 5ms"),
            ("2d", "2d is no duration; write 48h"),
            ("-1s", "-1s is no duration; write 250ms, 60s, 5m or 1h"),
            ("99999999999999999h", "99999999999999999h is too big; write 250ms, 60s, 5m or 1h"),
            ("s", "s does not begin with a whole number; write 250ms, 60s, 5m or 1h"),
        ] {
            assert_eq!(error(&DURATION, text), told);
        }
        for (text, told) in [
            ("10", "10 has no unit; write 10s"),
            ("250ms", "250ms is no whole number of seconds, which memcached counts; write 1s"),
            ("0.5h or so", "0.5h or so is no duration; write 250ms, 60s, 5m or 1h"),
        ] {
            assert_eq!(error(&SECONDS, text), told);
        }
        for (text, told) in [
            ("64MB", "64MB is no size; write 64MiB, or 64000000 for 64 MB in bytes"),
            ("64Mib", "64Mib is no size; write 64MiB"),
            ("64B", "64B is no size; write 64"),
            ("1.5GiB", "1.5GiB is a fraction; write 1536MiB"),
            ("big", "big is no size; write 64MiB, 64KiB or plain bytes"),
            ("999999999TiB", "999999999TiB is too big; write 64MiB, 64KiB or plain bytes"),
        ] {
            assert_eq!(error(&SIZE, text), told);
        }
        for (text, told) in [
            ("10,000", "10,000 is no whole number; write 10000"),
            ("1e6", "1e6 is no whole number; write 1000000"),
            ("64k", "64k is no whole number; write 64000"),
            ("-1", "-1 is no whole number; write one, such as 1000"),
        ] {
            assert_eq!(error(&COUNT, text), told);
        }
        for (text, told) in [
            ("5", "5 is no percentage; write 5%"),
            ("0.1", "0.1 is no percentage; write 10%"),
            ("1", "1 is no percentage; write 1% or 100%"),
            ("12,5 %", "12,5 % is no percentage; write 12.5%"),
            ("500%", "500% is no percentage; write 5%"),
        ] {
            assert_eq!(error(&PERCENT, text), told);
        }
    }

    /// Fails unless every cure for `text` is a value between `a` and `b`.
    fn cures_hold<T: Copy + PartialOrd + std::fmt::Debug>(unit: &Unit<T>, text: &str, a: T, b: T) {
        let range = if a < b { a..=b } else { b..=a };
        let Err(wrong) = (unit.read)(text) else { return };
        let told = wrong.within(&range, unit.show);
        let (_, cure) = told.rsplit_once("; write ").unwrap_or_else(|| panic!("no cure in {told}"));
        for written in cure.split(", or ").flat_map(|part| part.split(" or ")).flat_map(|part| part.split(" to ")) {
            let value = written.split(' ').next().and_then(|word| (unit.read)(word).ok());
            assert!(value.is_some_and(|value| range.contains(&value)), "{told}: {written} is not within {range:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_cure_says_is_within_the_bounds(
            number in "[0-9]{0,12}([.,][0-9]{1,3})?|-?[0-9]{1,3}|[0-9]{1,3}e[0-9]|[a-z]{0,4}",
            unit in " ?(|ms|s|m|h|d|min|sec|MS|weeks|B|k|K|kb|MB|MiB|Mib|g|TB|%|%%|percent)",
            (a, b) in (0..100_000_u64, 0..100_000_u64),
        ) {
            let text = number + &unit;
            cures_hold(&DURATION, &text, Duration::from_millis(a), Duration::from_millis(b));
            cures_hold(&SECONDS, &text, Duration::from_secs(a), Duration::from_secs(b));
            cures_hold(&SIZE, &text, a as usize, (b as usize) << 10);
            cures_hold(&COUNT, &text, a as usize, b as usize);
            cures_hold(&PERCENT, &text, (a % 101) as f64 / 100.0, (b % 101) as f64 / 100.0);
        }
    }
}
