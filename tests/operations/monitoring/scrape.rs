//! A real Prometheus scrapes a leash with every policy and answers what the alerts and the dashboard ask.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use support::{pause, wait_until};

use super::files::{dashboards, files, fill_in, metric, named, panels, promtool, reference, rules, text, variables};
use super::prometheus::Prometheus;
use super::traffic::Traffic;

/// Two scrapes and a round of rules, on a machine that stands still for a while.
const BOUND: Duration = Duration::from_secs(120);

/// Legends of panels that show nothing in this test.
const NOT_SHOWN: [&str; 2] = [
    // connections that die unseen while idle: here each death is noticed
    "{{pool}} {{server}} retries",
    // both servers are memcached, and the third one is nobody
    "{{pool}} {{server}} desync",
];

/// What waits to fire after this test's troubles.
const TROUBLES: [&str; 6] = [
    "LeashServerDown",
    "LeashSpoolLoses",
    "LeashReloadRefused",
    "LeashConnectionLimit",
    "LeashLoaderHeldBack",
    "LeashQueueRefuses",
];

/// What has no reason to, however slow the machine is.
const QUIET: [&str; 17] = [
    "LeashQueueDiskRefuses",
    "LeashQueueDamaged",
    "LeashQueueHeadOld",
    "LeashQueueGrows",
    "LeashQueueGivesUp",
    "LeashSpoolGrows",
    "LeashSpoolRefused",
    "LeashSpoolNotWritten",
    "LeashSplitPlacement",
    "LeashDesync",
    "LeashBuffersFull",
    "LeashMemoryShort",
    "LeashLoadsWait",
    "LeashLoadsRefused",
    "LeashMigrationTorn",
    "LeashMigrationMixed",
    "LeashMigrationStuck",
];

#[test]
fn prometheus_answers_what_alerts_and_dashboards_ask() {
    let mut traffic = Traffic::new();
    let prometheus = Prometheus::watch(&traffic.leash, &files("helm/rules", "yaml"));
    traffic.round();
    wait_until("leash is scraped", BOUND, || finite(&prometheus, "leash_build_info and on (instance) up == 1"));
    traffic.crowd();
    traffic.reload();
    traffic.restart_a_server();

    until_nothing("not scraped", || {
        traffic.round();
        let known = known_to(&prometheus);
        reference().symmetric_difference(&known).cloned().collect()
    });
    until_nothing("named and not scraped", || {
        named().into_iter().filter(|series| prometheus.ask(series).is_empty()).collect()
    });
    let targets = targets();
    until_nothing("shows nothing", || {
        traffic.round();
        let silent = targets.iter().filter(|(_, question)| !finite(&prometheus, question));
        silent.map(|(_, question)| question.clone()).collect()
    });
    for (legend, question) in &targets {
        legend_is_filled(&prometheus, legend, question);
    }
    variables_have_values(&prometheus);
    rules_are_healthy(&prometheus, &mut traffic);
    promtool(&["check", "metrics"], &traffic.leash.page("/metrics"));
}

/// Waits until a list of faults is empty; panics with what is left of it.
fn until_nothing(what: &str, mut faults: impl FnMut() -> Vec<String>) {
    let start = Instant::now();
    loop {
        let faults = faults();
        if faults.is_empty() {
            return;
        }
        assert!(start.elapsed() < BOUND, "{what}: {}", faults.join("\n"));
        pause(Duration::from_millis(100));
    }
}

/// The metrics of leash that Prometheus knows.
fn known_to(prometheus: &Prometheus) -> BTreeSet<String> {
    let (names, known) = (prometheus.api("label/__name__/values"), reference());
    let names = names
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .filter(|name| ["leash_", "process_"].iter().any(|prefix| name.starts_with(prefix)));
    names.map(|name| metric(&name, &known)).collect()
}

/// Legend and question of every target of a panel, with Grafana's variables filled in.
fn targets() -> Vec<(String, String)> {
    let panels = panels();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked = targets.map(|target| (text(&target["legendFormat"]), fill_in(&text(&target["expr"]))));
    asked.filter(|(legend, _)| !NOT_SHOWN.contains(&legend.as_str())).collect()
}

/// Whether there is a number to show.
fn finite(prometheus: &Prometheus, question: &str) -> bool {
    prometheus.ask(question).iter().any(|(_, value)| value.is_finite())
}

/// Every series has the labels that its legend names, so no legend has a hole.
fn legend_is_filled(prometheus: &Prometheus, legend: &str, question: &str) {
    let labels = legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap());
    let found = prometheus.ask(question);
    for label in labels {
        assert!(found.iter().all(|(series, _)| series[label].is_string()), "{question} has no {label}: {found:?}");
    }
}

/// What can be chosen above a dashboard: `label_values(series, label)`.
fn variables_have_values(prometheus: &Prometheus) {
    for (name, variable) in dashboards().iter().flat_map(variables).filter(|(_, v)| v["type"] == "query") {
        let definition = fill_in(&text(&variable["definition"]));
        let inner = definition.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (series, label) = inner.rsplit_once(", ").unwrap();
        let found = prometheus.ask(&format!("count by ({label}) ({series})"));
        let is_filled = !found.is_empty() && found.iter().all(|(series, _)| series[label].is_string());
        assert!(is_filled, "nothing to choose for {name}: {found:?}");
    }
}

/// All rules are loaded and can be evaluated, and see the troubles that there are. These go on meanwhile: which keys a
/// server gets hangs on its port, so that one of few keys may not be down yet, and a rate needs two scrapes.
fn rules_are_healthy(prometheus: &Prometheus, traffic: &mut Traffic) {
    let mut loaded: Vec<Value> = Vec::new();
    until_nothing("not evaluated, or sees nothing", || {
        traffic.round();
        let groups = prometheus.api("rules")["groups"].as_array().unwrap().clone();
        loaded = groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect();
        let unknown = loaded.iter().filter(|rule| rule["health"] == "unknown").map(Value::to_string);
        let blind = TROUBLES.iter().filter(|alert| state(&loaded, alert) == "inactive").map(ToString::to_string);
        unknown.chain(blind).collect()
    });
    assert_eq!(loaded.len(), rules().len());
    for rule in &loaded {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    for alert in QUIET {
        assert_eq!(state(&loaded, alert), "inactive", "{alert}");
    }
}

fn state(rules: &[Value], alert: &str) -> String {
    text(&rules.iter().find(|rule| rule["name"] == alert).unwrap_or_else(|| panic!("{alert} is not loaded"))["state"])
}
