//! `routes`: prefixes and namespaces that keys can carry, every name a pool's, no prefix twice.

use super::named::named;
use super::setting::{switch, text};
use super::{loader, migrate, queues, refresh};
use crate::config::checked::{Pool, Route, RouteEnd};
use crate::config::fields::Scalar;
use crate::config::problem::{ConfigPlace, Problems, plain};
use crate::config::written::{self, File};
use crate::protocol::MAX_KEY;

const DISAGREE: &str = ", and what is stale to one is not to the other; give both the same refresh";

/// Checks all routes. The result is sorted, the longest prefix first.
pub(super) fn check(file: &File, pools: &[Pool], problems: &mut Problems, warnings: &mut Problems) -> Vec<Route> {
    let Some(written) = &file.routes else {
        return implied(file, pools, problems);
    };
    if written.is_empty() {
        problems.add(&file.place.key("routes", file.place.mark), "no route; write - {prefix: \"\", pool: main}");
    }
    let mut routes: Vec<(Route, &ConfigPlace)> = Vec::new();
    for written in written {
        let Some(new) = one(written, pools, problems) else { continue };
        if routes.iter().any(|(old, _)| old.prefix == new.prefix) {
            let text = format!("another route has the prefix \"{}\"; remove one", plain(prefix(&new)));
            problems.add(&written.place.key("prefix", written.place.mark), text);
        }
        routes.push((new, &written.place));
    }
    queues::together(file, pools, problems);
    routes.sort_by_key(|(route, _)| std::cmp::Reverse(route.prefix.len()));
    warn_of_unused_pools(file, pools, &routes, warnings);
    warn_of_keys_without_route(file, &routes, warnings);
    warn_of_gutters_without_use(pools, &routes, warnings);
    warn_of_shared_names(pools, &routes, warnings);
    routes.into_iter().map(|(route, _)| route).collect()
}

/// With one pool there is nothing to choose: every key goes there. Its gutter is no choice.
fn implied(file: &File, pools: &[Pool], problems: &mut Problems) -> Vec<Route> {
    let mut choices = (0..pools.len()).filter(|pool| !is_gutter(*pool, pools));
    let choice = choices.next().unwrap_or_default();
    if choices.next().is_some() {
        problems.missing(&file.place, "routes", "several pools need routes: [{prefix: \"\", pool: …}]");
    }
    vec![Route::all_to(choice)]
}

fn is_gutter(pool: usize, pools: &[Pool]) -> bool {
    pools.iter().any(|other| other.on_down.gutter().is_some_and(|gutter| gutter.pool == pool))
}

fn one(written: &written::Route, pools: &[Pool], problems: &mut Problems) -> Option<Route> {
    let allow_flush = switch(written.allow_flush.as_ref(), false, problems);
    let refresh = written.refresh.as_ref().map(|written| refresh::check(written, problems));
    let loader = written.loader.as_ref().and_then(|loader| loader::check(loader, problems));
    let refresh = match &loader {
        Some(loader) => Some(loader::refreshed(loader, written.refresh.as_ref(), refresh, problems)),
        None => refresh,
    };
    if written.prefix.is_none() {
        problems.missing(&written.place, "prefix", "write prefix: \"\" for every key");
    }
    let migrate = written.migrate.as_ref().map(|written| migrate::check(written, pools, problems));
    let prefix = key_part(written.prefix.as_ref(), problems);
    let namespace = key_part(written.namespace.as_ref(), problems);
    let end = end(written, pools, problems);
    let migrate = migrate.flatten();
    let end = migrate.map_or(end, |migrate| RouteEnd::Pool(migrate.authority()));
    let (prefix, namespace) = (prefix?, namespace.unwrap_or_default());
    let shortest = namespace.len() + prefix.len().max(1);
    if shortest > MAX_KEY {
        let text = format!("a key here has {shortest} bytes with its namespace, at most {MAX_KEY} fit; shorten them");
        problems.add(&written.place, text);
    }
    Some(Route { prefix, end, migrate, namespace, allow_flush, refresh, loader })
}

