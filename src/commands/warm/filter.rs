//! Which of the keys that a server lists are copied. Pure.
//!
//! ```text
//!   listed ─▶ leash's own? ─▶ a route's namespace, and a key of that route? ─▶ at home on this server? ─▶ copied
//!                  └────────────────────┴─▶ not of these routes                      └─▶ an orphan
//! ```

use std::sync::Arc;

use super::plan::{SourceServer, WarmPlan};
use crate::config::Config;
use crate::hash::Placement;
use crate::route::Prefixes;
use crate::route::refresh::decide::is_lease;

/// What a listed key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    /// An item of this route.
    Ours(usize),
    /// An item of a route that is not copied, or leash's own.
    Others,
    /// An item that no reader finds, as its place is another server: an outdated copy, maybe.
    Orphan,
}

/// Sorts the keys of one server.
pub(super) struct KeyFilter {
    prefixes: Prefixes,
    /// The routes that are copied from here, each with its namespace.
    routes: Vec<(usize, Vec<u8>)>,
    only: Vec<Vec<u8>>,
    placement: Arc<Placement>,
    server: usize,
}

impl KeyFilter {
    /// For the keys of `source`, whose pool places keys by `placement`.
    pub(super) fn new(config: &Config, plan: &WarmPlan, source: SourceServer, placement: Arc<Placement>) -> KeyFilter {
        let is_from_here = |route: &usize| config.routes[*route].migrate.is_some_and(|moved| moved.from == source.pool);
        let routes = plan.routes.iter().copied().filter(is_from_here);
        KeyFilter {
            prefixes: Prefixes::new(config.routes.iter().map(|route| &route.prefix[..])),
            routes: routes.map(|route| (route, config.routes[route].namespace.clone())).collect(),
            only: plan.only.clone(),
            placement,
            server: source.server,
        }
    }

    /// What the item filed under `stored` is.
    pub(super) fn sort(&self, stored: &[u8]) -> Sorted {
        match self.routes.iter().find(|(route, namespace)| self.is_of(stored, *route, namespace)) {
            Some(_) if self.placement.server_of(stored) != self.server => Sorted::Orphan,
            Some((route, _)) => Sorted::Ours(*route),
            None => Sorted::Others,
        }
    }

    fn is_of(&self, stored: &[u8], route: usize, namespace: &[u8]) -> bool {
        let Some(key) = stored.strip_prefix(namespace).filter(|key| !key.is_empty()) else { return false };
        let is_asked_for = self.only.is_empty() || self.only.iter().any(|prefix| key.starts_with(prefix));
        is_asked_for && !is_lease(stored) && self.prefixes.find(key) == Some(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::placement;
    use proptest::prelude::*;

    fn filters(routes: &str, only: &[&str]) -> Vec<KeyFilter> {
        let pools = "pools: {old: {servers: [m0, m1]}, new: {servers: [n0]}}";
        let config = Config::parse("leash.yaml", &format!("{pools}\nroutes: [{routes}]\n")).expect("a configuration");
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        let plan = WarmPlan::new(&config, &only).expect("a plan");
        let placement = Arc::new(placement::of(&config.pools[0]));
        plan.sources.iter().map(|source| KeyFilter::new(&config, &plan, *source, placement.clone())).collect()
    }

    const MOVED: &str = "migrate: {from: old, to: new, phase: warm}";

    /// What a key is at the server where it belongs.
    fn at_home(filters: &[KeyFilter], key: &[u8]) -> Sorted {
        filters[filters[0].placement.server_of(key)].sort(key)
    }

    #[test]
    fn a_key_is_of_the_route_that_would_send_it_there() {
        let routes = format!(
            "{{prefix: '', pool: new}}, {{prefix: 'page:', namespace: 'shop:', {MOVED}}},\
             {{prefix: 'page:x:', pool: new}}, {{prefix: 'cart:', {MOVED}}}"
        );
        let filters = filters(&routes, &[]);
        for key in ["shop:page:1", "cart:1"] {
            assert!(matches!(at_home(&filters, key.as_bytes()), Sorted::Ours(_)), "{key}");
        }
        for key in ["page:1", "shop:page:x:1", "shop:cart:1", "shop:", "shop:other", "other", "shop"] {
            assert_eq!(at_home(&filters, key.as_bytes()), Sorted::Others, "{key}");
        }
    }

    #[test]
    fn leases_are_nobodys_items() {
        let filters = filters(&format!("{{prefix: '', {MOVED}}}"), &[]);
        let lease = format!("leash:lease:{:032x}", 17);
        assert_eq!(at_home(&filters, lease.as_bytes()), Sorted::Others);
        assert_eq!(at_home(&filters, b"leash:lease:of a house"), Sorted::Ours(0));
    }

    #[test]
    fn only_the_keys_that_were_asked_for() {
        let filters = filters(&format!("{{prefix: '', namespace: 'n:', {MOVED}}}"), &["a:", "b"]);
        for (key, expected) in [("n:a:1", Sorted::Ours(0)), ("n:b", Sorted::Ours(0)), ("n:c", Sorted::Others)] {
            assert_eq!(at_home(&filters, key.as_bytes()), expected, "{key}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_at_home_on_one_server_and_an_orphan_on_the_other(key in "[ -~]{1,100}") {
            let filters = filters(&format!("{{prefix: '', {MOVED}}}"), &[]);
            let sorted: Vec<Sorted> = filters.iter().map(|filter| filter.sort(key.as_bytes())).collect();
            prop_assert!(sorted.contains(&Sorted::Ours(0)) && sorted.contains(&Sorted::Orphan), "{sorted:?}");
        }
    }
}
