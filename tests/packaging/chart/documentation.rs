//! The chart's README lists every value, with its default, and the schema knows every value.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use support::repository::here;

fn values() -> Value {
    serde_yaml::from_str(&fs::read_to_string(here("helm/values.yaml")).unwrap()).unwrap()
}

/// Every value by its dotted path. Maps whose keys the user chooses are values themselves.
fn flat(path: &str, value: &Value, all: &mut BTreeMap<String, String>) {
    let chosen_by_the_user = ["resources", "dashboard.labels"];
    match value {
        Value::Object(map) if !map.is_empty() && !chosen_by_the_user.contains(&path) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flat(&format!("{path}{dot}{key}"), value, all);
            }
        }
        value => {
            drop(all.insert(path.to_string(), value.to_string().replace('"', "").replace(',', ", ").replace(':', ": ")))
        }
    }
}

#[test]
fn the_readme_lists_every_value_with_its_default() {
    let mut expected = BTreeMap::new();
    flat("", &values(), &mut expected);
    let readme = fs::read_to_string(here("helm/README.md")).unwrap();
    let table = readme.split_once("\n## Values\n").expect("## Values").1.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")).map(|row| {
        let mut cells = row.split(" | ");
        let name = cells.next().unwrap().trim_end_matches('`');
        let default = cells.next().unwrap().trim_matches('`').replace('"', "");
        (name.to_string(), default.replace(": ", ":").replace(':', ": "))
    });
    assert_eq!(rows.collect::<BTreeMap<_, _>>(), expected);
}

#[test]
fn the_schema_knows_every_value_and_takes_no_other() {
    let schema: Value = serde_json::from_str(&fs::read_to_string(here("helm/values.schema.json")).unwrap()).unwrap();
    let known = schema["properties"].as_object().unwrap().keys();
    let only_for_parents = ["global", "enabled"];
    let known: Vec<&String> = known.filter(|name| !only_for_parents.contains(&name.as_str())).collect();
    let values = values();
    let written: Vec<&String> = values.as_object().unwrap().keys().collect();
    assert_eq!(sorted(known), sorted(written));
    let mut open = Vec::new();
    objects_without_bounds("", &schema, &mut open);
    // Kubernetes' own types, and a parent chart's globals
    let meant = |path: &&String| !["Selector", "ipBlock", "Affinity", "global"].iter().any(|end| path.contains(end));
    let open: Vec<&String> = open.iter().filter(meant).collect();
    assert!(open.is_empty(), "these objects take any key: {open:?}");
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn objects_without_bounds(path: &str, schema: &Value, open: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if map.get("type").is_some_and(|kind| kind == "object") && !map.contains_key("additionalProperties") {
                open.push(path.to_string());
            }
            map.iter().for_each(|(key, value)| objects_without_bounds(&format!("{path}/{key}"), value, open));
        }
        Value::Array(list) => list.iter().for_each(|value| objects_without_bounds(path, value, open)),
        _ => {}
    }
}
