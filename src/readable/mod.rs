//! Figures as people read them.

mod table;

pub use table::table;

use std::time::Duration;

/// What stands where there is no figure.
pub const NOTHING: &str = "-";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `1 caller`, `8,021 requests`.
pub fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", number(n as u64), if n == 1 { "" } else { "s" })
}

/// `8,021`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `500 ms`, `1.5 s`.
pub fn time(time: Duration) -> String {
    match time.as_millis() {
        millis if millis < 1000 => format!("{millis} ms"),
        millis => format!("{} s", millis as f64 / 1000.0),
    }
}

/// `99.9 %`: rounded down, for all means all. A dash where there is nothing to have a share of.
pub fn share(part: u64, whole: u64) -> String {
    (part * 1000).checked_div(whole).map_or_else(|| NOTHING.to_string(), thousandths)
}

/// The same of a share of 1. Non-zero never prints as zero.
pub fn percent(share: f64) -> String {
    // Far below what is shown, far above what a quotient of counts is off.
    const OFF: f64 = 1e-6;
    match (share * 1000.0 + OFF) as u64 {
        0 if share > 0.0 => "<0.1 %".to_string(),
        n => thousandths(n),
    }
}

fn thousandths(n: u64) -> String {
    format!("{}.{} %", n / 10, n % 10)
}

/// `1.5 GiB`.
pub fn bytes(n: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let (mut size, mut unit) = (n as f64, "B");
    for larger in units {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "B" { format!("{n} B") } else { format!("{size:.1} {unit}") }
}

/// How much, most often a second: `8,021`, `0.4`. Non-zero never prints as zero.
pub fn amount(much: f64) -> String {
    match much {
        none if none <= 0.0 => "0".to_string(),
        few if few < 0.1 => "<0.1".to_string(),
        some if some < 9.95 && some.fract() > 0.0 => format!("{some:.1}"),
        many => number(many.round() as u64),
    }
}

/// How long an answer took, in seconds: `340 µs`, `1.2 ms`, `1.5 s`.
pub fn latency(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 0.000_999_5 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 0.999_95 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}

/// What is known as `told`, and a dash for what is not.
pub fn if_known(figure: Option<f64>, told: fn(f64) -> String) -> String {
    figure.map_or_else(|| NOTHING.to_string(), told)
}

/// How long something has lasted, in seconds: `45 s`, `12 min`, `3 h 12 min`, `2 d 3 h`.
pub fn age(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let two = |whole: u64, unit: &str, rest: u64, smaller: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {smaller}"),
    };
    match seconds {
        _ if seconds < 2 * MINUTE => format!("{seconds} s"),
        _ if seconds < HOUR => format!("{} min", seconds / MINUTE),
        _ if seconds < DAY => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [50, 999, 1000, 1500, 61_000].map(|n| time(Duration::from_millis(n))),
            ["50 ms", "999 ms", "1 s", "1.5 s", "61 s"]
        );
        assert_eq!((counted(1, "caller"), counted(0, "caller")), ("1 caller".into(), "0 callers".into()));
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!([0, 1023, 1536, 3 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]);
    }

    #[test]
    fn all_means_all_and_something_is_not_nothing() {
        assert_eq!(
            [(999, 1000), (9999, 10_000), (1, 1), (0, 0)].map(|(n, of)| share(n, of)),
            ["99.9 %", "99.9 %", "100.0 %", "-"]
        );
        assert_eq!([0.9999, 1.0, 0.57, 0.0001, 0.0].map(percent), ["99.9 %", "100.0 %", "57.0 %", "<0.1 %", "0.0 %"]);
        assert_eq!([Some(0.5), None].map(|share| if_known(share, percent)), ["50.0 %", "-"]);
        assert_eq!([0.0, 0.01, 0.44, 9.94, 9.96, 1234.5].map(amount), ["0", "<0.1", "0.4", "9.9", "10", "1,235"]);
    }

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        assert_eq!(
            [0.000_34, 0.000_999_9, 0.0012, 0.9999, 12.3].map(latency),
            ["340 µs", "1.0 ms", "1.2 ms", "999.9 ms", "12.3 s"]
        );
        assert_eq!(
            [0.2, 119.0, 120.0, 3599.0, 3600.0, 11_520.0, 183_600.0].map(age),
            ["0 s", "119 s", "2 min", "59 min", "1 h", "3 h 12 min", "2 d 3 h"]
        );
    }

    #[test]
    fn no_figure_is_too_odd_to_be_told() {
        for odd in [f64::NAN, f64::INFINITY, f64::MAX, -1.0] {
            for told in [amount(odd), percent(odd), latency(odd), age(odd)] {
                assert!(!told.is_empty());
            }
        }
    }
}
