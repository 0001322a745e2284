//! Alerts and dashboards: right by promtool, about metrics that exist, each alert tested and explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::helm::{errors, here, run};

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

fn rules() -> Vec<Value> {
    let read = |path: PathBuf| serde_yaml::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let groups =
        files("helm/rules", "yaml").into_iter().map(read).flat_map(|file| file["groups"].as_array().unwrap().clone());
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn dashboards() -> Vec<Value> {
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files("helm/dashboards", "json").into_iter().map(read).collect()
}

/// Every value of a field, wherever in the tree it is.
fn every<'v>(value: &'v Value, field: &str) -> Vec<&'v Value> {
    match value {
        Value::Object(map) => {
            let here = map.iter().filter(|(name, _)| *name == field).map(|(_, value)| value);
            here.chain(map.values().flat_map(|value| every(value, field))).collect()
        }
        Value::Array(list) => list.iter().flat_map(|value| every(value, field)).collect(),
        _ => Vec::new(),
    }
}

/// What a dashboard asks Prometheus, with Grafana's variables filled in.
fn questions() -> Vec<String> {
    let dashboards = dashboards();
    let asked = dashboards.iter().flat_map(|dashboard| every(dashboard, "expr"));
    asked.map(|expr| fill_in(expr.as_str().unwrap())).collect()
}

fn fill_in(question: &str) -> String {
    let variables = ["$job", "$instance", "$route", "$pool"];
    let filled =
        variables.iter().fold(question.replace("$__rate_interval", "5m"), |text, name| text.replace(name, ".*"));
    assert!(!filled.contains('$'), "a variable that the dashboard does not have: {filled}");
    filled
}

/// The metrics a text names. Suffixes of histograms and summaries are left away where the README has only the rest.
fn named(text: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let metrics = words.filter(|word| word.starts_with("leash_") && !word.ends_with('_'));
    let base = |metric: &str| {
        let bases = ["_bucket", "_sum", "_count"].iter().filter_map(|suffix| metric.strip_suffix(suffix));
        bases.into_iter().find(|base| known.contains(*base)).unwrap_or(metric).to_string()
    };
    metrics.map(base).collect()
}

/// The metrics of the README's table, which another test compares with the code.
fn readme() -> BTreeSet<String> {
    let text = fs::read_to_string(here("README.md")).unwrap();
    let table = text.split_once("<!-- metrics -->").unwrap().1.split_once("<!-- end of metrics -->").unwrap().0;
    table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split('`').next().unwrap().to_string())
        .collect()
}

fn promtool(arguments: &[&str]) -> String {
    let output = run(Command::new("promtool").args(arguments), "");
    assert!(output.status.success(), "promtool {}:\n{}", arguments.join(" "), errors(&output));
    errors(&output)
}

#[test]
fn every_metric_that_alerts_and_dashboards_name_exists() {
    let known = readme();
    let mut texts: Vec<String> = rules().iter().map(|rule| rule["expr"].as_str().unwrap().to_string()).collect();
    texts.extend(questions());
    texts.extend(dashboards().iter().flat_map(|d| every(d, "definition")).map(Value::to_string));
    let named: BTreeSet<String> = texts.iter().flat_map(|text| named(text, &known)).collect();
    let missing: Vec<&String> = named.difference(&known).collect();
    assert!(missing.is_empty(), "not in the README's table: {missing:?}");
    assert!(named.len() > 20, "{named:?}");
}

#[test]
fn promtool_accepts_the_rules_and_every_alert_passes_its_tests() {
    for rules in files("helm/rules", "yaml") {
        promtool(&["check", "rules", rules.to_str().unwrap()]);
    }
    let mut tested = String::new();
    for tests in files("tests/chart/rules", "yaml") {
        promtool(&["test", "rules", tests.to_str().unwrap()]);
        tested += &fs::read_to_string(tests).unwrap();
    }
    for rule in rules() {
        let alert = rule["alert"].as_str().unwrap();
        let fires = tested.split(&format!("alertname: {alert}\n")).skip(1).any(|test| {
            let expected = test.split("alertname:").next().unwrap();
            !expected.contains("exp_alerts: []")
        });
        assert!(fires, "no test in tests/chart/rules lets {alert} fire");
    }
}

#[test]
fn promtool_accepts_every_question_of_the_dashboards() {
    let rules: Vec<Value> = questions()
        .iter()
        .enumerate()
        .map(|(n, expr)| json!({ "record": format!("panel:{n}"), "expr": expr }))
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, json!({ "groups": [{ "name": "dashboards", "rules": rules }] }).to_string()).unwrap();
    promtool(&["check", "rules", file.path().to_str().unwrap()]);
}

#[test]
fn every_alert_has_its_paragraph_in_the_runbook() {
    let operations = fs::read_to_string(here("docs/operations.md")).unwrap();
    for rule in rules() {
        let alert = rule["alert"].as_str().unwrap();
        assert!(operations.contains(&format!("\n### {alert}\n")), "docs/operations.md does not explain {alert}");
        let anchor = format!("docs/operations.md#{}", alert.to_lowercase());
        assert!(rule["annotations"]["runbook_url"].as_str().unwrap().ends_with(&anchor), "{alert}: {anchor}");
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{alert}");
    }
}

#[test]
fn panels_of_a_dashboard_do_not_overlap_and_have_numbers_of_their_own() {
    for dashboard in dashboards() {
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        let mut taken = BTreeSet::new();
        for panel in panels {
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(cell.0 < 24 && taken.insert(cell), "{} lies over another panel at {cell:?}", panel["title"]);
            }
        }
    }
}