/// Where it leads, if it does not migrate.
fn end(written: &written::Route, pools: &[Pool], problems: &mut Problems) -> RouteEnd {
    if let Some(queue) = &written.queue {
        queues::alone(written, queue, problems);
        return queues::check(queue, pools, problems).map_or_else(RouteEnd::default, RouteEnd::Queues);
    }
    match (&written.pool, &written.migrate) {
        (None, None) => problems.missing(&written.place, "pool", "write the name of a pool"),
        (Some(pool), Some(_)) => problems.add(&pool.place, "migrate says which pools; remove pool"),
        _ => {}
    }
    RouteEnd::Pool(named(written.pool.as_ref(), pools, problems).unwrap_or_default())
}

/// Text that can be a part of a key: all that leash adds to a key must be as harmless as the key itself.
pub(super) fn key_part(written: Option<&Scalar>, problems: &mut Problems) -> Option<Vec<u8>> {
    let part = text(written, problems)?;
    if part.bytes().any(|b| b <= b' ' || b == 0x7f) {
        let text = format!("\"{}\" holds a space or control character, which no key may; remove it", plain(part));
        problems.add(&written?.place, text);
    }
    Some(part.as_bytes().to_vec())
}

fn warn_of_unused_pools(file: &File, pools: &[Pool], routes: &[(Route, &ConfigPlace)], warnings: &mut Problems) {
    for (n, pool) in file.pools.iter().flatten().enumerate() {
        if !routes.iter().any(|(route, _)| route.pools().contains(&n)) && !is_gutter(n, pools) {
            warnings.add(&pool.place, "no route uses this pool");
        }
    }
}

/// Elsewhere the gutter is used as it was written; only on this route it is not.
fn warn_of_gutters_without_use(pools: &[Pool], routes: &[(Route, &ConfigPlace)], warnings: &mut Problems) {
    for (route, place) in routes {
        for (n, pool) in pools.iter().enumerate().filter(|(n, _)| route.pools().contains(n)) {
            let Some(gutter) = pool.on_down.gutter().filter(|_| route.gutter(n, pools).is_none()) else { continue };
            let (name, gutter) = (plain(&pool.name), plain(&pools[gutter.pool].name));
            let text = format!("{gutter}, the gutter of pool {name}, shares servers with the other side of the move");
            warnings.add(place, format!("{text}: on this route, keys of a down server of {name} miss instead"));
        }
    }
}

fn warn_of_keys_without_route(file: &File, routes: &[(Route, &ConfigPlace)], warnings: &mut Problems) {
    if !routes.iter().any(|(route, _)| route.prefix.is_empty()) {
        let place = file.place.key("routes", routes.iter().filter_map(|(_, place)| place.mark).min());
        warnings.add(&place, "no route has the prefix \"\": keys that fit no prefix are refused");
    }
}

/// Two routes with different namespaces in one pool may give two keys one name on the server, and so one key the
/// other's value: where what every key of one begins with there is a beginning of what every key of the other does.
/// Even if that is meant, both must tell the same values stale; so a pair that does not is the one that is named.
fn warn_of_shared_names(pools: &[Pool], routes: &[(Route, &ConfigPlace)], warnings: &mut Problems) {
    let begin = |route: &Route| [route.namespace.as_slice(), &route.prefix].concat();
    for (n, (a, place)) in routes.iter().enumerate() {
        let meets = |b: &Route| begin(a).starts_with(&begin(b)) || begin(b).starts_with(&begin(a));
        let other = |b: &Route| share_a_pool(a, b, pools) && a.namespace != b.namespace && meets(b);
        let others = || routes[n + 1..].iter().map(|(b, _)| b).filter(|b| other(b));
        if let Some(b) = others().find(|b| !agree(a, b)).or_else(|| others().next()) {
            let text = "with different namespaces, keys of this route and of \"";
            let stale = if agree(a, b) { "" } else { DISAGREE };
            warnings.add(place, format!("{text}{}\" can meet under one name in the pool{stale}", plain(prefix(b))));
        }
    }
}

fn share_a_pool(a: &Route, b: &Route, pools: &[Pool]) -> bool {
    let all = |route: &Route| {
        let own = route.pools();
        let gutters = own.iter().filter_map(|pool| Some(route.gutter(*pool, pools)?.pool)).collect();
        [own, gutters].concat()
    };
    all(a).iter().any(|pool| all(b).contains(pool))
}

/// Whether both routes tell the same values stale.
fn agree(a: &Route, b: &Route) -> bool {
    match (&a.refresh, &b.refresh) {
        (Some(a), Some(b)) => a.agrees_with(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn prefix(route: &Route) -> &str {
    std::str::from_utf8(&route.prefix).unwrap_or_default()
}
