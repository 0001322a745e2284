//! What a configuration endpoint answers: the number of the configuration, and its nodes.
//!
//! ```text
//!   CONFIG cluster 0 LENGTH        (VALUE AmazonElastiCache:cluster 0 LENGTH before memcached 1.4.14)
//!   VERSION
//!   HOST|IP|PORT HOST|IP|PORT …
//!
//!   END
//! ```

use super::decide::{FoundServer, MembersAnswer};

/// More nodes than this are no cluster.
const MOST_NODES: usize = 1000;

/// Reads the body between the first line and `END`.
pub(super) fn read(body: &str) -> Result<MembersAnswer, String> {
    let mut lines = body.split('\n').map(str::trim);
    let version = lines.next().unwrap_or_default();
    let version = version.parse().map_err(|_| format!("{version:?} is no number of a configuration"))?;
    let servers: Vec<FoundServer> =
        lines.next().unwrap_or_default().split_ascii_whitespace().map(node).collect::<Result<_, _>>()?;
    if servers.len() > MOST_NODES {
        return Err(format!("{} nodes, more than {MOST_NODES}", servers.len()));
    }
    Ok(MembersAnswer { version: Some(version), servers })
}

/// A node is known by its host name; one without has its address.
fn node(text: &str) -> Result<FoundServer, String> {
    let wrong = || format!("{:?} is no node", text.chars().take(80).collect::<String>());
    let mut parts = text.split('|');
    let (Some(host), Some(ip), Some(port), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    let host = if host.is_empty() { ip } else { host };
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    let port = port.parse().ok().filter(|port| *port != 0);
    match port {
        Some(port) if !host.is_empty() && host.len() <= 253 && host.bytes().all(is_name) => {
            Ok(FoundServer { host: host.trim_end_matches('.').into(), port })
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nodes_are_known_by_their_host_names() {
        let read = read("12\nc1.cache.amazonaws.com|10.0.0.1|11211 |10.0.0.2|11212\n\r\n").unwrap();
        assert_eq!(read.version, Some(12));
        let names: Vec<String> = read.servers.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["c1.cache.amazonaws.com:11211", "10.0.0.2:11212"]);
        assert_eq!(super::read("13\n\n").unwrap().servers, [], "a cluster without nodes");
    }

    #[test]
    fn garbage_is_no_answer() {
        for body in
            ["", "x\na|b|1", "1\na|b", "1\na|b|0", "1\na|b|99999", "1\n||1", "1\na b|c|1", "1\na\u{1}|b|1", "-1\n"]
        {
            assert!(read(body).is_err(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_could_be_two_lines(body in "[0-9]{1,3}\n.{0,80}") {
            for server in read(&body).into_iter().flat_map(|answer| answer.servers) {
                prop_assert!(server.port > 0 && !server.host.contains(['\r', '\n', ' ']));
            }
        }
    }
}
