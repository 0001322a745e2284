//! What is allowed and probably not meant.

use super::{parse, warnings};

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let config = parse(
        "pools:
  p: {servers: [m0, m0:11211]}
  q: {servers: [m9]}
routes:
  - {prefix: 'a', pool: p}
  - {prefix: 'ab', pool: p, namespace: a}
",
    )
    .unwrap();
    assert_eq!(
        warnings(&config),
        [
            "c.yaml:2:21: pools.p.servers[1]: the same address as server m0",
            "c.yaml:3:3: pools.q: no route uses this pool",
            "c.yaml:5:6: routes: no route has the prefix \"\": keys that fit no prefix are refused",
            "c.yaml:6:6: routes[1]: with different namespaces, keys of this route and of \"a\" can meet under one name in the pool",
        ]
    );
}

#[test]
fn a_gutter_that_has_servers_of_the_other_side_is_none_while_a_route_moves() {
    let used = |pools: &str| {
        let pools = format!("{pools}, c: {{servers: [m2]}}, d: {{servers: [embedded]}}");
        let routes =
            "[{prefix: '', migrate: {from: a, to: b, phase: warm}}, {prefix: c, pool: c}, {prefix: d, pool: d}]";
        let config = parse(&format!("pools: {{{pools}}}\nroutes: {routes}\n")).unwrap();
        let route = config.routes.iter().find(|route| route.migrate.is_some()).unwrap();
        let used = [0, 1].map(|pool| route.gutter(pool, &config.pools).is_some());
        (used, config.warnings.iter().map(|warning| warning.text.clone()).collect::<Vec<_>>())
    };
    let both = |a: &str, b: &str| {
        let pool = |name: &str, server: &str, gutter: &str| {
            let down = if gutter.is_empty() { String::new() } else { format!(", on_down: {{gutter: {gutter}}}") };
            format!("{name}: {{servers: [{server}]{down}}}")
        };
        used(&format!("{}, {}, e: {{servers: [m0, m9]}}", pool("a", "m0", a), pool("b", "m1", b)))
    };
    let told = |gutter: &str, pool: &str| {
        let text = format!("{gutter}, the gutter of pool {pool}, shares servers with the other side of the move");
        format!("{text}: on this route, keys of a down server of {pool} miss instead")
    };
    assert_eq!(both("c", "d"), ([true, true], vec!["no route uses this pool".into()]), "nobody uses e");
    assert_eq!(both("e", "c"), ([true, true], vec![]), "its own servers are no harm");
    assert_eq!(both("b", "").0, [false, false]);
    assert_eq!(both("e", "e"), ([false, false], vec![told("e", "a"), told("e", "b")]));
    assert_eq!(both("d", "d").0, [false, true], "one gutter for both is that of the new pool");
    assert_eq!(both("embedded", "embedded").0, [false, true]);
    assert_eq!(both("", "a").0, [false, false]);
}

#[test]
fn routes_to_pools_that_are_not_there_are_problems_and_nothing_worse() {
    for pools in ["pools: {}", "pools:", "pool: {a: {servers: [m0]}}"] {
        let routes =
            "routes: [{prefix: '', migrate: {from: a, to: b, phase: warm}}, {prefix: x, pool: a, namespace: y}]";
        parse(&format!("{pools}\n{routes}\n")).unwrap_err();
    }
}

#[test]
fn routes_that_share_a_gutter_can_meet_there() {
    let warned = |on_down: &str| {
        let pools = format!("p: {{servers: [m0]{on_down}}}, q: {{servers: [m1]{on_down}}}, g: {{servers: [m2]}}");
        let routes = "[{prefix: a, pool: p}, {prefix: '', pool: q, namespace: a}, {prefix: zz, pool: g}]";
        let config = parse(&format!("pools: {{{pools}}}\nroutes: {routes}\n")).unwrap();
        config.warnings.iter().any(|warning| warning.text.contains("can meet under one name"))
    };
    assert_eq!([warned(""), warned(", on_down: {gutter: g}")], [false, true]);
}

#[test]
fn routes_that_share_names_should_tell_the_same_values_stale() {
    let warned = |a: &str, b: &str| {
        let routes = format!("[{{prefix: a, pool: p{a}}}, {{prefix: '', pool: p, namespace: a{b}}}]");
        let config = parse(&format!("pools: {{p: {{servers: [m0]}}}}\nroutes: {routes}\n")).unwrap();
        let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
        warning.text.clone()
    };
    let meet = "with different namespaces, keys of this route and of \"\" can meet under one name in the pool";
    let disagree = format!("{meet}, and what is stale to one is not to the other; give both the same refresh");
    assert_eq!(warned("", ""), meet);
    assert_eq!(warned(", refresh: {}", ", refresh: {lease: 5s}"), meet);
    assert_eq!(warned(", refresh: {}", ""), disagree);
    assert_eq!(warned(", refresh: {}", ", refresh: {marker_bit: 30}"), disagree);
    assert_eq!(warned(", refresh: {}", ", refresh: {grace: 5s}"), disagree);
}

#[test]
fn hash_tags_that_the_original_did_not_know_are_a_warning() {
    let said = |hash: &str| {
        warnings(&parse(&format!("pools: {{p: {{servers: [m0], hash: {hash}, hash_tags: '{{}}'}}}}\n")).unwrap())
    };
    let text =
        "c.yaml:1:54: pools.p.hash_tags: keys with {…} are not where pymemcache put them, as it knows no hash tags";
    assert_eq!(said("murmur3"), [text]);
    assert_eq!((said("rendezvous").len(), said("twemproxy_ketama").len()), (0, 0));
}
