//! The ways that a key can go through leash, each with its servers, all of them empty.

use std::time::Duration;

use support::figures::metric;
use support::{BOUND, Leash, Memcached, pause, wait_until};

/// A machine that does much at once is no fault of leash's.
const PATIENT: &str = "request_timeout: 10s";

/// An address that answers like memcached, and what stands behind it.
pub struct Route {
    pub name: &'static str,
    address: String,
    _leash: Option<Leash>,
    _servers: Vec<Memcached>,
}

impl Route {
    /// memcached itself, then one of each kind of route.
    pub fn all() -> Vec<Route> {
        vec![
            Route::memcached(),
            Route::over("one server", 1, ""),
            Route::over("three servers", 3, ""),
            Route::over("namespace", 1, ", namespace: 'site:'"),
            Route::over("refresh", 1, ", refresh: {grace: 1m, lease: 1m}"),
            Route::moving("prepare"),
            Route::moving("warm"),
            Route::moving("drain"),
            Route::embedded(),
            Route::guttered(),
        ]
    }

    pub fn memcached() -> Route {
        let server = Memcached::start_plain();
        Route { name: "memcached", address: server.address(), _leash: None, _servers: vec![server] }
    }

    /// A pool of so many servers, with more keys for its route.
    fn over(name: &'static str, servers: usize, more: &str) -> Route {
        let servers = Memcached::start_many(servers);
        let pools = format!("main: {{servers: [{}], {PATIENT}}}", addresses(&servers));
        Route::through(name, servers, &pools, &format!("pool: main{more}"))
    }

    /// From a pool of one to a pool of two.
    fn moving(phase: &'static str) -> Route {
        let servers = Memcached::start_many(3);
        let (old, new) = (addresses(&servers[..1]), addresses(&servers[1..]));
        let pools = format!("old: {{servers: [{old}], {PATIENT}}}, new: {{servers: [{new}], {PATIENT}}}");
        Route::through(phase, servers, &pools, &format!("migrate: {{from: old, to: new, phase: {phase}}}"))
    }

    fn embedded() -> Route {
        Route::through("embedded", Vec::new(), "main: {servers: [embedded]}", "pool: main")
    }

    /// A pool of three of which one is down, so that a third of the keys is in the gutter.
    fn guttered() -> Route {
        let mut servers = Memcached::start_many(4);
        let gutter = "failures: 1, on_down: {gutter: {pool: spare, ttl: 1h}}";
        let pools = addresses(&servers[..3]);
        let pools = format!(
            "main: {{servers: [{pools}], {PATIENT}, {gutter}}}, spare: {{servers: [{}]}}",
            addresses(&servers[3..])
        );
        servers[0].kill();
        let route = Route::through("gutter", servers, &pools, "pool: main");
        let leash = route._leash.as_ref().expect("it goes through one");
        let mut client = leash.client();
        wait_until("the dead server is down", BOUND, || {
            let lines = (0..50).map(|n| format!("get knock:{n}\r\n")).collect::<String>();
            client.expect(lines, "END\r\n".repeat(50));
            pause(Duration::from_millis(5));
            metric(leash, "leash_server_up", "pool=\"main\"") == 2.0
        });
        route
    }

    fn through(name: &'static str, servers: Vec<Memcached>, pools: &str, route: &str) -> Route {
        let routes = format!("routes: [{{prefix: '', allow_flush: true, {route}}}]");
        let leash = Leash::with_config(&format!("workers: 1\npools: {{{pools}}}\n{routes}\n"));
        Route { name, address: leash.address().to_string(), _leash: Some(leash), _servers: servers }
    }

    pub fn address(&self) -> &str {
        &self.address
    }
}

fn addresses(servers: &[Memcached]) -> String {
    servers.iter().map(|server| format!("'{}'", server.address())).collect::<Vec<_>>().join(", ")
}
