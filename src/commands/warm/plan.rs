//! Which routes are copied, from which servers. Decided from the configuration alone; no server is asked.
//!
//! A route is copied in phase `warm` only. To the rest of the fleet the copier is one more sidecar in that phase, so
//! it may run beside those that are still in `prepare` or already in `drain`, and beside no others:
//! * A file that says `prepare` goes to a fleet of which some may not migrate yet. Those write to the old pool and
//!   leave what is in the new one, so a copy could outlive the value it was made of.
//! * A file that says `drain` goes to a fleet of which some may have left the old pool already. They do not delete
//!   there any more, so what is read there could be a value that was deleted.

use crate::config::{Address, Config, Migrate, Phase};
use crate::route::Prefixes;

/// Routes and servers of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WarmPlan {
    /// The routes that are copied, by their places in the configuration.
    pub routes: Vec<usize>,
    /// The prefixes of the keys that are copied; none: all.
    pub only: Vec<Vec<u8>>,
    /// Whose keys are listed, one after the other.
    pub sources: Vec<SourceServer>,
    /// What is passed over and may not be meant to be, in sentences.
    pub notes: Vec<String>,
}

/// A server that is copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceServer {
    /// Its pool's place in the configuration.
    pub pool: usize,
    /// Its place in the pool.
    pub server: usize,
}

/// Why there is nothing that can be copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarmRefusal {
    /// No route migrates.
    #[error("no route migrates; give one migrate: {{from: …, to: …, phase: warm}}")]
    NoMigration,
    /// None of the routes that were asked for does.
    #[error("keys that begin with {0:?} are on no route that migrates")]
    NoSuchKeys(String),
    /// They do, but not in phase `warm`.
    #[error("{0}")]
    OtherPhase(String),
    /// A pool is not there for others.
    #[error("pool {0} is the store inside the leash that serves, which no other process can reach")]
    Embedded(String),
}

impl WarmPlan {
    /// The plan for the keys that begin with one of `only`, or for all of every route that is in phase `warm`.
    pub(super) fn new(config: &Config, only: &[String]) -> Result<WarmPlan, WarmRefusal> {
        let only: Vec<Vec<u8>> = only.iter().map(|prefix| prefix.clone().into_bytes()).collect();
        let asked = asked(config, &only)?;
        let (routes, others): (Vec<usize>, Vec<usize>) =
            asked.into_iter().partition(|route| phase(config, *route) == Some(Phase::Warm));
        let notes: Vec<String> = others.into_iter().filter_map(|route| not_now(config, route)).collect();
        if routes.is_empty() {
            return Err(WarmRefusal::OtherPhase(notes.join("\n")));
        }
        let mut pools: Vec<usize> = routes.iter().filter_map(|route| migrate(config, *route)).map(|m| m.from).collect();
        pools.sort_unstable();
        pools.dedup();
        let everywhere = routes.iter().flat_map(|route| config.routes[*route].pools());
        if let Some(pool) = everywhere.map(|pool| &config.pools[pool]).find(|pool| pool.is_embedded()) {
            return Err(WarmRefusal::Embedded(pool.name.to_string()));
        }
        let servers =
            |pool: usize| (0..config.pools[pool].servers.len()).map(move |server| SourceServer { pool, server });
        Ok(WarmPlan { routes, only, sources: pools.into_iter().flat_map(servers).collect(), notes })
    }

    /// Everything that a list of keys made for this plan depends on, one thing a line: routes and servers are known by
    /// their places, so the order of them all belongs to it.
    pub(super) fn in_words(&self, config: &Config) -> String {
        let mut lines: Vec<String> = self.routes.iter().filter_map(|route| in_words(config, *route)).collect();
        let all: Vec<String> = config.routes.iter().map(|route| format!("{:?}", shown(&route.prefix))).collect();
        let pools: Vec<&str> = self.sources.iter().map(|source| &*config.pools[source.pool].name).collect();
        lines.push(format!("among routes {}, listed from {}", all.join(" "), pools.join(" ")));
        lines.extend(self.only.iter().map(|prefix| format!("only keys that begin with {:?}", shown(prefix))));
        lines.join("\n")
    }
}

