//! How far a server has come, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::readable::number;

const LISTING: &str = "{prefix}: {msg}";
const COPYING: &str = "{prefix}: [{bar:30}] {msg}";
/// Between two lines where there is no terminal.
const BETWEEN: Duration = Duration::from_secs(5);

/// The progress of one server.
pub(super) struct WarmProgress {
    bar: ProgressBar,
    server: String,
    begun: Instant,
    told: Cell<Instant>,
    /// The keys that were done before it began.
    before: u64,
    keys: Option<u64>,
}

impl WarmProgress {
    /// Of a server that lists its keys.
    pub(super) fn listing(server: &str) -> WarmProgress {
        WarmProgress::new(server, LISTING, ProgressBar::no_length(), 0, None)
    }

    /// Of a server of whose `keys` so many are done already.
    pub(super) fn copying(server: &str, keys: u64, before: u64) -> WarmProgress {
        WarmProgress::new(server, COPYING, ProgressBar::new(keys), before, Some(keys))
    }

    fn new(server: &str, template: &str, bar: ProgressBar, before: u64, keys: Option<u64>) -> WarmProgress {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(server.to_string());
        bar.set_position(before);
        let now = Instant::now();
        WarmProgress { bar, server: server.to_string(), begun: now, told: Cell::new(now), before, keys }
    }

    /// Says something about the server, above the bar.
    pub(super) fn say(&self, what: &str) {
        let line = format!("{}: {what}", self.server);
        if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.println(line) }
    }

    /// So many keys are listed or done.
    pub(super) fn at(&self, done: u64) {
        self.bar.set_position(done);
        if !self.bar.is_hidden() {
            self.bar.set_message(self.line(done, self.begun.elapsed()));
        } else if self.told.get().elapsed() >= BETWEEN {
            self.told.set(Instant::now());
            self.say(&self.line(done, self.begun.elapsed()));
        }
    }

    fn line(&self, done: u64, elapsed: Duration) -> String {
        let rate = done.saturating_sub(self.before) as f64 / elapsed.as_secs_f64().max(0.001);
        let Some(keys) = self.keys else { return format!("{} keys listed", number(done)) };
        let left = keys.saturating_sub(done) as f64 / rate.max(0.001);
        let (done, keys, rate, left) = (number(done), number(keys), number(rate as u64), number(left.ceil() as u64));
        format!("{done} of {keys} keys, {rate} a second, {left} s left")
    }

    /// Takes the bar off the screen.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_rate_of_this_run_and_the_time_left() {
        let progress = WarmProgress::copying("m0", 1_000_000, 400_000);
        let line = progress.line(600_000, Duration::from_secs(4));
        assert_eq!(line, "600,000 of 1,000,000 keys, 50,000 a second, 8 s left");
        assert_eq!(WarmProgress::listing("m0").line(1234, Duration::from_secs(1)), "1,234 keys listed");
    }
}
