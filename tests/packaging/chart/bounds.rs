//! The chart refuses the numbers of a configuration that leash would refuse, before a pod starts with them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use support::leash::binary;
use support::repository::here;

/// The least and the most of each number, by the keys that lead to it.
type Bounds = BTreeMap<String, [Option<i64>; 2]>;

fn bounds(root: &Value, schema: &Value, path: &str, all: &mut Bounds) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect(reference);
        bounds(root, target, path, all);
    }
    let of_this = ["minimum", "maximum"].map(|bound| schema[bound].as_i64());
    if of_this != [None; 2] {
        all.insert(path.to_string(), of_this);
    }
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        bounds(root, below, &format!("{path}.{key}"), all);
    }
    for below in ["additionalProperties", "items"].iter().filter_map(|any| schema.get(any)) {
        bounds(root, below, &format!("{path}.*"), all);
    }
    for one in ["anyOf", "oneOf"].iter().flat_map(|any| schema[any].as_array()).flatten() {
        bounds(root, one, path, all);
    }
}

#[test]
fn numbers_have_the_bounds_that_leash_has() {
    let chart: Value = serde_json::from_str(&fs::read_to_string(here("helm/values.schema.json")).unwrap()).unwrap();
    let printed = Command::new(binary()).args(["config", "--schema"]).output().unwrap().stdout;
    let leash: Value = serde_json::from_slice(&printed).unwrap();
    let (mut of_chart, mut of_leash) = (Bounds::new(), Bounds::new());
    bounds(&chart, &chart["$defs"]["config"], "", &mut of_chart);
    bounds(&leash, &leash, "", &mut of_leash);
    of_chart.retain(|path, _| of_leash.contains_key(path));
    of_leash.retain(|path, _| of_chart.contains_key(path));
    assert!(of_chart.contains_key(".limits.in_flight") && of_chart.contains_key(".pools.*.servers.*.weight"));
    assert_eq!(of_chart, of_leash);
}
