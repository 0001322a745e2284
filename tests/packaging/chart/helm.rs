//! Runs helm on this repository's charts. Not a test itself.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

pub use support::command::{errors, run};
use support::repository::here;

/// The Kubernetes that is rendered for where nothing else is said: the first one that knows every kind in the chart.
pub const KUBERNETES: &str = "1.34.0";

/// A chart and values for it.
#[derive(Clone, Copy)]
pub struct Case {
    /// Names the file of values (`helm/ci/NAME-values.yaml`) and the golden one.
    pub name: &'static str,
    /// The first Kubernetes it is for.
    pub since: &'static str,
}

/// Every mode, with few values and with many.
pub const CASES: [Case; 8] = [
    Case { name: "sidecar", since: "1.30.0" },
    Case { name: "injection", since: "1.34.0" },
    Case { name: "daemonset", since: "1.30.0" },
    Case { name: "deployment", since: "1.30.0" },
    Case { name: "monitoring", since: "1.30.0" },
    Case { name: "openshift", since: "1.30.0" },
    Case { name: "hostnetwork", since: "1.30.0" },
    Case { name: "holders", since: "1.30.0" },
];

/// The token that the example application is given.
pub const TOKEN: &str = "a-token";

/// The example application, which has no file of values.
pub const APPLICATION: Case = Case { name: "application", since: "1.30.0" };

impl Case {
    /// The chart and its values as arguments of helm.
    pub fn arguments(self) -> Vec<String> {
        if self.name == APPLICATION.name {
            let token = format!("token={TOKEN}");
            return vec![application().display().to_string(), "--set".into(), token];
        }
        let values = here("helm/ci").join(format!("{}-values.yaml", self.name));
        vec![here("helm").display().to_string(), "--values".into(), values.display().to_string()]
    }

    /// Everything it renders for a Kubernetes, hooks included.
    #[track_caller]
    pub fn render(self, kubernetes: &str) -> String {
        template(kubernetes, self.arguments())
    }

    /// What it renders, as objects.
    #[track_caller]
    pub fn objects(self) -> Vec<Value> {
        objects(&self.render(KUBERNETES))
    }
}

/// `helm template` of these arguments, which must succeed.
#[track_caller]
pub fn template(kubernetes: &str, arguments: Vec<String>) -> String {
    let mut all = vec!["template", "example", "--namespace", "shop", "--kube-version", kubernetes];
    if is_at_least(kubernetes, "1.36.0") {
        all.extend(["--api-versions", "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"]);
    }
    all.extend(arguments.iter().map(String::as_str));
    let output = helm(&all);
    assert!(output.status.success(), "helm {}:\n{}", all.join(" "), errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The objects in a rendered text.
pub fn objects(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    let objects = documents.map(|document| Value::deserialize(document).expect("valid YAML"));
    objects.filter(|object| !object.is_null()).collect()
}

/// Runs helm, with nothing of this machine's configuration.
pub fn helm(arguments: &[&str]) -> Output {
    static HOME: OnceLock<TempDir> = OnceLock::new();
    let home = HOME.get_or_init(|| tempfile::tempdir().unwrap()).path();
    run(
        Command::new(here("target/tools/helm"))
            .args(arguments)
            .env("HELM_CACHE_HOME", home)
            .env("HELM_CONFIG_HOME", home)
            .env("HELM_DATA_HOME", home)
            .env_remove("KUBECONFIG"),
        "",
    )
}

/// A copy of the example application with its dependency in place: `helm dependency update` writes into the chart.
pub fn application() -> &'static Path {
    static COPY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("helm");
        copy_all(&here("helm"), &copy);
        let path = copy.join("examples/application");
        let output = helm(&["dependency", "update", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}", errors(&output));
        (directory, path)
    });
    path
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        // what somebody who tried the example left there
        if entry.file_name() == OsStr::new("charts") || entry.file_name() == OsStr::new("Chart.lock") {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => copy_all(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Whether one version of Kubernetes is not before another.
pub fn is_at_least(version: &str, other: &str) -> bool {
    let numbers = |version: &str| version.split('.').map(|n| n.parse::<u32>().unwrap()).collect::<Vec<_>>();
    numbers(version) >= numbers(other)
}
