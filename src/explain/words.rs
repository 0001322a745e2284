//! The same for people: a line for each key, and a paragraph where its server was asked.

use std::time::Duration;

use serde_json::Value;

use crate::config::Refresh;
use crate::config::units::{show_duration, show_percent};

/// `user:42  route ""  pool main  slot 17  server m1 (10.0.0.7:11211)`, in the order of the way; then, indented, what a
/// look found.
pub fn in_words(place: &Value) -> String {
    let mut text = line(place);
    if let Some(live) = place.get("live") {
        for line in found(live) {
            text.push_str("\n  ");
            text.push_str(&line);
        }
    }
    text
}

/// Whether a look could not find out all it was to.
pub fn is_in_doubt(place: &Value) -> bool {
    place["live"].get("error").is_some()
}

fn line(place: &Value) -> String {
    let text = |field: &str| place[field].as_str().unwrap_or_default();
    if place.get("answer").is_some() {
        return format!("{}  {}", text("key"), text("answer"));
    }
    let mut parts = vec![text("key").to_string(), format!("route {:?}", text("route"))];
    if place["sent_as"] != place["key"] {
        parts.push(format!("sent as {}", text("sent_as")));
    }
    parts.extend(place.get("refresh").map(refresh));
    match place.get("migrate") {
        None => parts.extend(whereabouts(place)),
        Some(migrate) => parts.extend(both(migrate)),
    }
    parts.join("  ")
}

fn whereabouts(place: &Value) -> Vec<String> {
    let text = |field: &str| place[field].as_str().unwrap_or_default();
    let mut parts = vec![format!("pool {}", text("pool"))];
    parts.extend(place.get("slot").map(|slot| format!("slot {slot}")));
    parts.push(format!("server {}", text("address")));
    parts.extend(place.get("gutter").map(|gutter| {
        let pool = gutter["pool"].as_str().unwrap_or_default();
        format!("gutter {pool} ttl {}s", gutter["ttl"])
    }));
    parts
}

