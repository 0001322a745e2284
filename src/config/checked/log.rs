//! `log`.

use crate::logging::LogFormat;

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The shape of a line.
    pub format: LogFormat,
    /// Levels as tracing's filters spell them: `info`, `warn,leash::upstream=debug`.
    pub level: String,
    /// Whether keys may appear in logs.
    pub keys: bool,
}

impl Default for Log {
    fn default() -> Log {
        Log { format: LogFormat::Auto, level: "info".into(), keys: false }
    }
}
