//! Where log lines go and what they look like: text for people at a terminal, JSON for machines, always to stderr.
//!
//! Lines begin in lower case, end without a full stop and name the thing they are about. They never hold a key unless
//! `log.keys` asks for it.

mod repeated;

use std::io::{IsTerminal, stderr};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::reload::Handle;

pub use repeated::Repeated;

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text if stderr is a terminal, else JSON.
    #[default]
    Auto,
    /// One line for people.
    Text,
    /// One JSON object.
    Json,
}

impl LogFormat {
    /// All of them and their words.
    pub const WORDS: [(&'static str, LogFormat); 3] =
        [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];

    /// The word for it.
    pub fn word(self) -> &'static str {
        LogFormat::WORDS[self as usize].0
    }
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A part of the filter is neither a level nor `target=level`.
    #[error("log filter `{0}`: neither a level (off, error, warn, info, debug, trace) nor target=level")]
    Filter(String),
    /// Another logger takes the log lines of this process.
    #[error("logging was started twice")]
    Twice,
}

/// Sends the log lines of the whole process to stderr, those that `filter` lets through: `info`, or
/// `warn,leash::upstream=debug`.
pub fn start(format: LogFormat, filter: &str) -> Result<Filter, LogError> {
    let filter = parse(filter)?;
    let terminal = stderr().is_terminal();
    let (subscriber, filter) = match format.resolve(terminal) {
        LogFormat::Json => json(filter, stderr),
        _ => text(filter, stderr, terminal && colours_are_welcome()),
    };
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
    Ok(filter)
}

/// Whether a terminal may be coloured: see <https://no-color.org>.
pub fn colours_are_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Which lines are let through, to be changed while the process runs.
pub struct Filter(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl Filter {
    /// Lets through what `filter` says from now on.
    pub fn set(&self, filter: &str) -> Result<(), LogError> {
        (self.0)(parse(filter)?);
        Ok(())
    }
}

impl LogFormat {
    fn resolve(self, terminal: bool) -> LogFormat {
        match self {
            LogFormat::Auto if terminal => LogFormat::Text,
            LogFormat::Auto => LogFormat::Json,
            chosen => chosen,
        }
    }
}

type Lines = Box<dyn Subscriber + Send + Sync>;

fn text(filter: EnvFilter, writer: impl Writer, colours: bool) -> (Lines, Filter) {
    let lines = tracing_subscriber::fmt().with_writer(writer).with_ansi(colours);
    let lines = lines.with_env_filter(filter).with_filter_reloading();
    let filter = filter_of(lines.reload_handle());
    (Box::new(lines.finish()), filter)
}

fn json(filter: EnvFilter, writer: impl Writer) -> (Lines, Filter) {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = lines.with_writer(writer).with_env_filter(filter).with_filter_reloading();
    let filter = filter_of(lines.reload_handle());
    (Box::new(lines.finish()), filter)
}

fn filter_of<S: 'static>(handle: Handle<EnvFilter, S>) -> Filter {
    // It fails only where the logger is gone.
    Filter(Box::new(move |filter| drop(handle.reload(filter))))
}

trait Writer: for<'w> MakeWriter<'w> + Send + Sync + 'static {}
impl<W: for<'w> MakeWriter<'w> + Send + Sync + 'static> Writer for W {}

/// `EnvFilter` takes a bare word that is no level for a target, and would show everything of a target named `inof`.
fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    for part in filter.split(',').map(str::trim) {
        let plain = !part.contains(['=', '[']);
        if part.is_empty() || (plain && part.parse::<LevelFilter>().is_err()) {
            return Err(LogError::Filter(part.to_string()));
        }
    }
    EnvFilter::try_new(filter).map_err(|_| LogError::Filter(filter.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(lines: impl FnOnce(Page) -> (Lines, Filter)) -> String {
        let page = Page::default();
        tracing::subscriber::with_default(lines(page.clone()).0, || {
            tracing::warn!(pool = "main", "server m1 (10.0.0.7:11211): no reply in time");
            tracing::info!("not shown");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_terminal_gets_text_and_everything_else_json() {
        assert_eq!(LogFormat::Auto.resolve(true), LogFormat::Text);
        assert_eq!(LogFormat::Auto.resolve(false), LogFormat::Json);
        assert_eq!(LogFormat::Text.resolve(false), LogFormat::Text);
        assert_eq!(LogFormat::Json.resolve(true), LogFormat::Json);
    }

    #[test]
    fn a_json_line_is_one_flat_object() {
        let line = logged(|page| json(parse("warn").unwrap(), move || page.clone()));
        let object: serde_json::Value = serde_json::from_str(&line).expect("one object and no more");
        assert_eq!(object["level"], "WARN");
        assert_eq!(object["message"], "server m1 (10.0.0.7:11211): no reply in time");
        assert_eq!(object["pool"], "main");
    }

    #[test]
    fn a_text_line_is_one_line_without_colours_where_none_are_wanted() {
        let line = logged(|page| text(parse("warn").unwrap(), move || page.clone(), false));
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains("server m1 (10.0.0.7:11211): no reply in time") && !line.contains('\x1b'), "{line}");
    }

    #[test]
    fn what_is_let_through_can_change() {
        let page = Page::default();
        let writer = page.clone();
        let (lines, filter) = json(parse("warn").unwrap(), move || writer.clone());
        tracing::subscriber::with_default(lines, || {
            tracing::info!("before");
            filter.set("info").unwrap();
            tracing::info!("after");
            assert!(filter.set("inof").is_err());
            tracing::info!("still");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("before") && text.contains("after") && text.contains("still"), "{text}");
    }

    #[test]
    fn a_filter_with_a_typing_error_is_refused_by_name() {
        for good in ["info", "WARN", "off", "warn,leash::upstream=debug"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for (bad, named) in [("inof", "`inof`"), ("", "``"), ("warn,leash", "`leash`"), ("leash=lots", "`leash=lots`")]
        {
            let error = parse(bad).expect_err(bad).to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
