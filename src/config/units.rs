//! Numbers with units, both ways: `250ms`, `64MiB`, `5%`, `10000`. Errors say what to write instead.
//!
//! A duration always names its unit, because `timeout: 10` has meant seconds to one reader and milliseconds to the
//! next. Sizes are powers of two and say so; `64MB` is refused rather than guessed at.

use super::problem::plain;
use std::time::Duration;

/// How one kind of value is read and shown.
pub struct Unit<T> {
    /// Text to value, or what is wrong with the text.
    pub read: fn(&str) -> Result<T, String>,
    /// Value to the text that reads as it.
    pub show: fn(T) -> String,
}

/// Lengths of time.
pub const DURATION: Unit<Duration> = Unit { read: duration, show: show_duration };
/// Lengths of time in whole seconds, as memcached counts TTLs.
pub const SECONDS: Unit<Duration> = Unit { read: seconds, show: show_duration };
/// Numbers of bytes.
pub const SIZE: Unit<usize> = Unit { read: size, show: show_size };
/// Numbers of things.
pub const COUNT: Unit<usize> = Unit { read: count, show: |n| n.to_string() };
/// Shares of a whole.
pub const PERCENT: Unit<f64> = Unit { read: percent, show: show_percent };

const TIMES: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];

/// `250ms`, `60s`, `5m`, `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    time(text, show_millis)
}

/// `60s`, `5m`, `1h`, and also `2000ms`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    if let Ok(n) = text.parse::<u64>() {
        return Err(format!("{n} has no unit; write {n}s"));
    }
    match time(text, show_seconds)? {
        time if time.subsec_millis() == 0 => Ok(time),
        time => {
            let cure = show_seconds(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            Err(format!("{} is no whole number of seconds, which memcached counts; write {cure}", plain(text)))
        }
    }
}

/// `fraction_as` spells milliseconds, to tell a user who wrote a fraction of a unit what to write.
fn time(text: &str, fraction_as: fn(u64) -> String) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let factor = TIMES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match (number.parse::<u64>(), factor) {
        (Ok(n), Some(factor)) => n.checked_mul(factor).map(Duration::from_millis).ok_or_else(|| too_big(text)),
        (Ok(n), None) if unit.is_empty() => Err(format!("{n} has no unit; write {n}s or {n}ms")),
        (Ok(n), None) => Err(format!("{} is no duration; {}", plain(text), time_cure(n, unit))),
        (Err(_), Some(factor)) => Err(fraction(number, factor, text, fraction_as)),
        (Err(_), None) => Err(format!("{} is no duration; write 250ms, 60s, 5m or 1h", plain(text))),
    }
}

/// `64MiB`, `64KiB`, or plain bytes.
pub fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let factor = SIZES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match (number.parse::<u64>(), factor) {
        (Ok(n), Some(factor)) => {
            n.checked_mul(factor).and_then(|n| usize::try_from(n).ok()).ok_or_else(|| too_big(text))
        }
        (Ok(n), None) => Err(format!("{} is no size; {}", plain(text), size_cure(n, unit))),
        (Err(_), Some(factor)) => Err(fraction(number, factor, text, show_bytes)),
        (Err(_), None) => Err(format!("{} is no size; write 64MiB, 64KiB or plain bytes", plain(text))),
    }
}

/// A whole number of things.
pub fn count(text: &str) -> Result<usize, String> {
    let digits = text.replace(['_', ',', ' '], "");
    match (text.parse::<usize>(), digits.parse::<usize>()) {
        (Ok(n), _) => Ok(n),
        (Err(_), Ok(n)) => Err(format!("{} is no whole number; write {n}", plain(text))),
        _ if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Err(too_big(text)),
        _ => Err(format!("{} is no whole number; write one, such as 1000", plain(text))),
    }
}

/// `5%`, as a fraction of one.
pub fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').ok_or_else(|| format!("{} is no percentage; write 5%", plain(text)))?;
    match number.parse::<f64>() {
        Ok(n) if (0.0..=100.0).contains(&n) => Ok(n / 100.0),
        _ => Err(format!("{} is no percentage; write 5%", plain(text))),
    }
}

/// A number, whole or not.
pub fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{} is no number; write one, such as 1.0", plain(text)))
}

