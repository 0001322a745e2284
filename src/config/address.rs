//! Addresses as people write them -> where to connect and where to listen. Errors say what to write instead.

use super::checked::{Address, MEMCACHED_PORT};
use super::problem::plain;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// The longest path a unix socket can have on Linux (`sun_path` less its end mark).
const MAX_UNIX_PATH: usize = 107;
/// The host in cures, where none is written: for servers and names, and for listeners.
const EXAMPLE: &str = "m0";
const LOOPBACK: &str = "127.0.0.1";

/// The address of a server: `host`, `host:port`, `[ipv6]:port`, `/path`, `unix:/path` or `embedded`.
pub(crate) fn server(text: &str) -> Result<Address, String> {
    if text == "embedded" {
        return Ok(Address::Embedded);
    }
    if let Some(path) = unix_path(text) {
        return unix(path).map(Address::Unix);
    }
    let (host, port) = host_port(text, EXAMPLE, MEMCACHED_PORT)?;
    match port {
        Some(0) => Err(format!("{} has port 0; write the server's port, usually {MEMCACHED_PORT}", plain(text))),
        port => Ok(Address::Tcp { host, port: port.unwrap_or(MEMCACHED_PORT) }),
    }
}

/// A TCP address of this machine to listen on, usually on `port`. A name is resolved, IPv4 first, as clients do.
pub(crate) fn socket(text: &str, usual: u16) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Some(path) = unix_path(text) {
        return Err(format!(
            "{} is the path of a unix socket; write an address such as 127.0.0.1:{usual}",
            plain(path)
        ));
    }
    if let Some(port) = port_alone(text) {
        return Err(format!("{} is a port without an address; write {LOOPBACK}:{port}", plain(text)));
    }
    if let Some(port) = text.strip_prefix([':', '*']).map(|rest| rest.trim_start_matches(':'))
        && (port.is_empty() || number(port).is_some())
        && without_brackets(text, usual).is_none()
    {
        let port = number(port).unwrap_or(usual);
        return Err(format!("{} names no address; write 0.0.0.0:{port}", plain(text)));
    }
    let (host, port) = host_port(text, LOOPBACK, usual)?;
    let port = port.ok_or_else(|| format!("{} has no port; write {}:{usual}", plain(text), plain(text)))?;
    let found: Vec<SocketAddr> = (host.as_str(), port)
        .to_socket_addrs()
        .map_err(|e| format!("{} cannot be resolved ({e}); write an address such as 127.0.0.1:{port}", plain(&host)))?
        .collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    let none = || format!("{} resolves to no address; write one such as 127.0.0.1:{port}", plain(&host));
    first.copied().ok_or_else(none)
}

/// The path, if the text names a unix socket.
pub(crate) fn unix_path(text: &str) -> Option<&str> {
    let path = text.strip_prefix("unix:").unwrap_or(text);
    (path.len() < text.len() || path.starts_with('/')).then_some(path)
}

/// The path of a unix socket.
pub(crate) fn unix(text: &str) -> Result<PathBuf, String> {
    match text.len() {
        0 => Err("an empty path".into()),
        1..=MAX_UNIX_PATH if text.contains('\0') => Err("a path cannot hold a zero byte".into()),
        1..=MAX_UNIX_PATH => Ok(text.into()),
        n => Err(format!("a path of {n} bytes; a unix socket's path holds at most {MAX_UNIX_PATH}")),
    }
}

/// A host name alone, as it stands in a `Host` header without its port.
pub(crate) fn name(text: &str) -> Result<(), String> {
    match host_port(text, EXAMPLE, MEMCACHED_PORT) {
        Ok((_, None)) => Ok(()),
        Ok((host, Some(_))) => {
            Err(format!("{} has a port, which does not matter here; write {}", plain(text), plain(&host)))
        }
        Err(_) => {
            Err(format!("{} is no host name; write one such as leash.example.com, or *.example.com", plain(text)))
        }
    }
}

