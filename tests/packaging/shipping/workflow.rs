//! The workflow that makes releases, as far as it can be tested without GitHub.

use std::process::Command;

use support::repository::{here, read};
use support::script::passes;

const RELEASE: &str = ".github/workflows/release.yml";

#[test]
fn actionlint_finds_nothing_in_the_workflow() {
    let mut lint = Command::new(here("target/tools/actionlint"));
    lint.arg(here(RELEASE));
    assert_eq!(passes(lint), "");
}

/// What the workflow looks for in files of the repository is there.
#[test]
fn the_workflow_finds_what_it_looks_for() {
    let (manifest, chart, values) = (read("Cargo.toml"), read("helm/Chart.yaml"), read("helm/values.yaml"));
    let version = env!("CARGO_PKG_VERSION");
    assert!(manifest.contains(&format!("\nversion = \"{version}\"\n")));
    assert!(
        chart.contains(&format!("\nversion: {version}\n")) && chart.contains(&format!("\nappVersion: {version}\n"))
    );
    let repository = values.lines().filter(|line| line.starts_with("  repository: \"\" "));
    assert_eq!(repository.count(), 1, "the chart's image, which a release names");
    for file in
        ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "config.example.yaml", "packaging/package"]
    {
        assert!(read(RELEASE).contains(file.split('/').next().unwrap()) && here(file).exists(), "{file}");
    }
}

#[test]
fn the_package_is_made_by_the_same_nfpm_in_tests_and_releases() {
    let named = |text: &str| text.split("nfpm@").nth(1).unwrap().split_whitespace().next().unwrap().to_string();
    assert_eq!(named(&read(RELEASE)), named(&read("tests/run")));
}
