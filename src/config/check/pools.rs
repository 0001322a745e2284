//! `pools`: every pool has servers with different names, and an embedded store is alone in its pool.

use super::setting::{or_off, setting, switch, text};
use super::{discover, down, hash, queues, tls};
use crate::config::address;
use crate::config::checked::{Address, Embedded, Pool, ServerConfig};
use crate::config::fields::Scalar;
use crate::config::problem::{ConfigPlace, Problems, plain};
use crate::config::units::{COUNT, DURATION, SIZE};
use crate::config::written::{self, File};
use std::time::Duration;

/// The longest name of a pool or a server: it stands in labels of metrics and in error replies.
const MAX_NAME: usize = 255;
const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(600);
const RESTS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600);
const WEIGHTS: std::ops::RangeInclusive<usize> = 1..=1000;
const EXAMPLE: &str = "write servers: [m0:11211]";

/// Checks all pools.
pub(super) fn check(file: &File, problems: &mut Problems, warnings: &mut Problems) -> Vec<Pool> {
    match &file.pools {
        None if queues::are_all_here(file) => {}
        None => problems.missing(&file.place, "pools", "write pools: {main: {servers: [m0:11211]}}"),
        Some(pools) if pools.is_empty() => problems.missing(&file.place, "pools", "name at least one pool"),
        Some(_) => {}
    }
    let mut pools = file.pools.iter().flatten().map(|pool| one(pool, problems, warnings)).collect();
    down::gutters(file, &mut pools, problems);
    pools
}

fn one(written: &written::Pool, problems: &mut Problems, warnings: &mut Problems) -> Pool {
    name(&written.name, &written.place, problems);
    let discover = discover::check(written, problems);
    let is_found = discover.is_some() || written.discover.is_some();
    let servers = if is_found { Vec::new() } else { servers(written, problems, warnings) };
    let d = Pool { discover, ..Pool::of(&written.name, servers) };
    let failures = setting(&COUNT, written.failures.as_ref(), d.failures as usize, 1..=1_000_000, problems);
    let pool = Pool {
        connect_timeout: setting(&DURATION, written.connect_timeout.as_ref(), d.connect_timeout, TIMEOUTS, problems),
        request_timeout: setting(&DURATION, written.request_timeout.as_ref(), d.request_timeout, TIMEOUTS, problems),
        idle_timeout: idle_timeout(written.idle_timeout.as_ref(), d.idle_timeout, problems),
        any_address: switch(written.any_address.as_ref(), d.any_address, problems),
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        embedded: embedded(written.embedded.as_ref(), d.embedded, problems),
        tls: written.tls.as_ref().and_then(|written| tls::client(written, &d.servers, problems, warnings)),
        auth: written.auth.as_ref().and_then(|written| tls::auth(written, problems)),
        ..d
    };
    embedded_alone(written, &pool, problems);
    hash::check(written, pool, problems, warnings)
}

fn idle_timeout(written: Option<&Scalar>, default: Option<Duration>, problems: &mut Problems) -> Option<Duration> {
    if written.is_some() { or_off(&DURATION, written, RESTS, problems) } else { default }
}

fn servers(written: &written::Pool, problems: &mut Problems, warnings: &mut Problems) -> Vec<ServerConfig> {
    match &written.servers {
        None => problems.missing(&written.place, "servers", EXAMPLE),
        Some(list) if list.is_empty() => {
            problems.add(&written.place.key("servers", written.place.mark), format!("no server; {EXAMPLE}"));
        }
        Some(_) => {}
    }
    let mut servers: Vec<ServerConfig> = Vec::new();
    for written in written.servers.iter().flatten() {
        let Some(new) = server(written, problems) else { continue };
        if servers.iter().any(|old| old.name == new.name) {
            let text = format!("the pool has a server {} already; give this one a name of its own", plain(&new.name));
            problems.add(&written.place, text);
        } else if let Some(old) = servers.iter().find(|old| old.address == new.address) {
            warnings.add(&written.place, format!("the same address as server {}", plain(&old.name)));
        }
        servers.push(new);
    }
    servers
}

fn server(written: &written::ServerConfig, problems: &mut Problems) -> Option<ServerConfig> {
    let weight = setting(&COUNT, written.weight.as_ref(), 1, WEIGHTS, problems);
    let own_name = text(written.name.as_ref(), problems);
    if written.address.is_none() {
        problems.missing(&written.place, "address", "write address: m0:11211");
    }
    let scalar = written.address.as_ref()?;
    let written_address = &*scalar.text;
    let address = address::server(written_address).map_err(|wrong| problems.add(&scalar.place, wrong)).ok()?;
    let server_name = own_name.unwrap_or(written_address);
    name(server_name, written.name.as_ref().map_or(&scalar.place, |name| &name.place), problems);
    Some(ServerConfig { name: server_name.into(), address, weight: u32::try_from(weight).unwrap_or(1) })
}

/// Names stand in error replies and in metrics, where a control character would do harm.
fn name(name: &str, place: &ConfigPlace, problems: &mut Problems) {
    if name.is_empty() || name.len() > MAX_NAME {
        problems.add(place, format!("a name of {} bytes; write 1 to {MAX_NAME}", name.len()));
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        problems.add(place, format!("a name with a space or control character: {}; leave it out", plain(name)));
    }
}

fn embedded(written: Option<&written::Embedded>, default: Embedded, problems: &mut Problems) -> Embedded {
    let bytes = written.and_then(|embedded| embedded.max_bytes.as_ref());
    Embedded { max_bytes: setting(&SIZE, bytes, default.max_bytes, 1 << 10..=1 << 40, problems) }
}

/// The store lives and dies with this process, so beside real servers it would split a fleet's keys.
fn embedded_alone(written: &written::Pool, pool: &Pool, problems: &mut Problems) {
    let is_embedded = |server: &ServerConfig| server.address == Address::Embedded;
    if let Some(n) = pool.servers.iter().position(is_embedded)
        && pool.servers.len() > 1
    {
        let place = written.place.key("servers", written.place.mark).index(n, written.place.mark);
        let at = written.servers.iter().flatten().find(|s| s.address.as_ref().is_some_and(|a| a.text == "embedded"));
        problems.add(at.map_or(&place, |s| &s.place), "embedded must be alone in its pool; give it a pool of its own");
    }
    if let Some(embedded) = &written.embedded
        && !pool.servers.is_empty()
        && !pool.is_embedded()
    {
        problems.add(&embedded.place, "this pool has no embedded store; remove this, or write servers: [embedded]");
    }
}