/// The routes that migrate and on which keys with these prefixes are.
fn asked(config: &Config, only: &[Vec<u8>]) -> Result<Vec<usize>, WarmRefusal> {
    let migrating = |routes: &mut Vec<usize>| routes.retain(|route| migrate(config, *route).is_some());
    let mut all: Vec<usize> = (0..config.routes.len()).collect();
    migrating(&mut all);
    if all.is_empty() {
        return Err(WarmRefusal::NoMigration);
    }
    if only.is_empty() {
        return Ok(all);
    }
    let mut asked = Vec::new();
    for prefix in only {
        let mut routes = routes_of(config, prefix);
        migrating(&mut routes);
        if routes.is_empty() {
            return Err(WarmRefusal::NoSuchKeys(shown(prefix)));
        }
        asked.extend(routes);
    }
    asked.sort_unstable();
    asked.dedup();
    Ok(asked)
}

/// The routes of keys that begin with `prefix`: its own, and those of longer prefixes.
fn routes_of(config: &Config, prefix: &[u8]) -> Vec<usize> {
    let own = Prefixes::new(config.routes.iter().map(|route| &route.prefix[..])).find(prefix);
    let longer = |route: &usize| config.routes[*route].prefix.starts_with(prefix) && Some(*route) != own;
    own.into_iter().chain((0..config.routes.len()).filter(longer)).collect()
}

fn migrate(config: &Config, route: usize) -> Option<&Migrate> {
    config.routes[route].migrate.as_ref()
}

fn phase(config: &Config, route: usize) -> Option<Phase> {
    migrate(config, route).map(|migrate| migrate.phase)
}

/// Why a route that migrates is not copied, and what to do.
fn not_now(config: &Config, route: usize) -> Option<String> {
    let why = match phase(config, route)? {
        Phase::Warm => return None,
        Phase::Prepare => {
            "as long as any sidecar may not be in it, a copy could outlive the value it was made of. When all are, set \
             phase: warm and copy then"
        }
        Phase::Drain => {
            "a sidecar may have left the old pool, where a deleted value is then still found; and the new pool serves \
             alone already. To copy more, take all sidecars back to phase: warm first"
        }
    };
    let (prefix, phase) = (shown(&config.routes[route].prefix), phase(config, route)?.word());
    Some(format!("route {prefix:?} is in phase {phase}: {why}"))
}

