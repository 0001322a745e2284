//! The alerts are right by promtool, name what exists, are tested in both directions, and tell whoever is woken what to
//! do.

use std::fs;

use serde_json::Value;

use support::repository::here;

use super::files::{alerts, files, metric, named, promtool, reference, text, yaml};

#[test]
fn every_metric_that_alerts_and_dashboards_name_is_in_the_reference() {
    let known = reference();
    let missing: Vec<String> = named().into_iter().filter(|series| !known.contains(&metric(series, &known))).collect();
    assert!(missing.is_empty(), "not in the table of docs/reference/metrics.md: {missing:?}");
    assert!(named().len() > 20, "{:?}", named());
}

#[test]
fn promtool_accepts_the_rules_and_they_pass_their_tests() {
    for rules in files("helm/rules", "yaml") {
        promtool(&["check", "rules", rules.to_str().unwrap()], "");
    }
    for tests in files("tests/operations/monitoring/rules", "yaml") {
        promtool(&["test", "rules", tests.to_str().unwrap()], "");
    }
}

#[test]
fn every_alert_fires_in_one_history_and_keeps_quiet_in_another() {
    let histories: Vec<Value> = files("tests/operations/monitoring/rules", "yaml")
        .into_iter()
        .flat_map(|tests| yaml(tests)["tests"].as_array().unwrap().clone())
        .collect();
    for (alert, _) in alerts() {
        let looks = histories.iter().map(|history| looks(history, &alert)).filter(|looks| !looks.is_empty());
        let (quiet, fires): (Vec<_>, Vec<_>) = looks.partition(|looks| looks.iter().all(|fires| !fires));
        assert!(!quiet.is_empty(), "no history in tests/operations/monitoring/rules in which {alert} keeps quiet");
        let waits = fires.iter().any(|looks| looks.contains(&true) && looks.contains(&false));
        assert!(waits, "no history in tests/operations/monitoring/rules in which {alert} first waits and then fires");
    }
}

/// Whether an alert is expected to fire, at each time that a history is looked at for it.
fn looks(history: &Value, alert: &str) -> Vec<bool> {
    let looks = history["alert_rule_test"].as_array().unwrap().iter();
    let of_this = looks.filter(|look| look["alertname"] == alert);
    of_this.map(|look| !look["exp_alerts"].as_array().unwrap().is_empty()).collect()
}

#[test]
fn every_alert_waits_and_says_how_urgent_it_is_and_what_it_is_about() {
    for (alert, rule) in alerts() {
        assert!(rule["for"].is_string(), "{alert} does not say how long it waits");
        assert!(["page", "ticket"].contains(&text(&rule["labels"]["severity"]).as_str()), "{alert}");
        let said = text(&rule["annotations"]["summary"]) + &text(&rule["annotations"]["description"]);
        for needed in ["$labels.job", "$value"] {
            assert!(said.contains(needed), "{alert} does not tell {needed}");
        }
    }
}

#[test]
fn every_alert_has_its_paragraph_in_the_runbook() {
    let operations = fs::read_to_string(here("docs/operations/alerts.md")).unwrap();
    for (alert, rule) in alerts() {
        assert!(operations.contains(&format!("\n## {alert}\n")), "docs/operations/alerts.md does not explain {alert}");
        let row = format!("\n| [{alert}](#{}) | {} | ", alert.to_lowercase(), text(&rule["labels"]["severity"]));
        assert!(operations.contains(&row), "no row in docs/operations/alerts.md begins with {row}");
        let anchor = format!("docs/operations/alerts.md#{}", alert.to_lowercase());
        assert!(text(&rule["annotations"]["runbook_url"]).ends_with(&anchor), "{alert}: {anchor}");
    }
}
