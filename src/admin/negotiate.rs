//! What a client can read, by its `Accept` and `Accept-Encoding` (RFC 9110): which way of writing metrics, and gzip or
//! not. No answer is refused: whoever asks for something else gets the plain text.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AsHeaderName};

use crate::metrics::Exposition;

const OPEN_METRICS: &str = "application/openmetrics-text";
/// The version of it that leash writes.
const VERSION: &str = "1.0.0";

/// One member of such a header.
struct Choice<'h> {
    what: &'h str,
    parameters: Vec<(&'h str, &'h str)>,
    /// How much it is wanted, in thousandths; 0 is not at all.
    weight: u32,
}

/// The way of writing metrics that the client likes best. OpenMetrics must be asked for by its name.
pub(super) fn exposition(headers: &HeaderMap) -> Exposition {
    let text = best(headers, ACCEPT, |choice| match choice.what {
        "text/plain" => Some(3),
        "text/*" => Some(2),
        "*/*" => Some(1),
        _ => None,
    });
    let open = best(headers, ACCEPT, |choice| {
        let version = choice.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("version"));
        let is_ours = choice.what.eq_ignore_ascii_case(OPEN_METRICS) && version.is_none_or(|(_, v)| *v == VERSION);
        is_ours.then_some(1)
    });
    match open {
        Some(open) if open > 0 && open >= text.unwrap_or(0) => Exposition::OpenMetrics,
        _ => Exposition::Text,
    }
}

/// Whether the client takes gzip.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let gzip = best(headers, ACCEPT_ENCODING, |choice| match choice.what {
        what if what.eq_ignore_ascii_case("gzip") || what.eq_ignore_ascii_case("x-gzip") => Some(2),
        "*" => Some(1),
        _ => None,
    });
    gzip.is_some_and(|weight| weight > 0)
}

/// The weight of what is meant: of the most specific members that are about it, the heaviest.
fn best(headers: &HeaderMap, name: impl AsHeaderName, specific: impl Fn(&Choice<'_>) -> Option<u8>) -> Option<u32> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let choices = values.flat_map(|value| value.split(',')).filter_map(Choice::read);
    choices.filter_map(|choice| Some((specific(&choice)?, choice.weight))).max().map(|(_, weight)| weight)
}

impl<'h> Choice<'h> {
    /// `None` if nothing stands there, or a weight that is none.
    fn read(text: &'h str) -> Option<Choice<'h>> {
        let mut parts = text.split(';').map(str::trim);
        let what = parts.next().filter(|what| !what.is_empty())?;
        let pairs = parts.filter_map(|part| part.split_once('='));
        let parameters: Vec<_> = pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))).collect();
        let weight = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let weight = match weight {
            None => 1000,
            Some((_, q)) => thousandths(q)?,
        };
        Some(Choice { what, parameters, weight })
    }
}

fn thousandths(q: &str) -> Option<u32> {
    let weight: f64 = q.parse().ok()?;
    (0.0..=1.0).contains(&weight).then_some((weight * 1000.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    /// What Prometheus 3 asks for.
    const PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
        text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

    fn asked(name: impl hyper::header::IntoHeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn open_metrics_is_written_for_those_who_ask_for_it_and_like_nothing_better() {
        for (accept, expected) in [
            (PROMETHEUS, Exposition::OpenMetrics),
            ("application/openmetrics-text", Exposition::OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"; q=0.1", Exposition::OpenMetrics),
            ("Application/OpenMetrics-Text;version=1.0.0,*/*;q=0.1", Exposition::OpenMetrics),
            ("text/plain, application/openmetrics-text;q=0.9", Exposition::Text),
            ("application/openmetrics-text;version=2.0.0", Exposition::Text),
            ("application/openmetrics-text;version=0.0.1", Exposition::Text),
            ("application/openmetrics-text;q=0", Exposition::Text),
            ("application/openmetrics-text;q=nonsense", Exposition::Text),
            ("application/openmetrics-text;q=7", Exposition::Text),
            ("*/*", Exposition::Text),
            ("text/html", Exposition::Text),
            (",;,=;q", Exposition::Text),
            ("", Exposition::Text),
        ] {
            assert_eq!(exposition(&asked(ACCEPT, accept)), expected, "{accept}");
        }
        assert_eq!(exposition(&HeaderMap::new()), Exposition::Text);
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (encodings, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("*", true),
            ("*;q=0.1, identity", true),
            ("gzip;q=0, *", false),
            ("gzip;q=0.000", false),
            ("identity", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&asked(ACCEPT_ENCODING, encodings)), expected, "{encodings}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