fn in_words(config: &Config, route: usize) -> Option<String> {
    let (Migrate { from, to, .. }, route) = (migrate(config, route)?, &config.routes[route]);
    let pool = |place: usize| {
        let pool = &config.pools[place];
        let servers = pool.servers.iter().map(|server| match &server.address {
            Address::Embedded => server.name.to_string(),
            address => format!("{}={address}*{}", server.name, server.weight),
        });
        let keys = format!("{:?} {:?} {:?}", pool.hash, pool.hash_tag, shown(&pool.unhashed_prefix));
        format!("{} [{}] {keys}", pool.name, servers.collect::<Vec<_>>().join(" "))
    };
    let (prefix, namespace) = (shown(&route.prefix), shown(&route.namespace));
    Some(format!("route {prefix:?} namespace {namespace:?} from {} to {}", pool(*from), pool(*to)))
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOLS: &str =
        "pools: {a: {servers: [a0, a1]}, b: {servers: [b0]}, c: {servers: [c0]}, e: {servers: [embedded]}}";

    fn plan(routes: &str, only: &[&str]) -> Result<WarmPlan, WarmRefusal> {
        let config = Config::parse("leash.yaml", &format!("{POOLS}\nroutes: [{routes}]\n")).expect("a configuration");
        WarmPlan::new(&config, &only.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn moving(prefix: &str, from: &str, phase: &str) -> String {
        format!("{{prefix: '{prefix}', migrate: {{from: {from}, to: b, phase: {phase}}}}}, ")
    }

    #[test]
    fn all_routes_in_warm_are_copied_and_the_others_are_told() {
        let routes = moving("", "a", "warm") + &moving("x:", "c", "warm") + &moving("y:", "c", "drain");
        let plan = plan(&(routes + "{prefix: 'z:', pool: c}"), &[]).unwrap();
        assert_eq!(plan.routes.len(), 2);
        let sources: Vec<_> = plan.sources.iter().map(|source| (source.pool, source.server)).collect();
        assert_eq!(sources, [(0, 0), (0, 1), (2, 0)]);
        assert!(plan.notes[0].starts_with("route \"y:\" is in phase drain: "), "{:?}", plan.notes);
    }

    #[test]
    fn a_prefix_means_the_route_it_is_on_and_those_of_longer_prefixes() {
        let routes = moving("", "a", "warm") + &moving("page:", "c", "warm") + &moving("page:x:", "c", "warm");
        // The configuration sorts routes, the longest prefix first.
        for (only, expected) in [("", vec![0, 1, 2]), ("page", vec![0, 1, 2]), ("page:", vec![0, 1])] {
            assert_eq!(plan(&routes, &[only]).unwrap().routes, expected, "{only:?}");
        }
        assert_eq!(plan(&routes, &["page:home", "page:x:1"]).unwrap().routes, [0, 1]);
        assert_eq!(plan(&routes, &["cart:"]).unwrap().routes, [2]);
    }

    #[test]
    fn what_cannot_be_copied_says_why_and_what_to_do() {
        let said = |routes: &str, only: &[&str]| plan(routes, only).unwrap_err().to_string();
        assert!(said("{prefix: '', pool: a}", &[]).starts_with("no route migrates; give one"));
        assert!(said(&moving("", "a", "prepare"), &[]).contains("is in phase prepare: as long as any sidecar"));
        assert!(said(&moving("", "a", "drain"), &[]).contains("is in phase drain: a sidecar may have left"));
        let two = moving("x:", "a", "warm") + &moving("y:", "a", "prepare");
        assert!(said(&two, &["y:"]).contains("route \"y:\" is in phase prepare"));
        assert_eq!(said(&two, &["z:"]), "keys that begin with \"z:\" are on no route that migrates");
        assert!(said(&moving("", "e", "warm"), &[]).starts_with("pool e is the store inside"));
    }

    #[test]
    fn the_words_of_a_plan_change_with_all_that_matters() {
        let words = |pools: &str, route: &str, only: &[&str]| {
            let text = format!("pools: {{{pools}}}\nroutes: [{{prefix: '', {route}}}]\n");
            let config = Config::parse("leash.yaml", &text).expect("a configuration");
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            WarmPlan::new(&config, &only).unwrap().in_words(&config)
        };
        let (pools, route) = ("a: {servers: [m0]}, b: {servers: [m1]}", "migrate: {from: a, to: b, phase: warm}");
        let all = [
            words(pools, route, &[]),
            words(pools, route, &["x:"]),
            words(pools, &format!("namespace: 'n:', {route}"), &[]),
            words("a: {servers: [m0], hash: crc32}, b: {servers: [m1]}", route, &[]),
            words("a: {servers: [m0]}, b: {servers: [m2]}", route, &[]),
            words("a: {servers: [{name: m0, address: m3}]}, b: {servers: [m1]}", route, &[]),
        ];
        let different: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:#?}");
        assert_eq!(words(pools, route, &[]), words(&format!("{pools}, c: {{servers: [m9]}}"), route, &[]));
        let beside = format!("{route}}}, {{prefix: 'x:', pool: b");
        assert_ne!(words(pools, route, &[]), words(pools, &beside, &[]), "the keys of the other route are not its own");
    }
}
