//! What became of it all: a table of the servers that were copied from, and a sentence. Every figure was counted.

use std::fmt;
use std::time::Duration;

use super::tally::WarmTally;
use crate::readable::{bytes, counted, number, table};

const COPIED: [&str; 12] = [
    "server", "listed", "copied", "there", "gone", "others", "orphans", "failed", "before", "bytes", "seconds",
    "a second",
];
const WOULD_COPY: [&str; 7] = ["server", "listed", "to copy", "bytes", "others", "orphans", "seconds"];

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct WarmReport {
    /// Whether nothing was written.
    pub is_dry: bool,
    /// The servers that were seen to, in order.
    pub tallies: Vec<WarmTally>,
    /// What ended it before its time.
    pub stopped: Option<String>,
}

impl WarmReport {
    /// Whether everything was done that was to be done.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.tallies.iter().all(|tally| tally.is_done)
    }

    fn table(&self) -> String {
        match self.is_dry {
            true => self.table_of(WOULD_COPY, would_copy),
            false => self.table_of(COPIED, copied),
        }
    }

    /// A line for each server, and one for all of them where there are several.
    fn table_of<const N: usize>(&self, heads: [&str; N], row: fn(&WarmTally) -> [String; N]) -> String {
        let mut rows = vec![heads.map(str::to_string)];
        rows.extend(self.tallies.iter().map(row));
        if self.tallies.len() > 1 {
            let all = self.tallies.iter().fold(WarmTally::default(), |sum, tally| sum.and(tally));
            rows.push(row(&WarmTally { server: "all".into(), ..all }));
        }
        table(&rows)
    }

    fn sentence(&self) -> String {
        let all = self.tallies.iter().fold(WarmTally::default(), |sum, tally| sum.and(tally));
        let done = match self.is_dry {
            true => format!("{} would be copied; nothing was written", counted(all.ours as usize, "item")),
            false => format!("{} copied", counted(all.copied as usize, "item")),
        };
        match &self.stopped {
            _ if self.is_complete() => format!("{done}."),
            _ if self.is_dry => format!("{done}. Not every server could be asked."),
            Some(why) => format!("{done}, then stopped: {why}. The same command goes on where this one ended."),
            None => format!("{done}, not everything. The same command tries the rest again."),
        }
    }
}

impl fmt::Display for WarmReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.table())?;
        for tally in &self.tallies {
            if let Some(trouble) = &tally.trouble {
                writeln!(f, "{}: {trouble}", tally.server)?;
            }
        }
        f.write_str(&self.sentence())
    }
}

fn copied(tally: &WarmTally) -> [String; 12] {
    [
        tally.server.clone(),
        number(tally.listed),
        number(tally.copied),
        number(tally.there),
        number(tally.gone),
        number(tally.others),
        number(tally.orphans),
        number(tally.failed()),
        number(tally.before),
        bytes(tally.bytes),
        seconds(tally.took),
        rate(tally),
    ]
}

fn would_copy(tally: &WarmTally) -> [String; 7] {
    let counts = [tally.listed, tally.ours].map(number);
    let others = [tally.others, tally.orphans].map(number);
    let ([listed, ours], [others, orphans]) = (counts, others);
    [tally.server.clone(), listed, ours, bytes(tally.size), others, orphans, seconds(tally.took)]
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

fn rate(tally: &WarmTally) -> String {
    number((tally.seen_to() as f64 / tally.took.as_secs_f64().max(0.001)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(server: &str, copied: u64, failed: u64) -> WarmTally {
        WarmTally {
            server: server.into(),
            listed: 1000 + copied + failed,
            others: 1000,
            ours: copied + failed,
            copied,
            refused: failed,
            bytes: copied * 1024,
            took: Duration::from_secs(2),
            is_done: failed == 0,
            trouble: (failed > 0).then(|| "server n0: SERVER_ERROR object too large for cache".into()),
            ..WarmTally::default()
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_server_and_one_for_all() {
        let report =
            WarmReport { tallies: vec![tally("old m0", 4000, 0), tally("old m1", 10, 2)], ..WarmReport::default() };
        let expected = "\
server   listed   copied   there   gone   others   orphans   failed   before      bytes   seconds   a second
old m0    5,000    4,000       0      0    1,000         0        0        0    3.9 MiB       2.0      2,000
old m1    1,012       10       0      0    1,000         0        2        0   10.0 KiB       2.0          6
all       6,012    4,010       0      0    2,000         0        2        0    3.9 MiB       4.0      1,003

old m1: server n0: SERVER_ERROR object too large for cache
4,010 items copied, not everything. The same command tries the rest again.";
        assert_eq!(report.to_string(), expected);
        assert!(!report.is_complete());
    }

    #[test]
    fn a_dry_run_says_what_would_be() {
        let report = WarmReport { is_dry: true, tallies: vec![tally("m0", 5, 0)], stopped: None };
        assert!(report.to_string().contains("to copy"), "{report}");
        assert!(report.to_string().ends_with("5 items would be copied; nothing was written."), "{report}");
    }

    #[test]
    fn what_was_stopped_says_how_to_go_on() {
        let stopped = Some("interrupted".to_string());
        let report = WarmReport { tallies: vec![tally("m0", 1, 0)], stopped, ..WarmReport::default() };
        let end = "1 item copied, then stopped: interrupted. The same command goes on where this one ended.";
        assert!(report.to_string().ends_with(end), "{report}");
        assert!(!report.is_complete());
    }
}
