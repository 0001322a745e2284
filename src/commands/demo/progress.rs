//! How far a half has come, on stderr: a bar on a terminal, one line elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::readable::{counted, time};

const TEMPLATE: &str = "{prefix:13} [{bar:30}] {msg}";

/// The progress of one half.
pub(super) struct DemoProgress {
    bar: ProgressBar,
}

impl DemoProgress {
    /// Of a half that lasts for `length`.
    pub(super) fn start(name: &'static str, length: Duration) -> DemoProgress {
        let bar = ProgressBar::new(length.as_millis() as u64);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name);
        if bar.is_hidden() {
            eprintln!("{name}: {} of traffic", time(length));
        }
        DemoProgress { bar }
    }

    /// So much of it is over, with so many regenerations.
    pub(super) fn at(&self, elapsed: Duration, regenerations: u64) {
        self.bar.set_message(counted(regenerations as usize, "regeneration"));
        self.bar.set_position((elapsed.as_millis() as u64).min(self.bar.length().unwrap_or(0)));
    }

    /// Leaves what there is on the screen.
    pub(super) fn finish(&self) {
        self.bar.abandon();
    }
}
