//! The answer to "where does this key go?", as a type: page, JSON and text only draw it. Data; who walks the tree fills
//! it in.
//!
//! In JSON times are seconds, shares are of 1, and what does not apply is left out.

use serde::Serialize;

use super::finding::Finding;
use crate::config::{Phase, Refresh};
use crate::metrics::ServerState;

/// Where one key goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Destination {
    /// The key as the application writes it.
    pub key: String,
    /// The prefix of its route; `None` where no route fits.
    pub route: Option<String>,
    /// Where it ends.
    #[serde(flatten)]
    pub end: Arrival,
}

/// Where a key ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Arrival {
    /// At no single server.
    Nowhere {
        /// What a client is told, or why there is no single server.
        answer: String,
    },
    /// At a server.
    Server(Box<AtServer>),
    /// In a queue that the leash has itself.
    Here {
        /// The queue.
        queue: QueueTerms,
        /// The directory of its messages.
        dir: String,
    },
}

/// The queue that a key names, and how clients take its messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueTerms {
    /// Its name, without what a client wishes behind it.
    pub name: String,
    /// What clients may expect of `get` and `delete`.
    pub mode: &'static str,
    /// How long a consumer may have a message.
    pub reserve: f64,
}

/// A key at its server, and the policies it has passed on its way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtServer {
    /// The key as the server knows it.
    pub sent_as: String,
    /// The server that has the last word.
    #[serde(flatten)]
    pub spot: Spot,
    /// Both servers of the key, on a route that migrates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrate: Option<Crossing>,
    /// How stale values are refreshed, on a route that does so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshTerms>,
    /// The queue that it names, on a route whose queues are at the servers of a pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueTerms>,
    /// The address where its value is loaded, on a route with a loader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loader: Option<String>,
    /// The key of its lease, on such a route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// What the process that serves thinks of the server; `None` where another process answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ServerState>,
    /// What a look found there, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Finding>,
}

/// The server of a key in one pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spot {
    /// The pool.
    pub pool: String,
    /// The server's name.
    pub server: String,
    /// Its name and address for people.
    pub address: String,
    /// The key's slot, where the pool has slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u16>,
    /// Where the key goes while the server is down, if anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gutter: Option<Standby>,
}

/// The pool that takes a down server's keys.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standby {
    /// Its name.
    pub pool: String,
    /// The longest TTL that items get there.
    pub ttl: u64,
}

/// A key between two pools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// How far the migration has come.
    pub phase: Phase,
    /// The key in the old pool.
    pub from: Spot,
    /// The key in the new pool.
    pub to: Spot,
}

/// How stale values of a route are refreshed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RefreshTerms {
    /// How long past its stale date a value may still be served.
    pub grace: u64,
    /// How long one caller may take to regenerate a value.
    pub lease: u64,
    /// The bit of the client flags that marks what is judged.
    pub marker_bit: u8,
    /// How long a value is kept past that, to be served while it cannot be made anew, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_safe: Option<u64>,
    /// How long callers wait for a cold value, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold_wait: Option<f64>,
    /// By how much of its TTL a value goes stale earlier, if at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<f64>,
    /// How eagerly values are refreshed before they are stale, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early: Option<EarlyTerms>,
}

/// XFetch's parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EarlyTerms {
    /// Its beta.
    pub beta: f64,
}

impl Destination {
    /// A key that ends at no single server.
    pub fn nowhere(key: &str, route: Option<&str>, answer: impl Into<String>) -> Destination {
        let end = Arrival::Nowhere { answer: answer.into() };
        Destination { key: key.to_string(), route: route.map(str::to_string), end }
    }

    /// The server it ends at, if it does.
    pub fn at_server(&self) -> Option<&AtServer> {
        match &self.end {
            Arrival::Server(there) => Some(there),
            Arrival::Nowhere { .. } | Arrival::Here { .. } => None,
        }
    }

    /// The same, to add what is known of it.
    pub fn at_server_mut(&mut self) -> Option<&mut AtServer> {
        match &mut self.end {
            Arrival::Server(there) => Some(there),
            Arrival::Nowhere { .. } | Arrival::Here { .. } => None,
        }
    }

