//! How many connections a server gets from one leash: what it must have room for, times the sidecars of a fleet; and
//! how many workers there are where nothing is written, as each has its own.

use std::collections::HashMap;

use super::{Address, Config};

/// The most connections that one worker has to one server at once; all but one of them last for as long as large values
/// are on their way, and a while longer.
pub const CONNECTIONS_OF_A_WORKER: usize = 4;

/// Where nothing is written, more workers than this are not worth their connections: each has one to every server.
const MOST_WORKERS: usize = 2;

/// One worker for each processor this process may use, two at most.
pub(in crate::config) fn auto_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS)
}

impl Config {
    /// The connections that a server gets from this leash as a rule, for each name that its address has in a pool: those
    /// of the server with the most. 0 if none gets any.
    pub fn connections_to_a_server(&self) -> usize {
        let mut named: HashMap<String, usize> = HashMap::new();
        for server in self.pools.iter().flat_map(|pool| &pool.servers) {
            *named.entry(server.address.to_string()).or_default() += usize::from(server.address != Address::Embedded);
        }
        let are_found = self.pools.iter().any(|pool| pool.discover.is_some());
        self.workers * named.into_values().max().unwrap_or(0).max(usize::from(are_found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_gets(yaml: &str) -> usize {
        Config::parse("c.yaml", &format!("workers: 3\n{yaml}")).unwrap().connections_to_a_server()
    }

    #[test]
    fn a_server_gets_a_connection_of_each_worker_for_each_name_it_has() {
        assert_eq!(each_gets("pools: {a: {servers: [m0, m1, m2]}}"), 3);
        assert_eq!(each_gets("pools: {a: {servers: [embedded]}}"), 0);
        assert_eq!(each_gets("pools: {a: {servers: {discover: {dns: 'm.svc:11211'}}}}"), 3);
        let routes = "routes: [{prefix: '', pool: a}, {prefix: b, pool: b}]";
        assert_eq!(each_gets(&format!("pools: {{a: {{servers: [m0]}}, b: {{servers: [m0, m1]}}}}\n{routes}")), 6);
        assert_eq!(each_gets(&format!("pools: {{a: {{servers: [m0]}}, b: {{servers: [m1]}}}}\n{routes}")), 3);
    }
}
