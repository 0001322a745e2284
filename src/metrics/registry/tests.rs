//! What a scrape promises, read back with a parser of the text format that is strict where Prometheus is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::metrics::{EVERYTHING_ELSE, RouteId, RouteLabel, ServerId, ServerState, StatsCount};

/// Samples by `name{labels}`, as they stand in the text.
type Parsed = BTreeMap<String, f64>;

/// Checks what `promtool check metrics` would: HELP and TYPE once and first, names, escapes, no series twice.
fn parse(text: &str) -> Parsed {
    let (mut parsed, mut families, mut family) = (Parsed::new(), BTreeSet::new(), (String::new(), String::new()));
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split_once(' ').expect("a help text").0;
            assert!(families.insert(name.to_string()), "{name} twice");
            family = (name.to_string(), String::new());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!(name, family.0);
            assert!(["counter", "gauge", "histogram", "summary"].contains(&kind), "{kind}");
            family.1 = kind.to_string();
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            check_series(series, &family);
            assert!(parsed.insert(series.to_string(), value.parse().expect("a number")).is_none(), "{series} twice");
        }
    }
    parsed
}

fn check_series(series: &str, (family, kind): &(String, String)) {
    let (name, labels) = series.split_once('{').map_or((series, ""), |(name, rest)| (name, rest));
    let suffix = name.strip_prefix(family.as_str()).expect("samples stand under their family");
    let allowed: &[&str] = match kind.as_str() {
        "histogram" => &["_bucket", "_sum", "_count"],
        "summary" => &["_sum", "_count"],
        _ => &[""],
    };
    assert!(allowed.contains(&suffix), "{series}");
    if !labels.is_empty() {
        let body = labels.strip_suffix("\"}").expect("labels end");
        for label in body.split("\",") {
            let (name, value) = label.split_once("=\"").expect("name and value");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert!(!value.is_empty(), "an empty label is none: {series}");
        }
    }
}

fn layout(routes: &[&str], servers: &[&str]) -> Arc<ShardLayout> {
    let routes: Vec<_> = routes.iter().map(|prefix| label(prefix, false)).collect();
    let servers: Vec<_> = servers.iter().map(|name| ("main".to_string(), name.to_string())).collect();
    ShardLayout::new(&routes, &servers)
}

fn label(prefix: &str, refreshes: bool) -> RouteLabel {
    RouteLabel { prefix: prefix.to_string(), refreshes, migrates: refreshes, loads: refreshes }
}

const ROUTE: RouteId = RouteId(0);
const SERVER: ServerId = ServerId(0);

