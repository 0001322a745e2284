//! `compose.yaml`, as far as it can be tested without an engine: its form, and that all it mounts is there and is understood by
//! what it is mounted for.

use std::fs;
use std::process::Command;

use serde_json::Value;
use support::leash::binary;
use support::repository::{here, read};
use support::script::passes;

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn it_is_valid_by_the_schema_of_compose_files() {
    let mut check = Command::new(here("target/venv/bin/check-jsonschema"));
    check.args(["--builtin-schema", "vendor.compose-spec"]).arg(here("compose.yaml"));
    passes(check);
}

#[test]
fn what_it_mounts_is_there_and_its_ports_are_for_this_machine_alone() {
    let compose = yaml("compose.yaml");
    let mut mounted = 0;
    for (name, service) in compose["services"].as_object().unwrap() {
        for volume in strings(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            let is_named = !compose["volumes"].get(source).is_none_or(|_| source.starts_with('.'));
            assert!(is_named || here(source).exists(), "{name} mounts {source}");
            mounted += usize::from(!is_named);
        }
        for port in strings(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} publishes {port} to everybody");
        }
        for other in strings(&service["depends_on"]) {
            assert!(compose["services"][other].is_object(), "{name} depends on {other}");
        }
    }
    assert!(mounted >= 5, "{mounted}");
}

#[test]
fn leash_takes_its_file_and_every_server_there_is_a_service() {
    let mut check = Command::new(binary());
    check.arg("check").arg(here("packaging/compose/leash/leash.yaml"));
    let said = passes(check);
    assert!(!said.contains("warning"), "{said}");
    let file = yaml("packaging/compose/leash/leash.yaml");
    assert!(file["listen"].is_null(), "LEASH_LISTEN of the image would win over it");
    let compose = yaml("compose.yaml");
    for server in strings(&file["pools"]["main"]["servers"]) {
        assert!(compose["services"][server].is_object(), "{server} is no service");
    }
    let leash = &compose["services"]["leash"];
    let inside = leash["environment"]["LEASH_CONFIG"].as_str().unwrap();
    let mount = strings(&leash["volumes"])[0].split(':').collect::<Vec<_>>();
    assert!(here(mount[0]).join(inside.strip_prefix(mount[1]).unwrap().trim_start_matches('/')).exists(), "{inside}");
}

/// Paths are those of this repository in place of the container's.
#[test]
fn prometheus_takes_its_configuration_and_scrapes_where_leash_answers() {
    let text = read("packaging/compose/prometheus.yml");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("prometheus.yml");
    fs::write(&file, text.replace("/etc/prometheus/rules", here("helm/rules").to_str().unwrap())).unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "config"]).arg(&file);
    let said = passes(promtool);
    assert!(said.contains("rules found"), "{said}");
    let admin = yaml("compose.yaml")["services"]["leash"]["environment"]["LEASH_ADMIN"].clone();
    let port = admin.as_str().unwrap().rsplit(':').next().unwrap();
    assert!(text.contains(&format!("targets: [\"leash:{port}\"]")), "{admin}");
}

#[test]
fn grafana_finds_the_dashboard_and_prometheus() {
    let compose = yaml("compose.yaml");
    let grafana = &compose["services"]["grafana"];
    let home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().unwrap();
    let dashboards = yaml("packaging/compose/grafana/dashboards/leash.yaml");
    let folder = dashboards["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(strings(&grafana["volumes"]).contains(&format!("./helm/dashboards:{folder}:ro").as_str()));
    assert!(here("helm/dashboards").join(home.strip_prefix(folder).unwrap().trim_start_matches('/')).exists());
    let url = yaml("packaging/compose/grafana/datasources/prometheus.yaml")["datasources"][0]["url"].clone();
    assert_eq!(url, "http://prometheus:9090");
    assert!(compose["services"]["prometheus"].is_object());
}
