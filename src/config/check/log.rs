//! `log`: a format, and a level filter in which a slip is an error (tracing would take `inof` for the name of a
//! module).

use super::setting::{switch, text, word};
use crate::config::checked::Log;
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, instead, plain};
use crate::config::written;
use crate::logging::LogFormat;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Checks the log.
pub(super) fn check(written: &written::Log, problems: &mut Problems) -> Log {
    let default = Log::default();
    Log {
        format: word(written.format.as_ref(), default.format, &LogFormat::WORDS, problems),
        level: level(written.level.as_ref(), problems).unwrap_or(default.level),
        keys: switch(written.keys.as_ref(), default.keys, problems),
    }
}

fn level(written: Option<&Scalar>, problems: &mut Problems) -> Option<String> {
    let filter = text(written, problems)?;
    for part in filter.split(',') {
        let (module, level) = part.trim().rsplit_once('=').map_or((None, part.trim()), |(m, l)| (Some(m), l));
        let is_module = |m: &str| !m.is_empty() && m.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
        let wrong = match module {
            Some(module) if !is_module(module) => format!("{} is no module; write leash=debug", plain(module)),
            _ if LEVELS.contains(&level) => continue,
            _ => format!("unknown level {}, {}", plain(level), instead(level, LEVELS)),
        };
        problems.add(&written?.place, wrong);
        return None;
    }
    Some(filter.to_owned())
}