#[test]
fn the_text_is_well_formed_with_every_series_in_it() {
    let registry = Registry::new("0.1.0");
    let servers = [("main".to_string(), "m0:11211".to_string())];
    let routes = [label("", false), label("quo\"te\\:", true)];
    let shard = registry.shard(&ShardLayout::timing(&routes, &servers, true));
    shard.count(RouteId(1), CommandClass::Get, RequestOutcome::Hit);
    shard.observe(RouteId(1), CommandClass::Get, Duration::from_millis(1));
    registry.source(|samples| {
        samples.put_server("main", "m0:11211", ServerState::Probing);
        samples.put_server_version("main", "m0:11211", "1.6.18");
        samples.put_fingerprint("main", 0xfeed);
        samples.put_route("cart:", "main", "spare", "warm");
        samples.put(Series::ConfigReloads, &["ok"], 1.0);
        samples.put(Series::DiscoveryQuestions, &["main", "ok"], 1.0);
        for series in [Series::ConfigRoutes, Series::ConfigReloadSuccessful, Series::ConfigLoaded] {
            samples.put(series, &[], 1.0);
        }
        for series in [Series::ConfigNeedsRestart, Series::Workers, Series::DownstreamMost] {
            samples.put(series, &[], 1.0);
        }
        for series in [Series::BufferBytes, Series::BufferMost] {
            samples.put(series, &[], 4.0);
        }
        let of_loaders = [Series::LoadsInFlight, Series::LoadsMost, Series::LoadsWaiting];
        for series in of_loaders.into_iter().chain([Series::LoaderHeldBack, Series::LoaderTimeout]) {
            samples.put(series, &["page:"], 1.0);
        }
        of_queues(samples);
        samples.put(Series::MemoryShed, &["client"], 1.0);
        for series in [Series::EmbeddedItems, Series::EmbeddedBytes, Series::EmbeddedEvictions] {
            samples.put(series, &["demo"], 3.0);
        }
        for series in [Series::PoolBlackout, Series::PoolBlackouts] {
            samples.put(series, &["main"], 1.0);
        }
        let of_spools = [
            Series::SpoolKeys,
            Series::SpoolOldest,
            Series::SpoolReplayed,
            Series::SpoolSkipped,
            Series::SpoolRefused,
            Series::SpoolFileFailing,
            Series::SpoolFileFailures,
        ];
        for series in of_spools {
            samples.put(series, &["main", "m0:11211"], 4.0);
        }
        samples.put(Series::SpoolDropped, &["main", "m0:11211", "full"], 5.0);
    });
    let text = registry.text(Exposition::Text);
    let parsed = parse(&text);
    for series in Series::ALL {
        assert!(text.contains(&format!("# TYPE {} ", series.name())), "{} is missing", series.name());
    }
    assert_eq!(parsed[r#"leash_server_state{pool="main",server="m0:11211",state="probing"}"#], 1.0);
    assert_eq!(parsed[r#"leash_server_state{pool="main",server="m0:11211",state="up"}"#], 0.0);
    assert_eq!(parsed[r#"leash_server_up{pool="main",server="m0:11211"}"#], 0.0);
    assert_eq!(parsed[r#"leash_route_info{route="cart:",from="main",to="spare",phase="warm"}"#], 1.0);
    assert_eq!(parsed[r#"leash_pool_fingerprint{pool="main",fingerprint="000000000000feed"}"#], 1.0);
    assert_eq!(parsed[r#"leash_requests_total{route="quo\"te\\:",class="get",outcome="hit"}"#], 1.0);
}

fn of_queues(samples: &mut Samples) {
    for series in Series::ALL.into_iter().filter(|series| series.name().starts_with("leash_queue")) {
        let labels = ["jobs:", "full"];
        samples.put(series, &labels[..series.labels().len()], 1.0);
    }
}

#[test]
fn two_shards_are_one_sum() {
    let registry = Registry::new("0.1.0");
    let layout = layout(&[""], &["m0"]);
    let shards = [registry.shard(&layout), registry.shard(&layout)];
    for shard in &shards {
        shard.count(ROUTE, CommandClass::Store, RequestOutcome::Stored);
        shard.upstream(SERVER, UpstreamCount::Requests, 3);
        shard.upstream(SERVER, UpstreamCount::Finished, 2);
        shard.failure(SERVER, Cause::Timeout);
        shard.observe_upstream(SERVER, 1, Duration::from_millis(250));
        shard.protocol_error(ProtocolError::LineTooLong);
    }
    let parsed = parse(&registry.text(Exposition::Text));
    let route = format!(r#"leash_requests_total{{route="{EVERYTHING_ELSE}",class="store",outcome="stored"}}"#);
    assert_eq!(parsed[&route], 2.0);
    let of_server = |name: &str| parsed[&format!(r#"{name}{{pool="main",server="m0"}}"#)];
    assert_eq!(of_server("leash_upstream_requests_total"), 6.0);
    assert_eq!(of_server("leash_upstream_in_flight"), 2.0);
    assert_eq!(of_server("leash_upstream_request_seconds_sum"), 0.5);
    assert_eq!(of_server("leash_upstream_request_seconds_count"), 2.0);
    assert_eq!(parsed[r#"leash_failures_total{pool="main",server="m0",cause="timeout"}"#], 2.0);
    assert_eq!(parsed[r#"leash_downstream_protocol_errors_total{kind="line_too_long"}"#], 2.0);
}

#[test]
fn histogram_buckets_are_cumulative_and_end_in_the_count() {
    let registry = Registry::new("0.1.0");
    let shard = registry.shard(&layout(&["page:"], &[]));
    for millis in [0, 1, 1, 100, 60_000] {
        shard.observe(ROUTE, CommandClass::Get, Duration::from_millis(millis));
    }
    let parsed = parse(&registry.text(Exposition::Text));
    let name = "leash_request_duration_seconds";
    let bucket = |le: &str| parsed[&format!(r#"{name}_bucket{{route="page:",class="get",le="{le}"}}"#)];
    assert_eq!(
        ["0.00005", "0.0008", "0.0016", "0.0512", "0.1024", "6.5536", "+Inf"].map(bucket),
        [1.0, 1.0, 3.0, 3.0, 4.0, 4.0, 5.0]
    );
    assert_eq!(parsed[&format!(r#"{name}_count{{route="page:",class="get"}}"#)], 5.0);
    assert_eq!(parsed[&format!(r#"{name}_sum{{route="page:",class="get"}}"#)], 60.102);
}

#[test]
fn counts_survive_their_shard_and_connections_that_outlive_it_are_still_open() {
    let registry = Registry::new("0.1.0");
    let old = registry.shard(&layout(&["", "gone:"], &["m0"]));
    old.downstream(DownstreamCount::Accepted, 2);
    old.count(RouteId(1), CommandClass::Get, RequestOutcome::Hit);
    old.count(ROUTE, CommandClass::Get, RequestOutcome::Hit);
    drop(old);
    let new = registry.shard(&layout(&[""], &["m0"]));
    new.downstream(DownstreamCount::Closed, 1);
    new.count(ROUTE, CommandClass::Get, RequestOutcome::Hit);
    let text = registry.text(Exposition::Text);
    let parsed = parse(&text);
    assert_eq!(parsed["leash_downstream_connections"], 1.0);
    let route = format!(r#"leash_requests_total{{route="{EVERYTHING_ELSE}",class="get",outcome="hit"}}"#);
    assert_eq!(parsed[&route], 2.0);
    assert!(!text.contains("gone:"), "a route that left the configuration leaves the metrics");
    assert_eq!(registry.totals().get(crate::metrics::StatsFigure::GetHits), 3, "but not the totals");
    assert_eq!(registry.shards().living.len(), 1);
}

#[test]
fn figures_of_stats_follow_memcached_and_start_again_after_a_reset() {
    use crate::metrics::StatsFigure;
    let registry = Registry::new("0.1.0");
    let shard = registry.shard(&layout(&["a:", "b:"], &[]));
    for route in [RouteId(0), RouteId(1)] {
        shard.count(route, CommandClass::Get, RequestOutcome::Hit);
        shard.count(route, CommandClass::Get, RequestOutcome::Failed);
        shard.count(route, CommandClass::Touch, RequestOutcome::Miss);
        shard.count(route, CommandClass::Store, RequestOutcome::Exists);
        shard.tally(StatsCount::CasBadval);
    }
    shard.downstream(DownstreamCount::Accepted, 5);
    let totals = registry.totals();
    let of = |figures: &[StatsFigure]| figures.iter().map(|figure| totals.get(*figure)).collect::<Vec<_>>();
    assert_eq!(of(&[StatsFigure::CmdGet, StatsFigure::GetHits, StatsFigure::GetMisses]), [2, 2, 0]);
    assert_eq!(
        of(&[StatsFigure::CmdTouch, StatsFigure::TouchMisses, StatsFigure::CmdSet, StatsFigure::CasBadval]),
        [2, 2, 2, 2]
    );
    registry.reset_totals();
    shard.count(ROUTE, CommandClass::Get, RequestOutcome::Miss);
    let totals = registry.totals();
    assert_eq!((totals.get(StatsFigure::CmdGet), totals.get(StatsFigure::TotalConnections)), (1, 0));
    assert_eq!(totals.curr_connections, 5, "connections stay open over a reset");
}

#[test]
fn the_prometheus_crate_takes_it_as_a_collector() {
    let registry = Registry::new("0.1.0");
    let theirs = prometheus::Registry::new();
    theirs.register(Box::new(registry.clone())).expect("descriptions are consistent");
    let families = theirs.gather();
    assert!(families.iter().any(|family| family.name() == "leash_build_info"));
}

#[test]
fn a_scrape_while_a_worker_counts_never_goes_backwards() {
    let registry = Registry::new("0.1.0");
    let shard = registry.shard(&layout(&[""], &[]));
    let worker = std::thread::spawn(move || {
        (0..200_000).for_each(|_| shard.count(ROUTE, CommandClass::Get, RequestOutcome::Hit));
    });
    let mut before = 0;
    while !worker.is_finished() {
        let now = registry.totals().get(crate::metrics::StatsFigure::GetHits);
        assert!(now >= before);
        before = now;
    }
    worker.join().expect("the worker counts");
    assert_eq!(registry.totals().get(crate::metrics::StatsFigure::GetHits), 200_000);
}

#[test]
fn where_servers_are_summed_each_pool_has_its_sums_and_only_servers_that_are_down_have_a_name() {
    let registry = Registry::new("0.1.0");
    let shard = registry.shard(&layout(&[""], &["m0", "m1"]));
    for (id, nanos) in [(ServerId(0), 1_000_000_000), (ServerId(1), 3_000_000_000)] {
        shard.upstream(id, UpstreamCount::Requests, 2);
        shard.failure(id, Cause::Timeout);
        shard.observe_upstream(id, 2, Duration::from_nanos(nanos));
    }
    registry.source(|samples| {
        for (server, state, waits) in [("m0", ServerState::Up, 5.0), ("m1", ServerState::Down, 7.0)] {
            samples.put_server("main", server, state);
            samples.put(Series::SpoolKeys, &["main", server], waits);
            samples.put(Series::SpoolOldest, &["main", server], waits);
        }
    });
    assert_eq!(parse(&registry.text(Exposition::Text))[r#"leash_spool_keys{pool="main",server="m0"}"#], 5.0);
    registry.sum_servers(true);
    let text = registry.text(Exposition::Text);
    let parsed = parse(&text);
    assert_eq!(parsed[r#"leash_upstream_requests_total{pool="main"}"#], 4.0);
    assert_eq!(parsed[r#"leash_failures_total{pool="main",cause="timeout"}"#], 2.0);
    assert_eq!(parsed[r#"leash_upstream_request_seconds_count{pool="main"}"#], 4.0);
    assert_eq!(parsed[r#"leash_upstream_request_seconds_sum{pool="main"}"#], 4.0);
    assert_eq!(parsed[r#"leash_spool_keys{pool="main"}"#], 12.0);
    assert_eq!(parsed[r#"leash_spool_oldest_seconds{pool="main"}"#], 7.0);
    let named: Vec<&str> = text.lines().filter(|line| line.contains("server=")).collect();
    assert_eq!(named, [r#"leash_server_up{pool="main",server="m1"} 0"#]);
}

#[test]
fn each_reply_of_a_timed_server_falls_into_its_bucket() {
    let registry = Registry::new("0.1.0");
    let servers = [("main".to_string(), "m0".to_string())];
    let shard = registry.shard(&ShardLayout::timing(&[], &servers, true));
    assert!(shard.times_replies(SERVER));
    for micros in [60, 90, 3_000] {
        shard.time_reply(SERVER, Duration::from_micros(micros));
    }
    let parsed = parse(&registry.text(Exposition::Text));
    let bucket =
        |le: &str| parsed[&format!(r#"leash_server_latency_seconds_bucket{{pool="main",server="m0",le="{le}"}}"#)];
    assert_eq!([bucket("0.00005"), bucket("0.0001"), bucket("+Inf")], [0.0, 2.0, 3.0]);
    let untimed = registry.shard(&layout(&[], &["m0"]));
    untimed.time_reply(SERVER, Duration::from_secs(1));
    assert!(!untimed.times_replies(SERVER));
    drop(shard);
    assert!(!registry.text(Exposition::Text).contains("leash_server_latency"), "no configuration in force asks for it");
}
