//! What both halves saw, side by side: the table and the sentence at the end. Every figure was counted.

use std::fmt;
use std::time::Duration;

use super::ledger::HalfFigures;
use super::{WITH, WITHOUT};
use crate::readable::{counted, number, share, table, time};

/// What both halves saw.
#[derive(Clone, Debug)]
pub struct DemoReport {
    /// An answer that took less was not waited for.
    pub(super) quick: Duration,
    /// Whether leash loaded the values.
    pub(super) loads: bool,
    pub(super) without: HalfFigures,
    pub(super) with: HalfFigures,
}

impl DemoReport {
    fn rows(&self) -> Vec<[String; 3]> {
        let row = |what: &str, show: &dyn Fn(&HalfFigures) -> String| {
            [what.to_string(), show(&self.without), show(&self.with)]
        };
        let quick = format!("  answered within {}", time(self.quick));
        let mut rows = vec![
            [String::new(), WITHOUT.to_string(), WITH.to_string()],
            row("regenerations", &|half| number(half.regenerations)),
            row("  times a value went stale", &|half| number(half.periods)),
            row("  of one value at once, at most", &|half| number(half.at_once)),
            row("requests", &|half| number(half.requests())),
            row(&quick, &|half| share(half.within(self.quick), half.requests())),
            row("  99 % of them answered within", &|half| time(half.most_took())),
            row("  answered with the stale value", &|half| number(half.stale)),
        ];
        if self.loads {
            rows.push(row("  answered with a miss", &|half| number(half.misses)));
        }
        rows
    }

    fn sentence(&self) -> String {
        let (without, with) = (self.without.regenerations, self.with.regenerations);
        let counted_without = counted(without as usize, "regeneration");
        let missed = match self.with.misses {
            _ if !self.loads => String::new(),
            0 => ", and no caller saw a miss".to_string(),
            misses => format!(", and callers missed {}", counted(misses as usize, "time")),
        };
        match with < without {
            true => format!("leash turned {counted_without} into {}{missed}.", number(with)),
            false => format!(
                "There was no dog-pile to prevent: {counted_without} without leash, {} with it{missed}.",
                number(with)
            ),
        }
    }
}

impl fmt::Display for DemoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = table(&self.rows());
        write!(f, "\n{table}\n{} Every value was checked, none was wrong.", self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(periods: u64, regenerations: u64, at_once: u64, stale: u64, quick: u64, slow: u64) -> HalfFigures {
        HalfFigures {
            periods,
            misses: regenerations,
            regenerations,
            at_once,
            stale,
            took: [(0, quick), (501, slow)].into(),
        }
    }

    fn report(without: HalfFigures, with: HalfFigures) -> DemoReport {
        DemoReport { quick: Duration::from_millis(50), loads: false, without, with }
    }

    #[test]
    fn the_table_shows_both_halves_and_the_sentence_sums_them_up() {
        let report = report(half(4, 800, 200, 0, 4010, 800), half(4, 4, 1, 3981, 8017, 4));
        let expected = "
                                  without leash   with leash
regenerations                               800            4
  times a value went stale                    4            4
  of one value at once, at most             200            1
requests                                  4,810        8,021
  answered within 50 ms                  83.3 %       99.9 %
  99 % of them answered within           502 ms         1 ms
  answered with the stale value               0        3,981

leash turned 800 regenerations into 4. Every value was checked, none was wrong.";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn where_leash_loads_the_misses_of_callers_are_told() {
        let with = HalfFigures { misses: 0, ..half(4, 4, 1, 3981, 8017, 4) };
        let mut report = DemoReport { loads: true, ..report(half(4, 800, 200, 0, 4010, 800), with) };
        let told = report.to_string();
        assert!(told.contains("\n  answered with a miss                      800            0\n"), "{told}");
        assert!(told.contains("\nleash turned 800 regenerations into 4, and no caller saw a miss. Every"), "{told}");
        report.with.misses = 2;
        assert!(report.to_string().contains("into 4, and callers missed 2 times."), "{report}");
    }

    #[test]
    fn where_there_is_nothing_to_gain_the_sentence_says_so() {
        let report = report(half(3, 3, 1, 0, 9, 3), half(3, 3, 1, 0, 9, 3));
        assert!(report.to_string().contains("no dog-pile to prevent: 3 regenerations without leash, 3 with it."));
    }
}
