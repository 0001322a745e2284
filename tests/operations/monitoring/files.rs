//! Reads the alerts, the dashboards and the table of metrics, and what they ask and name. Not a test itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use support::command::{errors, run};
use support::repository::here;

/// The files of a folder.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

/// A file of YAML.
pub fn yaml(path: PathBuf) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every rule: alerts, and what is recorded for them.
pub fn rules() -> Vec<Value> {
    let groups =
        files("helm/rules", "yaml").into_iter().map(yaml).flat_map(|file| file["groups"].as_array().unwrap().clone());
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// Every alert, with its name.
pub fn alerts() -> Vec<(String, Value)> {
    rules().into_iter().filter_map(|rule| Some((rule["alert"].as_str()?.to_string(), rule))).collect()
}

/// What the rules ask Prometheus.
pub fn expressions() -> Vec<String> {
    rules().iter().map(|rule| text(&rule["expr"])).collect()
}

/// Every dashboard.
pub fn dashboards() -> Vec<Value> {
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files("helm/dashboards", "json").into_iter().map(read).collect()
}

/// The panels of all dashboards that are not the title of a row.
pub fn panels() -> Vec<Value> {
    dashboards().iter().flat_map(all_panels).filter(|panel| panel["type"] != "row").collect()
}

/// The panels of a dashboard, titles of rows included, and what is folded below these.
pub fn all_panels(dashboard: &Value) -> Vec<Value> {
    let folded = |panel: &Value| panel["panels"].as_array().cloned().unwrap_or_default();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.flat_map(|panel| [vec![panel.clone()], folded(panel)].concat()).collect()
}

/// The variables of a dashboard, by name.
pub fn variables(dashboard: &Value) -> Vec<(String, Value)> {
    let list = dashboard["templating"]["list"].as_array().unwrap();
    list.iter().map(|variable| (text(&variable["name"]), variable.clone())).collect()
}

/// What all dashboards ask Prometheus, annotations included, with Grafana's variables filled in.
pub fn questions() -> Vec<String> {
    dashboards().iter().flat_map(|dashboard| every(dashboard, "expr")).map(|expr| fill_in(&expr)).collect()
}

/// A question as Grafana asks it when everything is selected.
pub fn fill_in(question: &str) -> String {
    let text = question.replace("$__rate_interval", "5m");
    let names = dashboards().iter().flat_map(variables).map(|(name, _)| name).collect::<Vec<_>>();
    let filled = names.iter().fold(text, |text, name| text.replace(&format!("\"${name}\""), "\".*\""));
    assert!(!filled.contains('$'), "a variable that the dashboard does not have: {filled}");
    filled
}

/// Every text of a field, wherever in the tree it is.
pub fn every(value: &Value, field: &str) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let here = map.iter().filter(|(name, _)| *name == field).filter_map(|(_, value)| value.as_str());
            let below = map.values().flat_map(|value| every(value, field));
            here.map(str::to_string).chain(below).collect()
        }
        Value::Array(list) => list.iter().flat_map(|value| every(value, field)).collect(),
        _ => Vec::new(),
    }
}

/// A field that holds a text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_string()
}

/// The series that an expression names, suffixes of histograms and summaries included. What a rule records is none.
pub fn series(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| word.starts_with("leash_") || word.starts_with("process_")).map(str::to_string).collect()
}

/// Every series that the alerts and the dashboards name.
pub fn named() -> BTreeSet<String> {
    let definitions = dashboards().iter().flat_map(|dashboard| every(dashboard, "definition")).collect::<Vec<_>>();
    [expressions(), questions(), definitions].concat().iter().flat_map(|text| series(text)).collect()
}

/// The metric of the table that a series belongs to.
pub fn metric(series: &str, known: &BTreeSet<String>) -> String {
    let bases = ["_bucket", "_sum", "_count"].iter().filter_map(|suffix| series.strip_suffix(suffix));
    bases.into_iter().find(|base| known.contains(*base)).unwrap_or(series).to_string()
}

/// The metrics of the table, which another test compares with the code.
pub fn reference() -> BTreeSet<String> {
    let text = fs::read_to_string(here("docs/reference/metrics.md")).unwrap();
    let table = text.split_once("<!-- metrics -->").unwrap().1.split_once("<!-- end of metrics -->").unwrap().0;
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_string()).collect()
}

/// Runs promtool, which must find nothing.
#[track_caller]
pub fn promtool(arguments: &[&str], input: &str) -> String {
    let output = run(Command::new("promtool").args(arguments), input);
    assert!(output.status.success(), "promtool {}:\n{}", arguments.join(" "), errors(&output));
    errors(&output)
}
