//! The same for people: a line for each key, and a paragraph where its server was asked.

use std::time::Duration;

use super::{
    Arrival, AtServer, Crossing, Destination, Finding, ItemFacts, ItemState, LeaseState, QueueTerms, RefreshTerms,
    Spot, Standby,
};
use crate::config::Refresh;
use crate::config::units::{show_duration, show_percent};

/// `user:42  route ""  pool main  slot 17  server m1 (10.0.0.7:11211)`, in the order of the way; then, indented, what a
/// look found.
pub fn in_words(destination: &Destination) -> String {
    let live = destination.at_server().and_then(|there| there.live.as_ref());
    let found = live.map(found).unwrap_or_default();
    let lines = [line(destination)].into_iter().chain(found.into_iter().map(|line| format!("  {line}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same for scripts, in one line: the fields in the order of their names, so that two answers can be compared.
pub fn in_json(destination: &Destination) -> String {
    serde_json::to_value(destination).map_or_else(|error| error.to_string(), |fields| fields.to_string())
}

fn line(destination: &Destination) -> String {
    let key = &destination.key;
    match &destination.end {
        Arrival::Nowhere { answer } => format!("{key}  {answer}"),
        Arrival::Server(there) => {
            let route = format!("route {:?}", destination.route.as_deref().unwrap_or_default());
            let way = [key.clone(), route].into_iter().chain(way(key, there));
            way.collect::<Vec<_>>().join("  ")
        }
        Arrival::Here { queue, dir } => {
            let route = format!("route {:?}", destination.route.as_deref().unwrap_or_default());
            [key.clone(), route, in_queue(queue), format!("dir {dir}")].join("  ")
        }
    }
}

/// The policies on the way, and the server.
fn way(key: &str, there: &AtServer) -> Vec<String> {
    let mut parts = Vec::new();
    if there.sent_as != key && there.queue.is_none() {
        parts.push(format!("sent as {}", there.sent_as));
    }
    parts.extend(there.queue.as_ref().map(in_queue));
    parts.extend(there.loader.as_ref().map(|url| format!("loader {url}")));
    parts.extend(there.refresh.as_ref().map(refresh));
    match &there.migrate {
        None => parts.extend(spot(&there.spot)),
        Some(crossing) => parts.extend(both(crossing)),
    }
    parts
}

fn in_queue(QueueTerms { name, mode, reserve }: &QueueTerms) -> String {
    format!("queue {name} mode {mode} reserve {}", show_duration(Duration::from_secs_f64(*reserve)))
}

fn spot(spot: &Spot) -> Vec<String> {
    let mut parts = vec![format!("pool {}", spot.pool)];
    parts.extend(spot.slot.map(|slot| format!("slot {slot}")));
    parts.push(format!("server {}", spot.address));
    parts.extend(spot.gutter.as_ref().map(|Standby { pool, ttl }| format!("gutter {pool} ttl {ttl}s")));
    parts
}

/// Both places of a key on a route that migrates.
fn both(Crossing { phase, from, to }: &Crossing) -> Vec<String> {
    let mut parts = vec![format!("migrate from {} to {} phase {}", from.pool, to.pool, phase.word())];
    parts.extend(spot(from));
    parts.extend(spot(to));
    parts
}

/// The marker bit interests who has chosen another.
fn refresh(refresh: &RefreshTerms) -> String {
    let mut text = format!("refresh grace {}s lease {}s", refresh.grace, refresh.lease);
    if let Some(fail_safe) = refresh.fail_safe {
        text += &format!(" fail_safe {}", show_duration(Duration::from_secs(fail_safe)));
    }
    if let Some(wait) = refresh.cold_wait {
        text += &format!(" cold_wait {}", show_duration(Duration::from_secs_f64(wait)));
    }
    if let Some(jitter) = refresh.jitter {
        text += &format!(" jitter {}", show_percent(jitter));
    }
    if let Some(early) = &refresh.early {
        text += &format!(" early beta {:?}", early.beta);
    }
    if refresh.marker_bit != Refresh::default().marker_bit {
        text += &format!(" marker_bit {}", refresh.marker_bit);
    }
    text
}

/// What a look found, a line for each thing.
pub fn found(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(state(finding));
    lines.extend(finding.facts.as_ref().map(facts));
    lines.extend(finding.lease.as_ref().and_then(|found| lease(&found.state)));
    lines.extend(finding.error.as_ref().map(|why| format!("not known: {why}")));
    lines
}

/// How the item is, if that is known.
fn state(finding: &Finding) -> Option<String> {
    let is_marked = finding.facts.as_ref().and_then(|facts| facts.is_marked);
    let told = match &finding.state {
        ItemState::Unknown => return None,
        ItemState::Missing => "no item",
        ItemState::There => "there",
        ItemState::Fresh { stale_in } => return Some(format!("fresh for {stale_in}s more")),
        ItemState::Stale { stale_since, served_for } => {
            return Some(format!("stale since {stale_since}s, served for {served_for}s more"));
        }
        ItemState::Outlived { stale_since, kept_for } => {
            return Some(format!(
                "stale since {stale_since}s, served for {kept_for}s more only while its loader fails"
            ));
        }
        ItemState::Unjudged if is_marked == Some(true) => "without an end: never judged stale",
        ItemState::Unjudged => "not marked: never judged stale",
        ItemState::Invalidated => "invalidated by the application (md I), which is left to it",
        ItemState::Claimed => "a client has memcached's own win token, which is left to the application",
    };
    Some(told.to_string())
}

fn facts(facts: &ItemFacts) -> String {
    let ItemFacts { size, client_flags, last_access, .. } = facts;
    let ttl = facts.ttl.map_or("none".to_string(), |ttl| format!("{ttl}s"));
    let read = if facts.was_read { "read before" } else { "never read" };
    let bytes = if *size == 1 { "byte" } else { "bytes" };
    format!("{size} {bytes}  client flags {client_flags}  TTL {ttl}  last access {last_access}s ago  {read}")
}

fn lease(state: &LeaseState) -> Option<String> {
    let seconds = |ttl: &Option<i64>, before: &str, behind: &str| {
        ttl.map_or(String::new(), |ttl| format!("{before}{ttl}s{behind}"))
    };
    match state {
        LeaseState::Free => Some("the lease is free".to_string()),
        LeaseState::Taken { ttl } => Some(format!("lease taken{}", seconds(ttl, ", ", " left"))),
        LeaseState::Revoked { ttl } => {
            let forgotten = seconds(ttl, ", forgotten in ", "");
            Some(format!("lease revoked by a write or a delete, free for the next caller{forgotten}"))
        }
        LeaseState::Barren { ttl } => Some(format!("the loader has no value{}", seconds(ttl, ", asked again in ", ""))),
        LeaseState::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
