//! What a demo is to do, and whether it can show anything. The configurations of its two halves follow from it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::config::{Address, Config, Endpoint, Listen, Loader, LoaderUrl, Refresh, Route, UrlPiece};
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
    /// Whether leash itself has them regenerated, by an endpoint.
    pub loads: bool,
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
        let calls = if self.loads { self.keys } else { 0 };
        // Both ends of a connection are in this process.
        let files = 2 * (self.callers + calls) as u64 + OTHER_FILES;
        match most_files {
            Some(most) if most < files => Err(format!(
                "--callers {} needs {files} open files, this process may have {most}; write --callers {} or allow more with ulimit -n {files}",
                self.callers,
                most.saturating_sub(OTHER_FILES + 2 * calls as u64) / 2
            )),
            _ => Ok(()),
        }
    }

    /// The servers that clients would use without leash; `None`: there are none but the store inside this process.
    pub(super) fn servers(&self) -> Option<Vec<Address>> {
        let pool = &self.store.pools[self.store.routes[0].pool()?];
        let addresses = || pool.servers.iter().map(|server| server.address.clone()).collect();
        (!pool.is_embedded()).then(addresses)
    }

    /// A leash that adds nothing to the store.
    pub(super) fn plain(&self) -> Config {
        self.with(Route::default())
    }

    /// A leash that refreshes stale values, with its own defaults wherever they suit the plan.
    pub(super) fn refreshing(&self) -> Config {
        let usual = Refresh::default();
        // A lease should exceed the usual regeneration time. Values need not outlive it: they are gone soon after.
        let lease = usual.lease.max(Duration::from_secs(2 * self.regeneration.as_secs() + 2));
        self.with(Route { refresh: Some(Refresh { lease, grace: lease, ..usual }), ..Route::default() })
    }

    /// A leash that asks the endpoint at `address` for the values of keys that begin with `prefix`.
    pub(super) fn loading(&self, prefix: &str, address: SocketAddr) -> Config {
        let endpoint = Endpoint::Http { host: address.ip().to_string(), port: address.port() };
        let pieces = vec![UrlPiece::Text("/".to_string()), UrlPiece::Suffix];
        let (written, authority) = (format!("http://{address}/{{suffix}}"), address.to_string());
        let url = LoaderUrl { written, endpoint, authority, pieces };
        // A busy machine takes longer than the plan says.
        let timeout = 2 * self.regeneration + Duration::from_secs(5);
        // No call waits for another: that would be counted as time that its caller waits for the endpoint.
        let max_in_flight = self.keys;
        let loader = Loader { first_byte_timeout: timeout, timeout, max_in_flight, ..Loader::of(url) };
        // As the configuration has it of a route with a loader: a lease outlasts two calls.
        let lease = Duration::from_secs(2 * timeout.as_secs() + 3);
        let refresh = Refresh { lease, grace: lease, cold_wait: timeout, ..Refresh::default() };
        let prefix = prefix.as_bytes().to_vec();
        self.with(Route { prefix, refresh: Some(refresh), loader: Some(loader), ..Route::default() })
    }

    /// One leash over the store, with this route.
    fn with(&self, route: Route) -> Config {
        let mut config = self.store.clone();
        config.listen = vec![Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))];
        config.admin = None;
        config.workers = config.workers.min(WORKERS);
        config.limits.connections = self.callers + SPARE;
        config.routes = vec![Route { end: config.routes[0].end.clone(), ..route }];
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
        let who = match self.loads {
            true => {
                ".\nWithout leash a caller that misses does that; with leash an HTTP endpoint does, which leash asks.\n"
            }
            false => "; a caller that misses does that.\n",
        };
        format!(
            "{callers}, {values} in {store}.\n\
             {each} goes stale after {ttl} and takes {took} to regenerate{who}\
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
            loads: false,
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
    fn a_loader_is_asked_for_the_keys_of_its_half_and_a_lease_outlasts_its_calls() {
        let loading = DemoPlan { loads: true, keys: 3, ..plan() };
        let config = loading.loading("leash-demo:1:", SocketAddr::from((Ipv4Addr::LOCALHOST, 80)));
        let (route, plain) = (&config.routes[0], loading.plain());
        let (refresh, loader) = (route.refresh.unwrap(), route.loader.clone().unwrap());
        assert_eq!(
            (route.prefix.as_slice(), loader.url.written.as_str()),
            (&b"leash-demo:1:"[..], "http://127.0.0.1:80/{suffix}")
        );
        assert!(refresh.lease > 2 * loader.timeout && refresh.cold_wait == loader.timeout && loader.max_in_flight == 3);
        assert_eq!(Config { routes: plain.routes.clone(), ..config }, plain);
        let files = DemoPlan { callers: 1000, keys: 100, ..loading }.check(Some(1024)).unwrap_err();
        assert!(files.contains("needs 2264 open files, this process may have 1024; write --callers 380 or"), "{files}");
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
