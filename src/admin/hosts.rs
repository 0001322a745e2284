//! By which names the admin address answers.
//!
//! An attacker's web page can make a visitor's browser take the pages here for the attacker's own: the name that the
//! browser asks by first means the attacker's server and a moment later this machine ("DNS rebinding"). The browser
//! still asks by that name, which the public DNS must know, so it has a dot. An attacker cannot redirect addresses, nor
//! names without a dot, which only the local network knows. Every other name must be this machine's or be listed.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::HOST;
use hyper::{HeaderMap, Uri};

/// The name in a request that must not be answered.
pub(super) fn unknown<'r>(
    uri: &'r Uri,
    headers: &'r HeaderMap,
    listed: impl Fn() -> Vec<String>,
) -> Option<Cow<'r, str>> {
    let written = headers.get_all(HOST).iter().map(|host| String::from_utf8_lossy(host.as_bytes()));
    // A request to a proxy names the host in its first line, too.
    let mut asked = uri.authority().map(|authority| Cow::Borrowed(authority.as_str())).into_iter().chain(written);
    // Who names none is no browser.
    asked.find(|host| !is_known(host, &listed))
}

fn is_known(host: &str, listed: impl Fn() -> Vec<String>) -> bool {
    let name = name(host);
    let is = |known: &str| name.eq_ignore_ascii_case(known.trim_end_matches('.'));
    is_address(name) || !name.contains('.') || ends_with(name, ".localhost") || {
        let machine = rustix::system::uname();
        is(&machine.nodename().to_string_lossy()) || listed().iter().any(|known| fits(name, known) || is(known))
    }
}

/// Without its port, and without the dot that may end a name.
fn name(host: &str) -> &str {
    let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|digit| digit.is_ascii_digit()));
    host[..port.unwrap_or(host.len())].trim_end_matches('.')
}

fn is_address(name: &str) -> bool {
    let six = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    name.parse::<Ipv4Addr>().is_ok() || six.is_some_and(|six| six.parse::<Ipv6Addr>().is_ok())
}

/// Whether `listed` is `*.example.com` and `name` lies below it, or is `*`.
fn fits(name: &str, listed: &str) -> bool {
    listed.strip_prefix('*').is_some_and(|suffix| suffix.is_empty() || ends_with(name, suffix))
}

fn ends_with(name: &str, suffix: &str) -> bool {
    let (name, suffix) = (name.as_bytes(), suffix.as_bytes());
    name.len() > suffix.len() && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(host: &str) -> bool {
        is_known(host, || vec!["leash.example.com".into(), "*.svc.cluster.local".into()])
    }

    #[test]
    fn addresses_own_names_and_listed_names_are_known() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:11291",
            "10.1.2.3:80",
            "[::1]",
            "[fd00::7]:11291",
            "localhost",
            "LOCALHOST:11291",
            "localhost.",
            "a.localhost:1",
            "leash",
            "leash:11291",
            "leash.example.com",
            "Leash.Example.COM.:11291",
            "app.cache.svc.cluster.local",
            "",
        ] {
            assert!(knows(host), "{host}");
        }
        let machine = rustix::system::uname();
        assert!(knows(&format!("{}:11291", machine.nodename().to_string_lossy())));
    }

    #[test]
    fn names_that_anybody_may_have_registered_are_not() {
        for host in [
            "evil.example",
            "evil.example:11291",
            "127.0.0.1.evil.example",
            "leash.example.com.evil.example",
            "xleash.example.com",
            "svc.cluster.local",
            "x.svc.cluster.local.evil.example",
            "localhost.evil.example:80",
            "[::1].evil.example",
            "1.2.3.4.5",
            "::1.evil.example",
            "evil.example:11291x",
        ] {
            assert!(!knows(host), "{host}");
        }
    }

    #[test]
    fn every_name_that_was_asked_by_counts() {
        let none = || Vec::new();
        let mut headers = HeaderMap::new();
        assert_eq!(unknown(&Uri::from_static("/livez"), &headers, none), None);
        assert_eq!(unknown(&Uri::from_static("http://evil.example/"), &headers, none), Some("evil.example".into()));
        headers.append(HOST, "127.0.0.1".parse().unwrap());
        assert_eq!(unknown(&Uri::from_static("/livez"), &headers, none), None);
        headers.append(HOST, "evil.example".parse().unwrap());
        assert_eq!(unknown(&Uri::from_static("/livez"), &headers, none), Some("evil.example".into()));
        assert_eq!(unknown(&Uri::from_static("/livez"), &headers, || vec!["*".into()]), None);
    }
}
