//! The servers of pools: is each address of their names reached, over TLS where the pool has it, is leash let in, what
//! memcached is it, and can it do what the routes ask of it? All of it as at run time, and refused in the same words.

use std::net::SocketAddr;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::inquiry::{Inquiry, InquiryAnswer};
use crate::config::problem::ConfigPlace;
use crate::config::{Address, Config, Pool, ServerConfig};
use crate::protocol::Cause;
use crate::snapshot::options;
use crate::upstream::{Peers, ServerFacts, Sighting, Spool, Target, Unusable};

const NO_HOLDER: &str = "it keeps no queues; write the address of a leash that has a route with queue.dir";

/// What is asked of the servers of a pool.
#[derive(Clone, Copy)]
struct Demands {
    /// Whether its routes rest on CAS uniques.
    cas: bool,
    /// Whether leash says a password.
    password: bool,
    /// Whether TLS is spoken with it.
    tls: bool,
    /// Whether it is to keep queues.
    queues: bool,
}

/// One for each server that is not in the process itself; `is_here` says whether leash would listen on this machine.
pub(super) fn inquiries(top: &ConfigPlace, config: &Rc<Config>, is_here: bool) -> Vec<Inquiry> {
    let pools = config.pools.iter().enumerate();
    let servers = pools.flat_map(|(place, pool)| {
        let (cas, password, tls) = (needs_cas(config, place), pool.auth.is_some(), pool.tls.is_some());
        let demands = Demands { cas, password, tls, queues: keeps_queues(config, place) };
        let at = top.key("pools", None).key(&pool.name, None).key("servers", None);
        let elsewhere = pool.servers.iter().enumerate().filter(|(_, server)| server.address != Address::Embedded);
        elsewhere.map(move |(number, server)| inquiry(at.index(number, None), (config, pool, server), demands, is_here))
    });
    servers.collect()
}

fn inquiry(
    place: ConfigPlace,
    (config, pool, server): (&Rc<Config>, &Pool, &ServerConfig),
    demands: Demands,
    is_here: bool,
) -> Inquiry {
    let target = Target::new(server, options(pool, config), &Peers::new(pool.name.clone()), Spool::in_memory(0));
    let subject = format!("server {} of pool {}", target.label, pool.name);
    let (config, name) = (config.clone(), json!({ "pool": &*pool.name, "name": &*server.name }));
    let asking = async move {
        let sightings = match target.inspect().await {
            Ok(sightings) => sightings,
            Err(Unusable { why, .. }) => return InquiryAnswer::wrong(why),
        };
        let is_own = |address: SocketAddr| is_here && config.is_own(address);
        judged(name, &sightings, demands, is_own)
    };
    Inquiry { place, subject, asking: Box::pin(asking) }
}

/// Whether requests of a route that needs CAS uniques may go to this pool.
fn needs_cas(config: &Config, place: usize) -> bool {
    config.routes.iter().filter(|route| route.refresh.is_some() || route.migrate.is_some()).any(|route| {
        let gutters = route.pools().into_iter().filter_map(|pool| route.gutter(pool, &config.pools));
        route.pools().contains(&place) || gutters.into_iter().any(|gutter| gutter.pool == place)
    })
}

/// Whether a route has its queues in this pool.
fn keeps_queues(config: &Config, place: usize) -> bool {
    config.routes.iter().any(|route| route.queues().is_some() && route.pool() == Some(place))
}

/// What all the addresses of a server come to. One that nobody answers at is borne where another one can be used, as
/// leash takes that one.
fn judged(
    mut name: Value,
    sightings: &[Sighting],
    demands: Demands,
    is_own: impl Fn(SocketAddr) -> bool,
) -> InquiryAnswer {
    let mut answer = InquiryAnswer::default();
    let (mut words, mut shown) = (Vec::new(), Vec::new());
    let is_any_usable = sightings.iter().any(|sighting| sighting.found.is_ok());
    for sighting in sightings {
        let at = sighting.address.filter(|_| sightings.len() > 1).map(|at| format!("{at}: ")).unwrap_or_default();
        let verdict = verdict(sighting, demands, &is_own);
        shown.push(details(sighting, demands, verdict.as_ref().err()));
        match (&sighting.found, verdict) {
            (_, Ok(told)) => words.push(format!("{at}{told}")),
            (Err(Unusable { cause: Cause::Connect, .. }), Err(why)) if is_any_usable => {
                answer.warnings.push(format!("{at}{why}"));
            }
            (_, Err(why)) => answer.problems.push(format!("{at}{why}")),
        }
        let asks_nobody = demands.password && sighting.found.as_ref().is_ok_and(|it| it.wants_password == Some(false));
        if asks_nobody {
            answer.warnings.push(format!("{at}it asks nobody for a password; start memcached with -Y"));
        }
    }
    name["addresses"] = shown.into();
    answer.words = words.join("; ");
    answer.details = Map::from_iter([("server".to_string(), name)]);
    answer
}

fn verdict(
    Sighting { address, found }: &Sighting,
    demands: Demands,
    is_own: &impl Fn(SocketAddr) -> bool,
) -> Result<String, String> {
    if address.is_some_and(is_own) {
        let cure = "write the memcached's address, or let leash listen elsewhere";
        return Err(format!("this is where leash itself listens; {cure}"));
    }
    match found {
        Err(unusable) => Err(unusable.why.to_string()),
        Ok(ServerFacts { has_cas: Some(false), .. }) if demands.cas => Err(Cause::NoCas.text().into()),
        Ok(ServerFacts { keeps_queues: Some(false), .. }) if demands.queues => Err(NO_HOLDER.into()),
        Ok(facts) => Ok(in_words(facts, demands)),
    }
}

fn in_words(facts: &ServerFacts, demands: Demands) -> String {
    let version = facts.version.as_ref().map_or("of no version".into(), |version| format!("memcached {version}"));
    let more = [
        (demands.tls, ", over TLS"),
        (demands.password, ", let in"),
        (facts.has_cas == Some(false), ", CAS off"),
        (demands.cas && facts.has_cas.is_none(), ", does not say whether CAS is on"),
        (demands.queues && facts.keeps_queues == Some(true), ", keeps queues"),
        (demands.queues && facts.keeps_queues.is_none(), ", does not say whether it keeps queues"),
    ];
    more.into_iter().filter(|(is_so, _)| *is_so).fold(version, |words, (_, more)| words + more)
}

/// What of it programs are told. Null is what is not known.
fn details(Sighting { address, found }: &Sighting, demands: Demands, problem: Option<&String>) -> Value {
    let facts = found.as_ref().ok();
    json!({
        "address": address.map(|address| address.to_string()),
        "ok": problem.is_none(),
        "cause": found.as_ref().err().map(|unusable| unusable.cause.name()),
        "problem": problem,
        "version": facts.and_then(|facts| facts.version.as_ref()),
        "cas": facts.and_then(|facts| facts.has_cas),
        "tls": demands.tls,
        "auth": demands.password,
    })
}
