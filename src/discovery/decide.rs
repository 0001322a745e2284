//! What an answer means for the servers of a pool. Pure: the time is an argument.
//!
//! A server that an answer names is one at once. One that it does not name stays until no answer has named it for
//! `shrink_after`: a blip of the endpoint, or a name service that lags, must not move keys. An answer that names none
//! says nothing, and so does one that is older than what is known, unless there is nothing newer for as long.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

/// A server as an answer names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundServer {
    /// Its host name, or its address where it has none.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersAnswer {
    /// Its number, where answers are numbered.
    pub version: Option<u64>,
    /// The servers, in any order.
    pub servers: Vec<FoundServer>,
}

/// The servers of a pool, in an order that all sidecars have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// Since when each of them is missing from all answers, if it is.
    servers: BTreeMap<FoundServer, Option<Instant>>,
    version: Option<u64>,
    /// Since when all answers are older than that.
    older_since: Option<Instant>,
}

/// What has changed, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersChange {
    /// The servers that are new.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
}

impl Members {
    /// Those of the first answer.
    pub fn of(answer: MembersAnswer) -> Members {
        let servers = answer.servers.into_iter().map(|server| (server, None)).collect();
        Members { servers, version: answer.version, older_since: None }
    }

    /// The servers.
    pub fn servers(&self) -> impl Iterator<Item = &FoundServer> {
        self.servers.keys()
    }

    /// Takes an answer that came at `now`. What it has changed, if it has.
    pub fn learn(&mut self, answer: MembersAnswer, now: Instant, shrink_after: Duration) -> Option<MembersChange> {
        if answer.servers.is_empty() || !self.is_current(&answer, now, shrink_after) {
            return None;
        }
        self.version = answer.version.or(self.version);
        for (server, missing) in &mut self.servers {
            let is_named = answer.servers.contains(server);
            *missing = if is_named { None } else { missing.or(Some(now)) };
        }
        let mut change = MembersChange::default();
        for server in answer.servers {
            if let Entry::Vacant(place) = self.servers.entry(server) {
                change.added.push(place.key().to_string());
                place.insert(None);
            }
        }
        let is_gone = |since: &Option<Instant>| since.is_some_and(|since| now - since >= shrink_after);
        self.servers.retain(|server, missing| {
            if is_gone(missing) {
                change.removed.push(server.to_string());
            }
            !is_gone(missing)
        });
        (change != MembersChange::default()).then_some(change)
    }

    /// A cluster that was made anew counts its answers from one again.
    fn is_current(&mut self, answer: &MembersAnswer, now: Instant, shrink_after: Duration) -> bool {
        let is_older = matches!((answer.version, self.version), (Some(new), Some(known)) if new < known);
        self.older_since = is_older.then(|| self.older_since.unwrap_or(now));
        self.older_since.is_none_or(|since| now - since >= shrink_after && !shrink_after.is_zero())
    }
}

impl std::fmt::Display for FoundServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHRINK: Duration = Duration::from_secs(300);

    fn answer(version: u64, names: &[&str]) -> MembersAnswer {
        let servers = names.iter().map(|name| FoundServer { host: (*name).into(), port: 11211 }).collect();
        MembersAnswer { version: Some(version), servers }
    }

    fn names(members: &Members) -> Vec<&str> {
        members.servers().map(|server| server.host.as_str()).collect()
    }

    #[test]
    fn a_new_server_is_one_at_once_and_a_missing_one_stays_for_a_while() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut members = Members::of(answer(1, &["b", "a"]));
        assert_eq!(names(&members), ["a", "b"], "in one order everywhere");
        assert_eq!(members.learn(answer(1, &["a", "b"]), start, SHRINK), None);
        let change = members.learn(answer(2, &["a", "c"]), start, SHRINK).unwrap();
        assert_eq!((change.added, change.removed), (vec!["c:11211".to_string()], vec![]));
        assert_eq!(members.learn(answer(2, &["a", "c"]), start + SHRINK - second, SHRINK), None);
        let change = members.learn(answer(2, &["a", "c"]), start + SHRINK, SHRINK).unwrap();
        assert_eq!((change.added, change.removed), (vec![], vec!["b:11211".to_string()]));
        assert_eq!(names(&members), ["a", "c"]);
    }

    #[test]
    fn a_blip_moves_nothing() {
        let (start, mut members) = (Instant::now(), Members::of(answer(5, &["a", "b"])));
        assert_eq!(members.learn(answer(6, &[]), start, SHRINK), None);
        assert_eq!(members.learn(answer(4, &["a", "x"]), start, SHRINK), None, "older than what is known");
        assert_eq!(members.learn(answer(5, &["a"]), start, SHRINK), None);
        assert_eq!(members.learn(answer(5, &["a", "b"]), start + SHRINK / 2, SHRINK), None, "it is back");
        assert_eq!(members.learn(answer(5, &["a"]), start + SHRINK, SHRINK), None, "its time begins anew");
        assert_eq!(names(&members), ["a", "b"]);
    }

    #[test]
    fn a_cluster_that_counts_from_one_again_is_believed_in_the_end() {
        let (start, mut members) = (Instant::now(), Members::of(answer(50, &["a"])));
        assert_eq!(members.learn(answer(1, &["z"]), start, SHRINK), None);
        assert!(members.learn(answer(1, &["z"]), start + SHRINK, SHRINK).is_some());
        assert_eq!(names(&members), ["a", "z"]);
    }

    proptest! {
        /// However answers come and go, a server that any answer of the last `shrink_after` named is never taken out,
        /// and there always is one.
        #[test]
        fn nobody_who_was_named_lately_is_taken_out(
            answers in prop::collection::vec((0..200_u64, prop::collection::vec(0..5_usize, 0..5)), 1..40),
        ) {
            let all = ["a", "b", "c", "d", "e"];
            let (mut now, mut members) = (Instant::now(), Members::of(answer(1, &["a"])));
            let mut named: BTreeMap<&str, Instant> = BTreeMap::from([("a", now)]);
            for (seconds, servers) in answers {
                now += Duration::from_secs(seconds);
                let servers: Vec<&str> = servers.into_iter().map(|number| all[number]).collect();
                named.extend(servers.iter().map(|name| (*name, now)));
                members.learn(answer(1, &servers), now, SHRINK);
                for (name, since) in &named {
                    prop_assert!(now - *since >= SHRINK || names(&members).contains(name), "{name}");
                }
                prop_assert!(!names(&members).is_empty());
            }
        }
    }
}
