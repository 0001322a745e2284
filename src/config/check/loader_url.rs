//! `loader.url`: where values come from, with a place for the key. Errors say what to write instead.
//!
//! ```text
//!   http://host:port/path/{key}     https://host/path?key={suffix}     unix:/run/app.sock:/path/{key}
//! ```

use crate::config::address;
use crate::config::checked::{Endpoint, LoaderUrl, UrlPiece};
use crate::config::problem::plain;

/// Reads one.
pub(super) fn read(text: &str) -> Result<LoaderUrl, String> {
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!("{:?} cannot stand in an address; write it percent-encoded, such as %20", bad));
    }
    let (endpoint, authority, path) = match text.split_once("://") {
        Some(("http", rest)) => {
            let (host, port, authority, path) = reached(rest, 80)?;
            (Endpoint::Http { host, port }, authority, path)
        }
        Some(("https", rest)) => {
            let (host, port, authority, path) = reached(rest, 443)?;
            (Endpoint::Https { host, port }, authority, path)
        }
        Some((scheme, _)) => return Err(format!("{} is not spoken; write http, https or unix", plain(scheme))),
        None => {
            let (socket, path) = on_this_machine(text)?;
            (Endpoint::Unix(address::unix(socket)?), "localhost".into(), path)
        }
    };
    if path.contains('#') {
        return Err("a fragment (#) is not sent to anyone; remove it".into());
    }
    Ok(LoaderUrl { written: text.into(), endpoint, authority, pieces: pieces(path)? })
}

fn on_this_machine(text: &str) -> Result<(&str, &str), String> {
    let rest = text.strip_prefix("unix:").ok_or_else(|| format!("{} has no scheme; write http://…", plain(text)))?;
    let colon = rest.find(":/").ok_or("the path of the request is missing; write unix:/run/app.sock:/cache/{key}")?;
    Ok((&rest[..colon], &rest[colon + 1..]))
}

/// Host and port to connect to, the authority as it is sent, and the rest.
fn reached(rest: &str, usual: u16) -> Result<(String, u16, String, &str), String> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err("a user in the address would be shown with it; write it as a header: authorization".into());
    }
    if authority.contains(['{', '}']) {
        return Err("the host cannot depend on the key; put {key} behind it".into());
    }
    if !path.starts_with('/') {
        return Err(format!("the path is missing; write {}/{{key}}", plain(authority)));
    }
    let (host, port) = address::host_port(authority, "app", usual)?;
    Ok((host, port.unwrap_or(usual), authority.to_string(), path))
}

/// Path and query as they are, but for the places of the key.
fn pieces(path: &str) -> Result<Vec<UrlPiece>, String> {
    let (mut pieces, mut rest) = (Vec::new(), path);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return Err("a { is not closed; write {key}".into()) };
        let place = match name {
            "key" => UrlPiece::Key,
            "suffix" => UrlPiece::Suffix,
            _ => return Err(format!("{{{}}} is unknown; write {{key}} or {{suffix}}", plain(name))),
        };
        pieces.push(UrlPiece::Text(before.to_string()));
        pieces.push(place);
        rest = after;
    }
    pieces.push(UrlPiece::Text(rest.to_string()));
    if pieces.iter().any(|piece| matches!(piece, UrlPiece::Text(text) if text.contains('}'))) {
        return Err("a } closes nothing; remove it, or write %7D".into());
    }
    if pieces.len() == 1 {
        return Err("every key would get the same value; write {key} or {suffix} where the key belongs".into());
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(text) {
            Err(wrong) => wrong,
            Ok(url) => {
                let piece = |piece: &UrlPiece| match piece {
                    UrlPiece::Text(text) => text.clone(),
                    UrlPiece::Key => "<key>".into(),
                    UrlPiece::Suffix => "<suffix>".into(),
                };
                let path: String = url.pieces.iter().map(piece).collect();
                format!("{:?} {} {path}", url.endpoint, url.authority)
            }
        }
    }

    #[test]
    fn every_kind_of_endpoint_is_read() {
        for (text, expected) in [
            ("http://127.0.0.1:8000/c/{key}", r#"Http { host: "127.0.0.1", port: 8000 } 127.0.0.1:8000 /c/<key>"#),
            ("http://app/{suffix}?a={key}&b", r#"Http { host: "app", port: 80 } app /<suffix>?a=<key>&b"#),
            ("https://app.example/{key}", r#"Https { host: "app.example", port: 443 } app.example /<key>"#),
            ("http://[::1]:81/{key}", r#"Http { host: "::1", port: 81 } [::1]:81 /<key>"#),
            ("unix:/run/a.sock:/c/{key}", r#"Unix("/run/a.sock") localhost /c/<key>"#),
        ] {
            assert_eq!(told(text), expected);
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_cure() {
        for (text, expected) in [
            ("http://a/x", "every key would get the same value; write {key} or {suffix} where the key belongs"),
            ("http://a", "the path is missing; write a/{key}"),
            ("http://a?{key}", "the path is missing; write a/{key}"),
            ("http://{key}/x", "the host cannot depend on the key; put {key} behind it"),
            ("http://u:p@a/{key}", "a user in the address would be shown with it; write it as a header: authorization"),
            ("http://a/{key}#x", "a fragment (#) is not sent to anyone; remove it"),
            ("http://a/{id}", "{id} is unknown; write {key} or {suffix}"),
            ("http://a/{key", "a { is not closed; write {key}"),
            ("http://a/{key}}", "a } closes nothing; remove it, or write %7D"),
            ("ftp://a/{key}", "ftp is not spoken; write http, https or unix"),
            ("a/{key}", "a/{key} has no scheme; write http://…"),
            ("unix:/run/a.sock", "the path of the request is missing; write unix:/run/app.sock:/cache/{key}"),
            ("http://a/ü{key}", "'ü' cannot stand in an address; write it percent-encoded, such as %20"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert!(told("http://a:0x/{key}").contains("no port"), "{}", told("http://a:0x/{key}"));
    }
}
