//! `discover` of a pool, and the spellings that Thanos, Loki and Mimir have for it.

use super::setting::{setting, text};
use crate::config::address;
use crate::config::checked::{Address, Discover, DiscoverSource, EVERY, SHRINK_AFTER};
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, plain};
use crate::config::units::DURATION;
use crate::config::written;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

const EVERIES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const SHRINKS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 3600);
/// Reads what is written behind a way to find servers.
type ReadSource = fn(&str) -> Result<DiscoverSource, String>;

/// Servers are known by their names, so SRV records are looked up alike whether their addresses are asked for or not.
const SPELLINGS: [(&str, ReadSource); 3] = [("dnssrvnoa+", srv), ("dnssrv+", srv), ("dns+", addresses)];

/// How the servers of this pool are found, if they are.
pub(super) fn check(pool: &written::Pool, problems: &mut Problems) -> Option<Discover> {
    match &pool.discover {
        Some(written) => of_map(written, problems),
        None => of_spelling(pool, problems),
    }
}

fn of_map(written: &written::Discover, problems: &mut Problems) -> Option<Discover> {
    let nameserver = written.nameserver.as_ref().and_then(|scalar| nameserver(scalar, problems));
    let known: [(&Option<Scalar>, ReadSource); 3] =
        [(&written.elasticache, endpoint), (&written.dns_srv, srv), (&written.dns, addresses)];
    let mut sources = known.iter().filter_map(|(scalar, read)| Some((scalar.as_ref()?, read)));
    let Some((scalar, read)) = sources.next() else {
        problems.missing(&written.place, "dns_srv", "write one of elasticache, dns_srv, dns");
        return None;
    };
    if let Some((second, _)) = sources.next() {
        problems.add(&second.place, "a pool is found in one way; write one of elasticache, dns_srv, dns");
    }
    let source = read(text(Some(scalar), problems)?).map_err(|wrong| problems.add(&scalar.place, wrong)).ok()?;
    Some(Discover {
        source: asking(source, nameserver),
        every: setting(&DURATION, written.every.as_ref(), EVERY, EVERIES, problems),
        shrink_after: setting(&DURATION, written.shrink_after.as_ref(), SHRINK_AFTER, SHRINKS, problems),
    })
}

/// One element of `servers` that is an instruction to look for them.
fn of_spelling(pool: &written::Pool, problems: &mut Problems) -> Option<Discover> {
    let written = pool.servers.iter().flatten().filter_map(|server| server.address.as_ref());
    let found = written.filter_map(|scalar| Some((scalar, spelling(&scalar.text)?))).next();
    let (scalar, (rest, read)) = found?;
    if pool.servers.iter().flatten().count() > 1 {
        problems.add(&scalar.place, "must be alone in servers; give it a pool of its own");
    }
    let source = read(rest).map_err(|wrong| problems.add(&scalar.place, wrong)).ok()?;
    Some(Discover { source, every: EVERY, shrink_after: SHRINK_AFTER })
}

fn spelling(text: &str) -> Option<(&str, ReadSource)> {
    SPELLINGS.iter().find_map(|(prefix, read)| Some((text.strip_prefix(prefix)?, *read)))
}

fn endpoint(text: &str) -> Result<DiscoverSource, String> {
    host_port(text).map(|(host, port)| DiscoverSource::ElastiCache { host, port })
}

fn addresses(text: &str) -> Result<DiscoverSource, String> {
    host_port(text).map(|(host, port)| DiscoverSource::Dns { host, port, nameserver: None })
}

fn srv(text: &str) -> Result<DiscoverSource, String> {
    let is_name = address::name(text).is_ok();
    if is_name && text.starts_with('_') {
        return Ok(DiscoverSource::DnsSrv { name: text.into(), nameserver: None });
    }
    Err(format!("{} names no SRV records; write one such as _memcached._tcp.cache.ns.svc.cluster.local", plain(text)))
}

fn host_port(text: &str) -> Result<(String, u16), String> {
    match address::server(text)? {
        Address::Tcp { host, port } => Ok((host, port)),
        _ => Err(format!("{} is no address that has servers; write host:port", plain(text))),
    }
}

fn asking(source: DiscoverSource, whom: Option<SocketAddr>) -> DiscoverSource {
    match source {
        DiscoverSource::DnsSrv { name, .. } => DiscoverSource::DnsSrv { name, nameserver: whom },
        DiscoverSource::Dns { host, port, .. } => DiscoverSource::Dns { host, port, nameserver: whom },
        endpoint => endpoint,
    }
}

fn nameserver(scalar: &Scalar, problems: &mut Problems) -> Option<SocketAddr> {
    let found = scalar.text.parse().ok();
    if found.is_none() {
        problems
            .add(&scalar.place, format!("{} is no IP address with a port; write 10.96.0.10:53", plain(&scalar.text)));
    }
    found
}
