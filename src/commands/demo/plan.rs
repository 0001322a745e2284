//! What a demo is to do, and whether it can show anything. The configurations of its two halves follow from it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::config::{Address, Config, Listen, Refresh, Route};
use crate::readable::{counted, time};

/// Connections that are not callers': the demo's own, and some to spare.
const SPARE: usize = 16;
/// Files that are open besides connections of callers.
const OTHER_FILES: u64 = 64;
/// More workers would not be noticed.
const WORKERS: usize = 4;

/// What a demo is to do.
#[derive(Clone, Debug)]
pub struct DemoPlan {
    /// How many callers there are.
    pub callers: usize,
    /// How many values they share.
    pub keys: usize,
    /// How long it takes to regenerate a value.
    pub regeneration: Duration,
    /// The TTL that callers ask for; whole seconds.
    pub ttl: Duration,
    /// How long each half lasts.
    pub length: Duration,
    /// Where values are stored.
    pub store: Config,
}

impl DemoPlan {
    /// Whether it can be carried out, and would show anything. `most_files` may be open at once.
    pub fn check(&self, most_files: Option<u64>) -> Result<(), String> {
        let shortest = self.ttl + self.regeneration;
        if self.length < shortest {
            let (ttl, regeneration) = (time(self.ttl), time(self.regeneration));
            let enough = shortest.as_millis().div_ceil(1000);
            return Err(format!(
                "--seconds {} is too short to see a value go stale after {ttl} and be regenerated in {regeneration}; write --seconds {enough}",
                self.length.as_secs()
            ));
        }
        if self.keys > self.callers {
            let (keys, callers) = (self.keys, counted(self.callers, "caller"));
            return Err(format!("--keys {keys} leaves keys that none of {callers} asks for; write --keys 1"));
        }
        // Both ends of a connection are in this process.
        let files = 2 * self.callers as u64 + OTHER_FILES;
        match most_files {
            Some(most) if most < files => Err(format!(
                "--callers {} needs {files} open files, this process may have {most}; write --callers {} or allow more with ulimit -n {files}",
                self.callers,
                most.saturating_sub(OTHER_FILES) / 2
            )),
            _ => Ok(()),
        }
    }

    /// The servers that clients would use without leash; `None`: there are none but the store inside this process.
    pub(super) fn servers(&self) -> Option<Vec<Address>> {
        let pool = &self.store.pools[self.store.routes[0].pool];
        let addresses = || pool.servers.iter().map(|server| server.address.clone()).collect();
        (!pool.is_embedded()).then(addresses)
    }

    /// A leash that adds nothing to the store.
    pub(super) fn plain(&self) -> Config {
        self.with_refresh(None)
    }

    /// A leash that refreshes stale values, with its own defaults wherever they suit the plan.
    pub(super) fn refreshing(&self) -> Config {
        let usual = Refresh::default();
        // A lease should exceed the usual regeneration time. Values need not outlive it: they are gone soon after.
        let lease = usual.lease.max(Duration::from_secs(2 * self.regeneration.as_secs() + 2));
        self.with_refresh(Some(Refresh { lease, grace: lease, ..usual }))
    }

    fn with_refresh(&self, refresh: Option<Refresh>) -> Config {
        let mut config = self.store.clone();
        config.listen = vec![Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))];
        config.admin = None;
        config.workers = config.workers.min(WORKERS);
        config.limits.connections = self.callers + SPARE;
        config.routes = vec![Route { refresh, ..Route::all_to(config.routes[0].pool) }];
        config
    }

    /// An answer that took less was not waited for.
    pub(super) fn quick(&self) -> Duration {
        (self.regeneration / 10).max(Duration::from_millis(1))
    }

    /// What will happen, for people.
    pub(super) fn in_words(&self) -> String {
        let (callers, ttl, took) = (counted(self.callers, "caller"), time(self.ttl), time(self.regeneration));
        let (values, each) = match self.keys {
            1 => ("one value".to_string(), "It"),
            keys => (counted(keys, "value"), "Each"),
        };
        let store = match self.servers() {
            None => "a store inside this process".to_string(),
            Some(servers) => servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
        };
        format!(
            "{callers}, {values} in {store}.\n\
             {each} goes stale after {ttl} and takes {took} to regenerate; a caller that misses does that.\n\
             Both halves begin with the value stored, so no cold start is counted.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> DemoPlan {
        DemoPlan {
            callers: 200,
            keys: 1,
            regeneration: Duration::from_millis(500),
            ttl: Duration::from_secs(1),
            length: Duration::from_secs(4),
            store: Config::embedded_default(),
        }
    }

    #[test]
    fn what_could_show_nothing_is_refused_with_a_cure() {
        assert_eq!(plan().check(Some(1024)), Ok(()));
        assert_eq!(plan().check(None), Ok(()));
        let short = DemoPlan { length: Duration::from_secs(1), ..plan() }.check(None).unwrap_err();
        assert!(short.ends_with("after 1 s and be regenerated in 500 ms; write --seconds 2"), "{short}");
        let keys = DemoPlan { callers: 1, keys: 2, ..plan() }.check(None).unwrap_err();
        assert_eq!(keys, "--keys 2 leaves keys that none of 1 caller asks for; write --keys 1");
        let files = DemoPlan { callers: 1000, ..plan() }.check(Some(1024)).unwrap_err();
        assert!(files.contains("needs 2064 open files, this process may have 1024; write --callers 480 or"), "{files}");
    }

    #[test]
    fn the_halves_differ_in_refresh_only() {
        let (plain, refreshing) = (plan().plain(), plan().refreshing());
        assert_eq!(plain.routes[0].refresh, None);
        let refresh = refreshing.routes[0].refresh.unwrap();
        assert!(refresh.lease > plan().regeneration && refresh.grace > plan().regeneration);
        assert_eq!(Config { routes: plain.routes.clone(), ..refreshing }, plain);
        let slow = DemoPlan { regeneration: Duration::from_secs(60), ..plan() }.refreshing();
        assert!(slow.routes[0].refresh.unwrap().lease > Duration::from_secs(60));
    }

    #[test]
    fn with_real_servers_clients_reach_them_without_leash() {
        assert_eq!(plan().servers(), None);
        let store = Config::for_servers(&["m0".into(), "unix:/run/m.sock".into()]).unwrap();
        let servers = DemoPlan { store, ..plan() }.servers().unwrap();
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0].to_string(), "m0:11211");
    }
}
