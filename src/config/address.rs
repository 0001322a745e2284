//! Addresses as people write them -> where to connect and where to listen. Errors say what to write instead.

use super::checked::{Address, MEMCACHED_PORT};
use super::problem::plain;
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// The longest path a unix socket can have on Linux (`sun_path` less its end mark).
const MAX_UNIX_PATH: usize = 107;

/// The address of a server: `host`, `host:port`, `[ipv6]:port`, `/path`, `unix:/path` or `embedded`.
pub(crate) fn server(text: &str) -> Result<Address, String> {
    if text == "embedded" {
        return Ok(Address::Embedded);
    }
    if let Some(path) = unix_path(text) {
        return unix(path).map(Address::Unix);
    }
    let (host, port) = host_port(text)?;
    match port {
        Some(0) => Err(format!("{} has port 0; write the server's port, usually {MEMCACHED_PORT}", plain(text))),
        port => Ok(Address::Tcp { host, port: port.unwrap_or(MEMCACHED_PORT) }),
    }
}

/// A TCP address of this machine to listen on. A name is resolved, IPv4 first, as clients do.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = match text.strip_prefix([':', '*']) {
        Some(port) => {
            return Err(format!(
                "{} names no address; write 0.0.0.0:{}",
                plain(text),
                plain(port.trim_start_matches(':'))
            ));
        }
        None => host_port(text)?,
    };
    let port = port.ok_or_else(|| format!("{} has no port; write {}:{MEMCACHED_PORT}", plain(text), plain(text)))?;
    let found: Vec<SocketAddr> = (host.as_str(), port)
        .to_socket_addrs()
        .map_err(|e| format!("{} cannot be resolved ({e}); write an address such as 127.0.0.1:{port}", plain(&host)))?
        .collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| format!("{} resolves to no address", plain(&host)))
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
    match host_port(text) {
        Ok((_, None)) => Ok(()),
        Ok((host, Some(_))) => {
            Err(format!("{} has a port, which does not matter here; write {}", plain(text), plain(&host)))
        }
        Err(_) => {
            Err(format!("{} is no host name; write one such as leash.example.com, or *.example.com", plain(text)))
        }
    }
}

fn host_port(text: &str) -> Result<(String, Option<u16>), String> {
    if let Some((scheme, rest)) = text.split_once("://") {
        return Err(format!("{}:// is not needed; write {}", plain(scheme), plain(rest.trim_end_matches('/'))));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("an IPv6 address needs brackets; write [{text}]:{MEMCACHED_PORT}"));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return bracketed(rest).ok_or_else(|| format!("{} is no address; write [::1]:{MEMCACHED_PORT}", plain(text)));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if host.is_empty() || host.len() > 253 || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Err(format!("{} is no address; write host:port, such as m0:{MEMCACHED_PORT}", plain(text)));
    }
    let Some(port) = port else { return Ok((host.into(), None)) };
    match number(port) {
        Some(port) => Ok((host.into(), Some(port))),
        None => Err(format!("{} is no port; write a number from 1 to 65535", plain(port))),
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

/// Digits only: `u16::from_str` would take `+1`.
fn number(port: &str) -> Option<u16> {
    port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(socket("127.0.0.1:0"), Ok(([127, 0, 0, 1], 0).into()));
        assert_eq!(socket("[::1]:5").map(|a| a.port()), Ok(5));
        assert!(socket("localhost:11211").unwrap().ip().is_loopback());
        assert_eq!(socket(":11211").unwrap_err(), ":11211 names no address; write 0.0.0.0:11211");
        assert_eq!(socket("*:11211").unwrap_err(), "*:11211 names no address; write 0.0.0.0:11211");
        assert_eq!(socket("127.0.0.1").unwrap_err(), "127.0.0.1 has no port; write 127.0.0.1:11211");
        assert!(socket("no-such-host.invalid:1").unwrap_err().contains("cannot be resolved"));
    }
}