/// The shortest exact spelling, as [`duration`] reads it.
pub fn show_duration(value: Duration) -> String {
    show_millis(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
}

/// The shortest exact spelling, as [`size`] reads it.
pub fn show_size(value: usize) -> String {
    show_bytes(value as u64)
}

/// As [`percent`] reads it. A share is a quotient, so it is rounded to where the quotient is exact.
pub fn show_percent(value: f64) -> String {
    format!("{}%", (value * 1e12).round() / 1e10)
}

fn show_millis(n: u64) -> String {
    show(n, &TIMES, "ms")
}

/// The next whole second.
fn show_seconds(millis: u64) -> String {
    show_millis(millis.div_ceil(1000).saturating_mul(1000))
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

fn time_cure(n: u64, unit: &str) -> String {
    let meant = match unit.to_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => "ms",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => return format!("write {}h", n.saturating_mul(24)),
        _ => return "the units are ms, s, m and h".into(),
    };
    format!("write {n}{meant}")
}

fn size_cure(n: u64, unit: &str) -> String {
    let (binary, decimal) = match unit.to_lowercase().trim_end_matches('b') {
        "" => return format!("write {n}"),
        "k" | "ki" => ("KiB", 1000),
        "m" | "mi" => ("MiB", 1_000_000),
        "g" | "gi" => ("GiB", 1_000_000_000),
        "t" | "ti" => ("TiB", 1_000_000_000_000),
        _ => return "the units are KiB, MiB, GiB and TiB".into(),
    };
    match unit.to_lowercase().contains('i') {
        true => format!("write {n}{binary}"),
        false => format!("write {n}{binary}, or {} for {n} {unit} in bytes", n.saturating_mul(decimal)),
    }
}

/// A fraction is spelt in the next smaller unit: `1.5s` is `1500ms`.
fn fraction(number: &str, factor: u64, text: &str, show: fn(u64) -> String) -> String {
    let whole = number.parse::<f64>().map(|n| (n * factor as f64).round()).unwrap_or(-1.0);
    match (1.0..9e15).contains(&whole) {
        true => format!("{} is a fraction; write {}", plain(text), show(whole as u64)),
        false => format!("{} does not begin with a whole number", plain(text)),
    }
}

fn too_big(text: &str) -> String {
    format!("{} is too big", plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_as_the_same() {
        for text in ["250ms", "60001ms", "10s", "5m", "1h", "90m", "0ms"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
        for text in ["1000", "64KiB", "64MiB", "1GiB", "2TiB", "1537", "0"] {
            assert_eq!(show_size(size(text).unwrap()), text);
        }
        assert_eq!(duration("60s"), duration("1m"));
        assert_eq!(percent("5%"), Ok(0.05));
        for n in 0..=1000 {
            let text = format!("{}%", f64::from(n) / 10.0);
            assert_eq!(show_percent(percent(&text).unwrap()), text);
        }
    }

    #[test]
    fn a_wrong_value_is_told_the_right_one() {
        let error = |text: &str| duration(text).unwrap_err();
        assert_eq!(error("10"), "10 has no unit; write 10s or 10ms");
        assert_eq!(error("1.5s"), "1.5s is a fraction; write 1500ms");
        assert_eq!(error("5min"), "5min is no duration; write 5m");
        assert_eq!(error("5MS"), "5MS is no duration; write 5ms");
        assert_eq!(error("2d"), "2d is no duration; write 48h");
        assert_eq!(error("-1s"), "-1s is no duration; write 250ms, 60s, 5m or 1h");
        assert_eq!(error("99999999999999999h"), "99999999999999999h is too big");
        assert_eq!(error("s"), "s does not begin with a whole number");
        let error = |text: &str| seconds(text).unwrap_err();
        assert_eq!(error("10"), "10 has no unit; write 10s");
        assert_eq!(error("250ms"), "250ms is no whole number of seconds, which memcached counts; write 1s");
        assert_eq!(error("0.5h or so"), "0.5h or so is no duration; write 250ms, 60s, 5m or 1h");
        let error = |text: &str| size(text).unwrap_err();
        assert_eq!(error("64MB"), "64MB is no size; write 64MiB, or 64000000 for 64 MB in bytes");
        assert_eq!(error("64Mib"), "64Mib is no size; write 64MiB");
        assert_eq!(error("64B"), "64B is no size; write 64");
        assert_eq!(error("1.5GiB"), "1.5GiB is a fraction; write 1536MiB");
        assert_eq!(error("big"), "big is no size; write 64MiB, 64KiB or plain bytes");
        assert_eq!(error("999999999TiB"), "999999999TiB is too big");
        assert_eq!(count("10,000").unwrap_err(), "10,000 is no whole number; write 10000");
        assert_eq!(count("-1").unwrap_err(), "-1 is no whole number; write one, such as 1000");
        assert_eq!(percent("5").unwrap_err(), "5 is no percentage; write 5%");
        assert_eq!(percent("500%").unwrap_err(), "500% is no percentage; write 5%");
    }
}
