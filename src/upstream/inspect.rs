//! A look at a server for people: connects to every address of its name as a worker would, greets it, and asks for its
//! settings. Nothing that it runs into counts for the health of the server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::spawn_local;
use tokio::time::timeout;

use super::connect::Connected;
use super::greeting::{greet, outdated};
use super::target::Target;
use super::unusable::Unusable;
use crate::config::Address;
use crate::protocol::Cause;

/// No memcached has more settings than fit in here.
const MOST: usize = 64 * 1024;

/// What was found at one address of a server.
pub(crate) struct Sighting {
    /// The address; `None`: the server has a path, not addresses.
    pub address: Option<SocketAddr>,
    /// What is there, or why leash could not use it.
    pub found: Result<ServerFacts, Unusable>,
}

/// What a server says of itself. What it does not say is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerFacts {
    /// Its version.
    pub version: Option<String>,
    /// Whether its items have CAS uniques.
    pub has_cas: Option<bool>,
    /// Whether it asks for a password in the way that leash says one.
    pub wants_password: Option<bool>,
    /// Whether it keeps messages of queues; a server that tells its settings and does not say so does not.
    pub keeps_queues: Option<bool>,
}

impl Target {
    /// Looks at all its addresses at once; or why it has none. On a local runtime.
    pub(crate) async fn inspect(self: &Arc<Self>) -> Result<Vec<Sighting>, Unusable> {
        let Address::Tcp { host, port } = &self.address else {
            return Ok(vec![self.sight(None).await]);
        };
        let addresses = self.look_up(host, *port).await.map_err(|error| Unusable::no_connection(&error))?;
        let looks = addresses.into_iter().map(|address| {
            let target = self.clone();
            spawn_local(async move { target.sight(Some(address)).await })
        });
        let mut sightings = Vec::new();
        for look in looks.collect::<Vec<_>>() {
            sightings.extend(look.await);
        }
        Ok(sightings)
    }

    async fn sight(&self, address: Option<SocketAddr>) -> Sighting {
        let connected = match address {
            Some(address) => self.connect_to(address).await,
            None => self.connect().await,
        };
        let found = match connected {
            Ok(connected) => self.facts(connected).await,
            Err(unusable) => Err(unusable),
        };
        Sighting { address, found }
    }

    async fn facts(&self, mut connected: Connected) -> Result<ServerFacts, Unusable> {
        let greeted = match greet(self, &mut connected.reader, &connected.writer).await {
            Err(unusable @ Unusable { cause: Cause::Outdated, .. }) => {
                return Err(self.how_old(unusable, connected).await);
            }
            greeted => greeted?,
        };
        let version = greeted.version;
        let version = version.map(|version| String::from_utf8_lossy(&version).into_owned());
        let settings = connected.say("stats settings\r\n", MOST, settings);
        // A server that keeps its settings to itself can be used all the same.
        let settings = timeout(self.options.request_timeout, settings).await.ok().and_then(Result::ok);
        Ok(ServerFacts { version, ..settings.unwrap_or_default() })
    }

    /// One that does not even know what it is greeted with knows this question.
    async fn how_old(&self, unusable: Unusable, mut connected: Connected) -> Unusable {
        let told = timeout(self.options.request_timeout, connected.say("version\r\n", MOST, version)).await;
        told.ok().and_then(Result::ok).map_or(unusable, |version| outdated(version.as_bytes()))
    }
}

/// What the answer to `version` tells.
fn version(text: &str) -> Option<String> {
    Some(text.strip_prefix("VERSION ")?.strip_suffix("\r\n")?.to_string())
}

/// What the lines of `stats settings` tell, once all of them are there.
fn settings(text: &str) -> Option<ServerFacts> {
    let is_whole = text.ends_with("END\r\n") || (text.ends_with("\r\n") && !text.starts_with("STAT "));
    let said = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix("STAT ")?.strip_prefix(name)?.strip_prefix(' '))?;
        // Of a file with users the path is told.
        Some(value != "no")
    };
    let (has_cas, wants_password) = (said("cas_enabled"), said("auth_enabled_ascii"));
    let keeps_queues = said("queues_enabled").or(has_cas.map(|_| false));
    is_whole.then_some(ServerFacts { version: None, has_cas, wants_password, keeps_queues })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_once_they_are_whole_and_what_is_not_said_is_unknown() {
        let whole = "STAT maxconns 1024\r\nSTAT cas_enabled no\r\nSTAT auth_enabled_ascii /users\r\nEND\r\n";
        assert!((0..whole.len()).all(|cut| settings(&whole[..cut]).is_none()));
        let facts = settings(whole).unwrap();
        assert_eq!((facts.has_cas, facts.wants_password), (Some(false), Some(true)));
        assert_eq!(facts.keeps_queues, Some(false), "memcached does not");
        let holder = settings("STAT cas_enabled yes\r\nSTAT queues_enabled yes\r\nEND\r\n").unwrap();
        assert_eq!(holder.keeps_queues, Some(true));
        for nothing in ["END\r\n", "ERROR\r\n", "CLIENT_ERROR no\r\n", "STAT cas_enabled_too no\r\nEND\r\n"] {
            assert_eq!(settings(nothing), Some(ServerFacts::default()), "{nothing}");
        }
    }
}
