//! The injection, evaluated by the engine of Kubernetes' own API server: `admission/`, which `tests/run` builds with Go.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};

use support::repository::here;

use super::helm::{CASES, Case, errors, objects, run, template};

/// The first Kubernetes whose policies are stable.
const KUBERNETES: &str = "1.36.0";

fn injection() -> Case {
    *CASES.iter().find(|case| case.name == "injection").expect("a case of the injection")
}

/// What the chart renders for the injection, with more values on top.
#[track_caller]
fn rendered(values: &Value) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("values.json");
    fs::write(&file, values.to_string()).unwrap();
    let mut arguments = injection().arguments();
    arguments.extend(["--values".into(), file.display().to_string()]);
    objects(&template(KUBERNETES, arguments))
}

fn find<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind} is rendered"))
}

/// What the API server says of a pod.
fn admission(policy: &Value, pod: &Value) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.json");
    fs::write(&file, policy.to_string()).unwrap();
    run(Command::new(here("target/tools/admission")).arg(file), pod.to_string())
}

/// The pod as it is then made.
#[track_caller]
fn admitted(policy: &Value, pod: &Value) -> Value {
    let output = admission(policy, pod);
    let told = errors(&output);
    assert!(output.status.success(), "{}", &told[..told.len().min(2000)]);
    serde_yaml::from_slice(&output.stdout).unwrap()
}

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "namespace": "shop"}, "spec": spec})
}

fn shop() -> Value {
    pod(json!({"containers": [{"name": "shop", "image": "shop"}]}))
}

/// A pod without anything gets what the pod of `helm test` embeds: the policy leaves that one alone, so that the API server
/// writes both alike.
#[track_caller]
fn adds_what_a_chart_embeds(values: &Value) {
    let objects = rendered(values);
    let policy = find(&objects, "MutatingAdmissionPolicy");
    let (added, embedded) = (admitted(policy, &shop()), admitted(policy, find(&objects, "Pod")));
    for list in ["initContainers", "volumes"] {
        assert_eq!(added["spec"][list], embedded["spec"][list], "{list} with {values}");
    }
    assert_eq!(added["spec"]["containers"], admitted(policy, &shop())["spec"]["containers"]);
}

#[test]
fn the_api_server_adds_what_a_chart_embeds() {
    adds_what_a_chart_embeds(&json!({}));
}

/// Whatever is a map of Kubernetes has keys of any text, and every value may hold what would be syntax elsewhere.
#[test]
fn it_does_so_with_every_kind_of_value() {
    for values in [
        json!({"extraEnv": [{"name": "QUOTES", "value": "a \"b\" 'c' \\d\n\té ✓ <&> {{ x }} ${Y}"}]}),
        json!({"extraEnv": [{"name": "UID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]}),
        json!({"extraArgs": ["--workers", "3"], "securityContext": {"runAsUser": 1000680000, "runAsGroup": null}}),
        json!({"resources": {"limits": {"cpu": "1500m", "memory": "1Gi", "ephemeral-storage": "1Gi"}}}),
        json!({"livenessProbe": {"initialDelaySeconds": 3, "terminationGracePeriodSeconds": 9}}),
        json!({"extraVolumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"a.b/c-d": "e"}}}],
               "extraVolumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": true}]}),
        json!({"spoolVolume": {"ephemeral": {"volumeClaimTemplate": {"spec": {
                   "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                   "selector": {"matchLabels": {"a.b/tier": "fast"},
                                "matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
                   "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "n", "namespace": "elsewhere"}}}}}}),
        json!({"existingConfigMap": "mine", "config": {"pools": null}}),
        json!({"existingSecret": "mine", "config": {"pools": null}}),
    ] {
        adds_what_a_chart_embeds(&values);
    }
}

#[test]
fn the_sidecar_comes_first_and_nothing_of_the_pod_is_lost() {
    let objects = rendered(&json!({}));
    let policy = find(&objects, "MutatingAdmissionPolicy");
    let own = pod(json!({
        "initContainers": [{"name": "migrate", "image": "shop"}],
        "containers": [{"name": "shop", "image": "shop"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }));
    let spec = &admitted(policy, &own)["spec"];
    let names = |list: &str| spec[list].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names("initContainers"), ["leash", "migrate"]);
    assert_eq!(names("volumes"), ["data", "leash-config", "leash-run", "leash-spool", "leash-secret-0"]);
    assert_eq!(spec["initContainers"][0]["restartPolicy"], "Always");
}

#[test]
fn a_pod_that_has_leash_already_is_left_alone() {
    let objects = rendered(&json!({}));
    let policy = find(&objects, "MutatingAdmissionPolicy");
    let once = admitted(policy, &shop());
    assert_eq!(admitted(policy, &once), once);
}

/// This guard would not hold if the engine took anything.
#[test]
fn the_engine_refuses_an_expression_that_is_wrong() {
    let objects = rendered(&json!({}));
    let mut policy = find(&objects, "MutatingAdmissionPolicy").clone();
    let expression = policy["spec"]["mutations"][0]["jsonPatch"]["expression"].as_str().unwrap();
    for (right, wrong) in [
        (r#""leash-cache.github.io/spool": "yes""#, r#"leash-cache.github.io/spool: "yes""#),
        ("port: 11291", "port: admin"),
        ("mountPath: ", "mountsPath: "),
    ] {
        assert!(expression.contains(right), "{right} is not in {expression}");
        let wrong = expression.replace(right, wrong);
        let mut broken = policy.clone();
        broken["spec"]["mutations"][0]["jsonPatch"]["expression"] = wrong.into();
        assert!(!admission(&broken, &shop()).status.success(), "{right}");
    }
    policy["spec"]["matchConditions"][0]["expression"] = "object.spec.nothing".into();
    assert!(!admission(&policy, &shop()).status.success());
}
