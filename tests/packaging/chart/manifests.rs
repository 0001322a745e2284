//! What the chart renders: recorded, valid, accepted by leash, and keeping the rules of a native sidecar.

use std::fs;
use std::process::Command;

use serde_json::Value;

use support::repository::here;

use super::helm::{APPLICATION, CASES, Case, KUBERNETES, TOKEN, errors, helm, is_at_least, objects, run, template};

/// The first Kubernetes the chart is for, the one with beta and the one with stable injection, and the newest known.
const VERSIONS: [&str; 4] = ["1.30.0", "1.34.0", "1.36.0", "1.37.0"];

fn all() -> impl Iterator<Item = Case> {
    CASES.into_iter().chain([APPLICATION])
}

/// Every container with the pod it is in, of whatever starts pods.
pub fn containers(object: &Value) -> Vec<Value> {
    let pod = if object["kind"] == "Pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
    let lists = [&pod["initContainers"], &pod["containers"]];
    lists.into_iter().filter_map(Value::as_array).flatten().cloned().collect()
}

fn find<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind} is rendered"))
}

/// helm 3 and 4 put different numbers of them between objects.
fn without_blank_lines(text: &str) -> String {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect()
}

#[test]
fn lint_finds_nothing() {
    let lint = |arguments: Vec<String>| {
        let mut all = vec!["lint", "--strict", "--kube-version", KUBERNETES];
        all.extend(arguments.iter().map(String::as_str));
        let output = helm(&all);
        assert!(output.status.success(), "helm {}:\n{}", all.join(" "), errors(&output));
    };
    lint(vec![here("helm").display().to_string()]);
    all().for_each(|case| lint(case.arguments()));
}

#[test]
fn every_mode_renders_as_recorded() {
    let update = std::env::var_os("LEASH_UPDATE_GOLDEN").is_some();
    // The rules and the dashboard are files already.
    for case in all().filter(|case| case.name != "monitoring") {
        let path = here("tests/packaging/chart/golden").join(format!("{}.yaml", case.name));
        let rendered = without_blank_lines(&case.render(KUBERNETES));
        if update {
            fs::write(&path, &rendered).unwrap();
        }
        let recorded = fs::read_to_string(&path).unwrap_or_default();
        let difference = rendered.lines().zip(recorded.lines().chain(std::iter::repeat(""))).find(|(a, b)| a != b);
        assert!(
            rendered == recorded,
            "{} differs, first in {difference:?}; if that is meant: LEASH_UPDATE_GOLDEN=1 cargo test --test packaging chart",
            path.display()
        );
    }
}

#[test]
fn what_is_rendered_is_valid_for_every_kubernetes() {
    for version in VERSIONS {
        for case in all().filter(|case| is_at_least(version, case.since)) {
            let mut validator = Command::new(here("target/venv/bin/python"));
            let output =
                run(validator.arg(here("tests/packaging/chart/validate.py")).arg(version), case.render(version));
            assert!(output.status.success(), "{} for Kubernetes {version}:\n{}", case.name, errors(&output));
        }
    }
}

#[test]
fn an_injection_speaks_the_newest_version_the_cluster_has() {
    let case = CASES.into_iter().find(|case| case.name == "injection").unwrap();
    for (kubernetes, version) in [("1.34.0", "v1beta1"), ("1.36.0", "v1")] {
        let objects = objects(&case.render(kubernetes));
        for kind in ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"] {
            let expected = format!("admissionregistration.k8s.io/{version}");
            assert_eq!(find(&objects, kind)["apiVersion"], expected, "{kind} for {kubernetes}");
        }
    }
}

#[test]
fn leash_accepts_the_configuration_of_every_mode() {
    for case in all() {
        let objects = case.objects();
        let files: Vec<&str> = objects.iter().filter_map(|object| object["data"]["leash.yaml"].as_str()).collect();
        assert!(!files.is_empty(), "{}: no ConfigMap", case.name);
        let leash = objects.iter().flat_map(containers).find(|container| container["name"] == "leash");
        let environment = leash.map_or(Value::Null, |leash| leash["env"].clone());
        let from_secrets = environment.as_array().into_iter().flatten().filter(|it| it["valueFrom"].is_object());
        let secrets: Vec<(&str, &str)> = from_secrets.filter_map(|it| Some((it["name"].as_str()?, TOKEN))).collect();
        for file in files {
            let mut check = Command::new(env!("CARGO_BIN_EXE_leash"));
            check.args(["check", "--elsewhere", "-"]).envs(secrets.clone());
            let output = run(&mut check, file);
            assert!(output.status.success(), "{}: {}", case.name, errors(&output));
        }
    }
}