/// The two parts of an address. Where a part is missing or wrong, the cure has the `usual` one, and `example` for a
/// host.
pub(crate) fn host_port(text: &str, example: &str, usual: u16) -> Result<(String, Option<u16>), String> {
    let again = |rest: &str| host_port(rest, example, usual);
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.split('/').next().unwrap_or(rest);
        let (host, port) = again(rest)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        // A listener needs one, and no server has port 0.
        let port = port.filter(|port| *port != 0).unwrap_or(usual);
        return Err(format!("{}:// is not needed; write {}:{port}", plain(scheme), plain(&host)));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return bracketed(rest).ok_or_else(|| no_bracketed(text, rest, usual));
    }
    if let Some(bracketed) = without_brackets(text, usual) {
        return Err(format!("an IPv6 address needs brackets; write {bracketed}"));
    }
    if port_alone(text).is_some() {
        return Err(format!("{} is a port without a host; write {example}:{}", plain(text), plain(text)));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if !is_host(host) {
        return Err(format!("{} is no address; write host:port, such as {example}:{usual}", plain(text)));
    }
    if is_misspelt_ipv4(host) {
        return Err(format!("{} is no IPv4 address; write one such as 10.0.0.1:{usual}", plain(host)));
    }
    match port.map(|port| (port, number(port))) {
        None => Ok((host.into(), None)),
        Some((_, Some(port))) => Ok((host.into(), Some(port))),
        Some(("", None)) => Err(format!("{} has no port; write {}:{usual}", plain(text), plain(host))),
        Some((port, None)) => Err(format!("{} is no port; write a number from 1 to 65535", plain(port))),
    }
}

fn is_host(text: &str) -> bool {
    let is_name = text.bytes().any(|b| b.is_ascii_alphanumeric());
    is_name && text.len() <= 253 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// A port where an address belongs.
fn port_alone(text: &str) -> Option<u16> {
    number(text).filter(|port| *port != 0)
}

/// Resolvers take `10.1` for 10.0.0.1 and `300` for 0.0.1.44, which is never meant.
fn is_misspelt_ipv4(host: &str) -> bool {
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    host.trim_end_matches('.').rsplit('.').next().is_some_and(is_number) && host.parse::<Ipv4Addr>().is_err()
}

/// How an IPv6 address is to be written that has no brackets. Its end may be a port, or a part of it.
fn without_brackets(text: &str, usual: u16) -> Option<String> {
    let whole = text.parse::<Ipv6Addr>().is_ok().then(|| format!("[{text}]:{usual}"));
    let apart = text.rsplit_once(':').filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok());
    let apart = apart.and_then(|(host, port)| Some(format!("[{host}]:{}", port_alone(port)?)));
    match (whole, apart) {
        (Some(whole), Some(apart)) => Some(format!("{apart}, or {whole}")),
        (whole, apart) => whole.or(apart),
    }
}

fn bracketed(rest: &str) -> Option<(String, Option<u16>)> {
    let (host, after) = rest.split_once(']')?;
    host.parse::<Ipv6Addr>().ok()?;
    match after {
        "" => Some((host.into(), None)),
        port => Some((host.into(), Some(number(port.strip_prefix(':')?)?))),
    }
}

/// What is wrong with brackets, and the address that is probably in them.
fn no_bracketed(text: &str, rest: &str, usual: u16) -> String {
    let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
    let port = port_alone(after.trim_start_matches(':')).unwrap_or(usual);
    let meant = match host {
        host if host.parse::<Ipv6Addr>().is_ok() => format!("[{host}]:{port}"),
        host if is_host(host) && !is_misspelt_ipv4(host) => format!("{host}:{port}"),
        _ => format!("[::1]:{port}"),
    };
    format!("{} is no address; write {meant}", plain(text))
}