/// Both places of a key on a route that migrates.
fn both(migrate: &Value) -> Vec<String> {
    let (from, to) = (&migrate["from"], &migrate["to"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let (old, new, phase) = (text(&from["pool"]), text(&to["pool"]), text(&migrate["phase"]));
    let mut parts = vec![format!("migrate from {old} to {new} phase {phase}")];
    parts.extend(whereabouts(from));
    parts.extend(whereabouts(to));
    parts
}

/// The marker bit interests who has chosen another.
fn refresh(refresh: &Value) -> String {
    let mut text = format!("refresh grace {}s lease {}s", refresh["grace"], refresh["lease"]);
    if let Some(wait) = refresh["cold_wait"].as_f64() {
        text += &format!(" cold_wait {}", show_duration(Duration::from_secs_f64(wait)));
    }
    if let Some(jitter) = refresh["jitter"].as_f64() {
        text += &format!(" jitter {}", show_percent(jitter));
    }
    if let Some(early) = refresh.get("early") {
        text += &format!(" early beta {}", early["beta"]);
    }
    if refresh["marker_bit"] != Refresh::default().marker_bit {
        text += &format!(" marker_bit {}", refresh["marker_bit"]);
    }
    text
}

/// What a look found, a line for each thing.
pub fn found(live: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if live["state"] != "unknown" {
        lines.push(state(live));
    }
    lines.extend(live.get("size").map(|_| facts(live)));
    lines.extend(live.get("lease").and_then(lease));
    lines.extend(live["error"].as_str().map(|why| format!("not known: {why}")));
    lines
}

fn state(live: &Value) -> String {
    match live["state"].as_str().unwrap_or_default() {
        "missing" => "no item".to_string(),
        "fresh" => format!("fresh for {}s more", live["stale_in"]),
        "stale" => format!("stale since {}s, served for {}s more", live["stale_since"], live["served_for"]),
        "unjudged" if live["is_marked"] == true => "without an end: never judged stale".to_string(),
        "unjudged" => "not marked: never judged stale".to_string(),
        "invalidated" => "invalidated by the application (md I), which is left to it".to_string(),
        "claimed" => "somebody has memcached's own win token, which is left to the application".to_string(),
        other => other.to_string(),
    }
}

fn facts(live: &Value) -> String {
    let ttl = live["ttl"].as_i64().map_or("none".to_string(), |ttl| format!("{ttl}s"));
    let read = if live["was_read"] == true { "read before" } else { "never read" };
    let bytes = if live["size"] == 1 { "byte" } else { "bytes" };
    format!(
        "{} {bytes}  client flags {}  TTL {ttl}  last access {}s ago  {read}",
        live["size"], live["client_flags"], live["last_access"]
    )
}

fn lease(lease: &Value) -> Option<String> {
    let seconds = |before: &str, behind: &str| {
        lease["ttl"].as_i64().map_or(String::new(), |ttl| format!("{before}{ttl}s{behind}"))
    };
    match lease["state"].as_str()? {
        "free" => Some("nobody has the lease".to_string()),
        "taken" => Some(format!("lease taken{}", seconds(", ", " left"))),
        "revoked" => {
            let forgotten = seconds(", forgotten in ", "");
            Some(format!("lease revoked by a write or a delete, free for the next caller{forgotten}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::explain::found::{Found, tell};
    use crate::explain::policies;
    use crate::protocol::{Cause, Failure, Item, Reply};
    use crate::route::refresh::decide::REVOKED;
    use crate::snapshot::tree::policy;

    fn place() -> Value {
        json!({ "key": "k", "route": "p:", "sent_as": "k", "pool": "main", "slot": 3, "address": "m0:11211" })
    }

    /// What is said of an item and its lease on a route with the default refresh.
    fn said(item: &Reply, lease: &Reply) -> Vec<String> {
        let policy = policy(&Refresh::default());
        found(&tell(&Found { policy: Some(&policy), item, lease: Some(lease), won_here: None }))
    }

    fn item(client_flags: u32, ttl: i64) -> Reply {
        Reply::Hit(Item { client_flags, ttl, size: 5, cas: 9, last_access: 3, ..Item::default() })
    }

    fn lease(value: &'static [u8]) -> Reply {
        Reply::Hit(Item { value: Some(value.into()), ttl: 7, ..Item::default() })
    }

    const MARKED: u32 = 1 << 31;

    #[test]
    fn the_policies_stand_in_the_order_of_the_way() {
        let mut place = place();
        assert_eq!(in_words(&place), "k  route \"p:\"  pool main  slot 3  server m0:11211");
        place["sent_as"] = "n:k".into();
        place["refresh"] = policies::refresh(&Refresh::default());
        place["gutter"] = json!({ "pool": "spare", "ttl": 10 });
        let way = "k  route \"p:\"  sent as n:k  refresh grace 60s lease 10s  pool main  slot 3  server m0:11211";
        assert_eq!(in_words(&place), format!("{way}  gutter spare ttl 10s"));
    }

    #[test]
    fn what_is_off_is_not_told() {
        let of = |policy| refresh(&policies::refresh(&policy));
        assert_eq!(of(Refresh::default()), "refresh grace 60s lease 10s");
        let all = Refresh {
            cold_wait: Duration::from_millis(1500),
            jitter: 0.125,
            marker_bit: 30,
            early: Some(2.5),
            ..Refresh::default()
        };
        let told = "refresh grace 60s lease 10s cold_wait 1500ms jitter 12.5% early beta 2.5 marker_bit 30";
        assert_eq!(of(all), told);
    }

    #[test]
    fn an_item_is_told_as_clients_see_it() {
        let free = Reply::Miss;
        let facts = |ttl| format!("5 bytes  client flags 1  TTL {ttl}  last access 3s ago  never read");
        let nobody = "nobody has the lease";
        assert_eq!(said(&item(MARKED | 1, 72), &free), ["fresh for 12s more", &facts("12s"), nobody]);
        let stale = "stale since 5s, served for 55s more";
        assert_eq!(said(&item(MARKED | 1, 55), &free), [stale, &facts("0s"), nobody]);
        assert_eq!(said(&item(1, 55), &free), ["not marked: never judged stale", &facts("55s"), nobody]);
        let endless = "without an end: never judged stale";
        assert_eq!(said(&item(MARKED | 1, -1), &free), [endless, &facts("none"), nobody]);
        assert_eq!(said(&Reply::Miss, &free), ["no item", nobody]);
    }

    #[test]
    fn a_route_that_migrates_tells_both_places() {
        let mut place = place();
        let at = |pool, address| json!({ "pool": pool, "server": address, "address": address, "slot": 4 });
        place["migrate"] = json!({ "phase": "warm", "from": at("old", "m0:11211"), "to": at("new", "n0:11211") });
        let expected = "k  route \"p:\"  migrate from old to new phase warm  pool old  slot 4  server m0:11211  \
                        pool new  slot 4  server n0:11211";
        assert_eq!(in_words(&place), expected);
    }

    #[test]
    fn the_lease_is_told() {
        let of = |reply: Reply| said(&Reply::Miss, &reply).pop().unwrap();
        assert_eq!(of(lease(b"0123")), "lease taken, 7s left");
        let revoked = "lease revoked by a write or a delete, free for the next caller, forgotten in 7s";
        assert_eq!(of(lease(REVOKED)), revoked);
        assert_eq!(of(Reply::Miss), "nobody has the lease");
    }

    #[test]
    fn memcached_s_own_game_is_left_to_the_application() {
        let marked = |marks| Reply::Hit(Item { client_flags: MARKED, ttl: 10, marks, ..Item::default() });
        let first = |marks| said(&marked(marks), &Reply::Miss).remove(0);
        assert_eq!(first(*b"XW\0"), "invalidated by the application (md I), which is left to it");
        assert_eq!(first(*b"ZX\0"), "invalidated by the application (md I), which is left to it");
        assert_eq!(first(*b"Z\0\0"), "somebody has memcached's own win token, which is left to the application");
    }

    #[test]
    fn a_route_that_does_not_refresh_has_neither_stale_dates_nor_leases() {
        let told = tell(&Found { policy: None, item: &item(MARKED, -1), lease: None, won_here: None });
        let facts = "5 bytes  client flags 2147483648  TTL none  last access 3s ago  never read";
        assert_eq!(found(&told), ["there", facts]);
    }

    #[test]
    fn a_server_that_could_not_be_asked_is_named_once() {
        let down = Reply::Failed(Failure { cause: Cause::Timeout, server: "m0".into() });
        assert_eq!(said(&down, &down), ["not known: server m0: no reply in time"]);
        let half = said(&Reply::Miss, &Reply::Error("SERVER_ERROR out of memory".into()));
        assert_eq!(half, ["no item", "not known: the server says SERVER_ERROR out of memory"]);
        let policy = policy(&Refresh::default());
        let mut place = place();
        assert!(!is_in_doubt(&place));
        place["live"] = tell(&Found { policy: Some(&policy), item: &Reply::Miss, lease: Some(&down), won_here: None });
        assert!(is_in_doubt(&place));
    }
}