/// Written as JSON, so that `off` stays a word.
#[test]
fn every_key_of_the_example_configuration_can_be_a_value() {
    let example = fs::read_to_string(here("config.example.yaml")).unwrap();
    let mut config: Value = serde_yaml::from_str(&example).unwrap();
    config["admin"] = "0.0.0.0:11291".into();
    let directory = tempfile::tempdir().unwrap();
    let values = directory.path().join("values.json");
    let image = serde_json::json!({"repository": "registry.example.com/leash"});
    // The example has queues beside an application, which needs a volume there.
    let queues = serde_json::json!([{"name": "queues", "mountPath": "/var/lib/leash"}]);
    let values_of_it = serde_json::json!({ "config": config, "image": image, "extraVolumeMounts": queues });
    fs::write(&values, values_of_it.to_string()).unwrap();
    let arguments = vec![here("helm").display().to_string(), "--values".into(), values.display().to_string()];
    let rendered = objects(&template(KUBERNETES, arguments));
    let file = find(&rendered, "ConfigMap")["data"]["leash.yaml"].as_str().unwrap();
    // helm writes 1.0 as 1
    let plain = |config: &Value| config.to_string().replace(":1.0", ":1");
    assert_eq!(plain(&serde_yaml::from_str(file).unwrap()), plain(&config), "nothing is lost on the way");
}

#[test]
fn a_sidecar_starts_first_ends_last_and_is_probed_by_number() {
    for case in ["sidecar", "application"] {
        let objects = all().find(|c| c.name == case).unwrap().objects();
        // The holders of the example have no sidecar, and neither has the pod that asks them.
        let has_sidecar = |o: &&Value| {
            o["metadata"]["name"] != "queues-test" && ["Pod", "Deployment"].iter().any(|k| o["kind"] == *k)
        };
        let pods: Vec<&Value> = objects.iter().filter(has_sidecar).collect();
        for pod in &pods {
            let leash = &containers(pod)[0];
            assert_eq!((&leash["name"], &leash["restartPolicy"]), (&"leash".into(), &"Always".into()), "{case}");
            assert!(leash["lifecycle"].is_null(), "a preStop hook would run while the application needs leash");
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                assert!(leash[probe]["httpGet"]["port"].is_u64(), "{case}: {probe}");
            }
        }
        assert!(!pods.is_empty());
    }
}

#[test]
fn every_container_is_confined_and_no_file_is_mounted_alone() {
    for case in all() {
        for container in case.objects().iter().flat_map(containers) {
            let context = &container["securityContext"];
            let told = format!("{}: {}", case.name, container["name"]);
            assert_eq!(context["allowPrivilegeEscalation"], false, "{told}");
            assert_eq!(context["capabilities"]["drop"], serde_json::json!(["ALL"]), "{told}");
            assert_eq!(context["readOnlyRootFilesystem"], true, "{told}");
            assert_eq!(context["runAsNonRoot"], true, "{told}");
            assert_eq!(context["seccompProfile"]["type"], "RuntimeDefault", "{told}");
            assert!(!container.to_string().contains("subPath"), "{told}: a subPath is never updated");
        }
    }
}

#[test]
fn the_directory_of_spools_is_on_a_volume_of_its_own() {
    let volume = |name: &str, kind: &str, directory: &str| {
        let objects = all().find(|case| case.name == name).unwrap().objects();
        let object = find(&objects, kind);
        let leash = &containers(object)[0];
        let mounted = leash["volumeMounts"].as_array().unwrap().iter().find(|mount| mount["mountPath"] == directory);
        let pod = if kind == "Pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
        let is_mounted = |volume: &&Value| Some(&volume["name"]) == mounted.map(|mount| &mount["name"]);
        pod["volumes"].as_array().unwrap().iter().find(is_mounted).cloned().unwrap_or_default()
    };
    assert_eq!(volume("hostnetwork", "DaemonSet", "/spool")["emptyDir"]["sizeLimit"], "256Mi");
    assert!(volume("injection", "Pod", "/spool")["ephemeral"].is_object());
    let daemonset = volume("daemonset", "DaemonSet", "/var/lib/leash/spool");
    assert_eq!(daemonset["hostPath"]["type"], "Directory");
    assert!(daemonset["emptyDir"].is_null(), "{daemonset}");
    assert!(volume("sidecar", "Pod", "/var/lib/leash/spool").is_null(), "nobody asked for one");
}

