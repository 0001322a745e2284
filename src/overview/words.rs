//! How figures are written for people: as few digits as tell something, and the unit always.

/// A number of things, or of things a second: `0`, `0.4`, `7.5`, `12`, `1,234`.
pub fn count(n: f64) -> String {
    if n > 0.0 && n < 0.05 {
        return "< 0.1".to_string();
    }
    if n < 9.95 && n.fract() > 0.0 {
        return format!("{n:.1}");
    }
    let digits = format!("{n:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of 1: `0 %`, `7.5 %`, `99.9 %`; only what is all is `100 %`, and only nothing is `0 %`.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        all if all >= 100.0 => "100 %".to_string(),
        most if most > 99.9 => "99.9 %".to_string(),
        some if some > 0.0 && some < 0.1 => "< 0.1 %".to_string(),
        0.0 => "0 %".to_string(),
        some => format!("{some:.1} %"),
    }
}

/// How long something took, in seconds: `75 µs`, `1.2 ms`, `340 ms`, `1.5 s`.
pub fn time(seconds: f64) -> String {
    let (n, unit) = match seconds {
        s if s < 0.001 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    if n < 9.95 && unit != "µs" { format!("{n:.1} {unit}") } else { format!("{n:.0} {unit}") }
}

/// How long something has been so, in seconds: `90 s`, `5 min`, `2 h 5 min`, `4 d 3 h`.
pub fn span(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    let (minutes, hours, days) = (s / 60, s / 3600, s / 86_400);
    match s {
        0..120 => format!("{s} s"),
        120..3600 => format!("{minutes} min"),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A number of bytes: `512 B`, `1.5 MiB`, `12 GiB`.
pub fn bytes(n: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut n, mut unit) = (n as f64, 0);
    while n >= 1024.0 && unit + 1 < units.len() {
        (n, unit) = (n / 1024.0, unit + 1);
    }
    if unit > 0 && n < 9.95 { format!("{n:.1} {}", units[unit]) } else { format!("{n:.0} {}", units[unit]) }
}

/// `1 server`, `2 servers`.
pub fn some(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{} {thing}s", count(n as f64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_few_digits_as_tell_something() {
        let counts = [0.0, 0.01, 0.44, 3.0, 9.94, 9.96, 12.5, 999.6, 1234.0, 1_234_567.0].map(count);
        assert_eq!(counts, ["0", "< 0.1", "0.4", "3", "9.9", "10", "12", "1,000", "1,234", "1,234,567"]);
        let shares = [0.0, 0.0001, 0.075, 0.5, 0.9999, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "< 0.1 %", "7.5 %", "50.0 %", "99.9 %", "100 %"]);
        assert_eq!([0.000_075, 0.001_24, 0.34, 1.5, 12.0].map(time), ["75 µs", "1.2 ms", "340 ms", "1.5 s", "12 s"]);
        assert_eq!(
            [12.9, 119.0, 300.0, 7500.0, 356_400.0, -1.0].map(span),
            ["12 s", "119 s", "5 min", "2 h 5 min", "4 d 3 h", "0 s"]
        );
        assert_eq!([512, 1536 << 10, 12 << 30].map(bytes), ["512 B", "1.5 MiB", "12 GiB"]);
        assert_eq!([some(1, "server"), some(0, "server"), some(1200, "key")], ["1 server", "0 servers", "1,200 keys"]);
    }
}
