//! Figures as people read them, and a small table of them. Knows nothing of what they are about.

use std::time::Duration;

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
    match (part * 1000).checked_div(whole) {
        Some(thousandths) => format!("{}.{} %", thousandths / 10, thousandths % 10),
        None => "-".to_string(),
    }
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

/// The lines, what they tell at the left, the figures right-aligned below their heads.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("   ") + "\n"
    };
    rows.iter().map(line).collect()
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
    fn a_share_is_all_only_if_it_is() {
        assert_eq!(share(99_999, 100_000), "99.9 %");
        assert_eq!(share(5, 5), "100.0 %");
        assert_eq!(share(0, 0), "-");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!([0, 1023, 1536, 3 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]);
    }

    #[test]
    fn figures_stand_below_their_heads() {
        let row = |cells: [&str; 3]| cells.map(str::to_string);
        let rows = [row(["", "a", "long"]), row(["ä", "1,000", "2"])];
        assert_eq!(table(&rows), "        a   long\nä   1,000      2\n");
    }
}