    /// Whether a look could not find out all it was to.
    pub fn is_in_doubt(&self) -> bool {
        let live = self.at_server().and_then(|there| there.live.as_ref());
        live.is_some_and(|finding| finding.error.is_some())
    }
}

impl From<&Refresh> for RefreshTerms {
    fn from(refresh: &Refresh) -> RefreshTerms {
        RefreshTerms {
            grace: refresh.grace.as_secs(),
            lease: refresh.lease.as_secs(),
            marker_bit: refresh.marker_bit,
            fail_safe: (!refresh.fail_safe.is_zero()).then_some(refresh.fail_safe.as_secs()),
            cold_wait: (!refresh.cold_wait.is_zero()).then_some(refresh.cold_wait.as_secs_f64()),
            jitter: (refresh.jitter > 0.0).then_some(refresh.jitter),
            early: refresh.early.map(|beta| EarlyTerms { beta }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{ItemFacts, ItemState, LeaseFinding, LeaseState};
    use serde_json::json;

    fn spot(pool: &str) -> Spot {
        let gutter = (pool == "new").then(|| Standby { pool: "spare".into(), ttl: 10 });
        Spot { pool: pool.into(), server: "m0".into(), address: "m0 (h:1)".into(), slot: None, gutter }
    }

    #[test]
    fn a_key_without_a_server_says_why() {
        let told = |route| serde_json::to_value(Destination::nowhere("k", route, "refused")).unwrap();
        assert_eq!(told(None), json!({ "key": "k", "route": null, "answer": "refused" }));
        assert_eq!(told(Some("")), json!({ "key": "k", "route": "", "answer": "refused" }));
    }

    #[test]
    fn what_does_not_apply_is_left_out_and_all_else_is_told() {
        let bare = AtServer {
            sent_as: "k".into(),
            spot: spot("main"),
            migrate: None,
            refresh: None,
            queue: None,
            loader: None,
            lease: None,
            state: None,
            live: None,
        };
        let told = |there: AtServer| {
            let destination =
                Destination { key: "k".into(), route: Some("p:".into()), end: Arrival::Server(there.into()) };
            serde_json::to_value(destination).unwrap()
        };
        let of_spot = json!({
            "key": "k", "route": "p:", "sent_as": "k", "pool": "main", "server": "m0", "address": "m0 (h:1)",
        });
        assert_eq!(told(bare.clone()), of_spot);
        let facts = ItemFacts {
            size: 5,
            client_flags: 7,
            cas: 9,
            ttl: None,
            last_access: 3,
            was_read: false,
            is_marked: Some(true),
        };
        let lease = LeaseFinding { state: LeaseState::Taken { ttl: Some(7) }, won_here: Some(true) };
        let state = ItemState::Stale { stale_since: 5, served_for: 55 };
        let live = Finding { state, facts: Some(facts), lease: Some(lease), error: None };
        let crossing = Crossing { phase: Phase::Warm, from: spot("main"), to: spot("new") };
        let full = AtServer {
            refresh: Some(RefreshTerms::from(&Refresh { early: Some(1.0), ..Refresh::default() })),
            migrate: Some(crossing),
            state: Some(ServerState::Up),
            live: Some(live),
            ..bare
        };
        let told = told(full);
        assert_eq!(told["refresh"], json!({ "grace": 60, "lease": 10, "marker_bit": 31, "early": { "beta": 1.0 } }));
        assert_eq!((&told["state"], &told["migrate"]["phase"]), (&json!("up"), &json!("warm")));
        assert_eq!(told["migrate"]["to"]["gutter"], json!({ "pool": "spare", "ttl": 10 }));
        let live = json!({
            "state": "stale", "stale_since": 5, "served_for": 55, "size": 5, "client_flags": 7, "cas": 9, "ttl": null,
            "last_access": 3, "was_read": false, "is_marked": true,
            "lease": { "state": "taken", "ttl": 7, "won_here": true },
        });
        assert_eq!(told["live"], live);
    }
}
