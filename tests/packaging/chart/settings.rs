//! What single values change in what is rendered, where no recorded manifest shows it.

use serde_json::{Value, json};

use support::repository::here;

use super::helm::{CASES, KUBERNETES, objects, template};

/// What the chart renders for a mode's values, with these `--set` arguments on top.
#[track_caller]
fn rendered(case: &str, set: &str) -> Vec<Value> {
    let mut arguments = CASES.iter().find(|known| known.name == case).expect(case).arguments();
    arguments.extend(["--set".into(), set.into()]);
    objects(&template(KUBERNETES, arguments))
}

fn find<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind} is rendered"))
}

#[test]
fn an_existing_object_takes_the_place_of_the_configuration_and_probes_find_leash() {
    for (value, volume) in [
        ("existingConfigMap", json!({"name": "leash-config", "configMap": {"name": "mine"}})),
        ("existingSecret", json!({"name": "leash-config", "secret": {"secretName": "mine"}})),
    ] {
        let objects = rendered("hostnetwork", &format!("{value}=mine,config.pools=null"));
        assert!(objects.iter().all(|object| object["kind"] != "ConfigMap"), "{value}");
        let pod = &find(&objects, "DaemonSet")["spec"]["template"]["spec"];
        assert_eq!(pod["volumes"][0], volume);
        let environment = pod["containers"][0]["env"].as_array().unwrap();
        assert!(environment.contains(&json!({"name": "LEASH_ADMIN", "value": "0.0.0.0:21291"})), "{environment:?}");
    }
}

/// The image listens on every address, which beside an application is every pod's to reach.
#[test]
fn in_every_mode_the_file_says_where_leash_listens() {
    for case in CASES {
        let containers = case.objects().iter().flat_map(super::manifests::containers).collect::<Vec<_>>();
        for leash in containers.iter().filter(|container| container["name"] == "leash") {
            assert_eq!(leash["env"][0], json!({"name": "LEASH_LISTEN", "value": ""}), "{}", case.name);
        }
    }
}

#[test]
fn alerts_carry_the_labels_that_are_asked_for_and_link_to_no_address_that_is_not() {
    let alerts = |set: &str| {
        let objects = rendered("monitoring", set);
        let rules = find(&objects, "PrometheusRule")["spec"]["groups"][0]["rules"].as_array().unwrap().clone();
        rules.into_iter().filter(|rule| rule["alert"].is_string()).collect::<Vec<_>>()
    };
    for alert in alerts("prometheusRule.ruleLabels.team=cache") {
        assert_eq!(alert["labels"]["team"], "cache");
        assert!(alert["labels"]["severity"].is_string(), "its own labels stay");
        assert!(alert["annotations"]["runbook_url"].is_null() && alert["annotations"]["summary"].is_string());
    }
    for alert in alerts("prometheusRule.runbookUrl=https://wiki.example.com/leash/alerts") {
        let name = alert["alert"].as_str().unwrap();
        let expected = format!("https://wiki.example.com/leash/alerts#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook_url"], expected);
    }
}

/// Two pods of a node cannot have one port, and a drain must not wait for a pod that nobody may add.
#[test]
fn defaults_follow_what_else_is_said() {
    let strategy =
        |set| find(&rendered("daemonset", set), "DaemonSet")["spec"]["updateStrategy"]["rollingUpdate"].clone();
    assert_eq!(strategy("networkPolicy.enabled=false"), json!({"maxSurge": 1, "maxUnavailable": 0}));
    assert_eq!(strategy("networkPolicy.enabled=false,hostNetwork=true"), json!({"maxSurge": 0, "maxUnavailable": 1}));
    let budgets =
        |set| rendered("deployment", set).iter().filter(|object| object["kind"] == "PodDisruptionBudget").count();
    assert_eq!(budgets("replicas=1"), 0);
    assert_eq!(budgets("autoscaling.enabled=true,replicas=1"), 1, "two replicas at least");
    let spread = rendered("deployment", "topologySpreadConstraints=null");
    assert!(find(&spread, "Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"].is_null());
}

/// What is a default here is used by whoever does not look: no registry, no page that could be somebody else's tomorrow.
#[test]
fn no_address_is_a_default_but_that_of_the_image_of_the_test() {
    let values = std::fs::read_to_string(here("helm/values.yaml")).unwrap();
    let chart = std::fs::read_to_string(here("helm/Chart.yaml")).unwrap();
    let manifest = std::fs::read_to_string(here("Cargo.toml")).unwrap();
    for (name, text) in [("values.yaml", &values), ("Chart.yaml", &chart), ("Cargo.toml", &manifest)] {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let is_known = ["busybox:", "docs.rs/leash-cache", "example.com"].iter().any(|known| line.contains(known));
            let is_address = line.contains("://") || line.contains("ghcr.io") || line.contains("docker.io");
            assert!(!is_address || is_known, "{name}: {line}");
        }
    }
}