#[test]
fn each_holder_keeps_its_queues_on_a_claim_of_its_own() {
    let objects = all().find(|case| case.name == "holders").unwrap().objects();
    let set = find(&objects, "StatefulSet");
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(
        (&claim["metadata"]["name"], &claim["spec"]["resources"]["requests"]["storage"]),
        (&"leash-queues".into(), &"50Gi".into())
    );
    assert!(claim["metadata"]["labels"].is_null(), "a label with the chart's version would forbid every upgrade");
    let mounts = containers(set)[0]["volumeMounts"].clone();
    let mount = mounts.as_array().unwrap().iter().find(|mount| mount["name"] == "leash-queues").expect("it is mounted");
    let path = mount["mountPath"].as_str().unwrap();
    let file: Value =
        serde_yaml::from_str(find(&objects, "ConfigMap")["data"]["leash.yaml"].as_str().unwrap()).unwrap();
    for route in file["routes"].as_array().unwrap() {
        assert!(route["queue"]["dir"].as_str().unwrap().starts_with(&format!("{path}/")), "{route}");
    }
    let pod = &set["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["fsGroup"], containers(set)[0]["securityContext"]["runAsGroup"]);
    let service = find(&objects, "Service");
    assert_eq!(
        (&service["spec"]["clusterIP"], &set["spec"]["serviceName"]),
        (&"None".into(), &service["metadata"]["name"])
    );
    assert_eq!(find(&objects, "PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
}

#[test]
fn the_sidecar_of_the_example_names_each_holder_of_it() {
    let objects = APPLICATION.objects();
    let set = objects.iter().find(|object| object["metadata"]["name"] == "queues" && object["kind"] == "StatefulSet");
    let set = set.expect("holders");
    let files = objects.iter().filter_map(|object| object["data"]["leash.yaml"].as_str());
    let files: Vec<Value> = files.map(|file| serde_yaml::from_str(file).unwrap()).collect();
    let pool = files.iter().find(|file| file["pools"]["queues"].is_object()).expect("a sidecar that knows them");
    let servers = pool["pools"]["queues"]["servers"].as_array().unwrap();
    let named: Vec<&str> = servers.iter().filter_map(|server| server["address"].as_str()).collect();
    let there = (0..set["spec"]["replicas"].as_u64().unwrap()).map(|n| format!("queues-{n}.queues:11211"));
    assert_eq!(named, there.collect::<Vec<_>>());
}

/// Whether labels carry all that a selector asks for.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector.as_object().unwrap().iter().all(|(name, value)| labels[name] == *value)
}

#[test]
fn a_service_selects_the_pods_of_leash_and_not_the_one_of_the_test() {
    for (case, kind) in [("daemonset", "DaemonSet"), ("deployment", "Deployment"), ("holders", "StatefulSet")] {
        let objects = all().find(|c| c.name == case).unwrap().objects();
        let selector = &find(&objects, "Service")["spec"]["selector"];
        assert!(selects(selector, &find(&objects, kind)["spec"]["template"]["metadata"]["labels"]));
        assert!(!selects(selector, &find(&objects, "Pod")["metadata"]["labels"]));
    }
}

#[test]
fn a_pod_monitor_finds_every_pod_of_leash_by_a_port_that_is_there() {
    let daemonset = all().find(|case| case.name == "daemonset").unwrap().objects();
    let monitor = &find(&daemonset, "PodMonitor")["spec"];
    let selector = &monitor["selector"]["matchLabels"];
    assert!(selects(selector, &find(&daemonset, "DaemonSet")["spec"]["template"]["metadata"]["labels"]));
    let application = APPLICATION.objects();
    let shop = find(&application, "Deployment");
    let name = &shop["spec"]["template"]["metadata"]["labels"]["leash-cache.github.io/instance"];
    assert_eq!(*name, find(&application, "ConfigMap")["metadata"]["name"]);
    for container in [&containers(shop)[0], &containers(find(&daemonset, "DaemonSet"))[0]] {
        assert_eq!(container["ports"][0]["name"], monitor["podMetricsEndpoints"][0]["port"]);
    }
}

#[test]
fn an_injection_adds_what_a_chart_embeds() {
    let injection = all().find(|case| case.name == "injection").unwrap().objects();
    let expression =
        find(&injection, "MutatingAdmissionPolicy")["spec"]["mutations"][0]["jsonPatch"]["expression"].to_string();
    let sidecar = &containers(find(&injection, "Pod"))[0];
    for (field, value) in sidecar.as_object().unwrap() {
        assert!(expression.contains(&format!("{field}: ")), "no {field} ({value}) in {expression}");
    }
}

#[test]
fn the_chart_installs_the_leash_of_this_repository() {
    let chart: Value = serde_yaml::from_str(&fs::read_to_string(here("helm/Chart.yaml")).unwrap()).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}