/// Digits only: `u16::from_str` would take `+1`.
fn number(port: &str) -> Option<u16> {
    port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listen(text: &str) -> Result<SocketAddr, String> {
        socket(text, 11211)
    }

    fn tcp(host: &str, port: u16) -> Result<Address, String> {
        Ok(Address::Tcp { host: host.into(), port })
    }

    #[test]
    fn servers_are_written_in_many_ways() {
        assert_eq!(server("m0"), tcp("m0", 11211));
        assert_eq!(server("m0.example.com:1"), tcp("m0.example.com", 1));
        assert_eq!(server("10.0.0.1:65535"), tcp("10.0.0.1", 65535));
        assert_eq!(server("[::1]:11212"), tcp("::1", 11212));
        assert_eq!(server("[::1]"), tcp("::1", 11211));
        assert_eq!(server("/run/m.sock"), Ok(Address::Unix("/run/m.sock".into())));
        assert_eq!(server("unix:m.sock"), Ok(Address::Unix("m.sock".into())));
        assert_eq!(server("embedded"), Ok(Address::Embedded));
    }

    #[test]
    fn a_wrong_server_is_told_the_right_one() {
        let error = |text: &str| server(text).unwrap_err();
        assert_eq!(error("::1"), "an IPv6 address needs brackets; write [::1]:11211");
        assert_eq!(error("tcp://m0:1/"), "tcp:// is not needed; write m0:1");
        assert_eq!(error("m0:http"), "http is no port; write a number from 1 to 65535");
        assert_eq!(error("m0:70000"), "70000 is no port; write a number from 1 to 65535");
        assert_eq!(error("m0:0"), "m0:0 has port 0; write the server's port, usually 11211");
        for text in ["", ":11211", "m 0", "m0 :1", "[::1", "[m0]:1", "[::1]11211", "a\r\nb", "m0:1:2"] {
            assert!(error(text).contains("write "), "{text:?}");
        }
        assert!(error(&format!("/{}", "x".repeat(107))).contains("at most 107"));
    }

    #[test]
    fn a_host_name_has_no_port() {
        assert_eq!(name("leash.example.com"), Ok(()));
        assert_eq!(name("leash:11291").unwrap_err(), "leash:11291 has a port, which does not matter here; write leash");
        for text in ["", "http://leash", "*", "a b", "x*.example.com"] {
            assert!(name(text).unwrap_err().contains("no host name"), "{text:?}");
        }
    }

    #[test]
    fn listeners_are_addresses_or_resolve_to_one() {
        assert_eq!(listen("127.0.0.1:0"), Ok(([127, 0, 0, 1], 0).into()));
        assert_eq!(listen("[::1]:5").map(|a| a.port()), Ok(5));
        assert!(listen("localhost:11211").unwrap().ip().is_loopback());
        assert_eq!(listen(":11211").unwrap_err(), ":11211 names no address; write 0.0.0.0:11211");
        assert_eq!(listen("*:11211").unwrap_err(), "*:11211 names no address; write 0.0.0.0:11211");
        assert_eq!(listen("127.0.0.1").unwrap_err(), "127.0.0.1 has no port; write 127.0.0.1:11211");
        assert!(listen("no-such-host.invalid:1").unwrap_err().contains("cannot be resolved"));
    }

    #[test]
    fn a_port_or_an_address_without_brackets_is_told_what_it_would_be() {
        for (text, told) in [
            ("33021", "33021 is a port without an address; write 127.0.0.1:33021"),
            ("::1:11211", "an IPv6 address needs brackets; write [::1]:11211"),
            ("::1:80", "an IPv6 address needs brackets; write [::1]:80, or [::1:80]:11211"),
            ("::", "an IPv6 address needs brackets; write [::]:11211"),
            ("[127.0.0.1]:5", "[127.0.0.1]:5 is no address; write 127.0.0.1:5"),
            ("127.0.0.1:", "127.0.0.1: has no port; write 127.0.0.1:11211"),
            ("tcp://127.0.0.1/", "tcp:// is not needed; write 127.0.0.1:11211"),
            ("tcp://[::1]:0", "tcp:// is not needed; write [::1]:11211"),
            ("127.1:80", "127.1 is no IPv4 address; write one such as 10.0.0.1:11211"),
            ("/run/l.sock", "/run/l.sock is the path of a unix socket; write an address such as 127.0.0.1:11211"),
        ] {
            assert_eq!(listen(text).unwrap_err(), told);
        }
        assert_eq!(server("11211").unwrap_err(), "11211 is a port without a host; write m0:11211");
        assert_eq!(
            server("10.0.0.256:1").unwrap_err(),
            "10.0.0.256 is no IPv4 address; write one such as 10.0.0.1:11211"
        );
        assert_eq!(server("http://m0:1/x?y").unwrap_err(), "http:// is not needed; write m0:1");
        assert!(server("http://[m0]/").unwrap_err().ends_with("write m0:11211"));
    }

    /// Fails unless `read` takes every cure that it has for `text`.
    fn cures_hold<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) {
        let Err(told) = read(text) else { return };
        let cure = told.rsplit_once("write ").unwrap_or_else(|| panic!("no cure in {told}")).1;
        let is_said = cure.starts_with("a number") || cure.starts_with("the server's port");
        for written in cure.rsplit("such as ").next().into_iter().flat_map(|part| part.split(", or ")) {
            assert!(is_said || written.contains('…') || read(written).is_ok(), "{text:?}: {told}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_cure_says_is_taken(
            text in "(tcp://|\\[|:|\\*)?(m0|[0-9:.]{0,8}|::1?|fe80::[0-9a-f]{1,4}|127\\.0\\.0\\.1|a b)\\]?(:[0-9]{0,6}|/|:x)?",
        ) {
            // No name service is asked in a unit test.
            let has_name = text.contains("m0");
            cures_hold(&text, server);
            if !has_name {
                cures_hold(&text, listen);
            }
        }
    }
}
