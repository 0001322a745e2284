//! What crates.io would get. Nothing is sent, and nothing is compiled.

use std::path::Path;
use std::process::Command;

use super::passes;
use support::repository::{here, read};

/// With `warn` among them cargo would not fail, so its words are read.
#[test]
fn cargo_packages_the_crate_without_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["package", "--offline", "--locked", "--allow-dirty", "--no-verify", "--package", "leash-cache"]);
    let said = passes(cargo.arg("--target-dir").arg(directory.path()).current_dir(here("")));
    assert!(said.contains("Packaged ") && !said.contains("warning"), "{said}");
}

/// The crate compiles from what it holds: no source reads a file that stays behind.
#[test]
fn the_crate_has_every_file_that_its_sources_include() {
    let mut list = Command::new(env!("CARGO"));
    list.args(["package", "--list", "--offline", "--locked", "--allow-dirty", "--package", "leash-cache"]);
    let held = passes(list.current_dir(here("")));
    let mut included = 0;
    for source in held.lines().filter(|file| file.starts_with("src/") && file.ends_with(".rs")) {
        let folder = Path::new(source).parent().unwrap();
        for name in read(source).split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let file =
                here("").join(folder).join(name).canonicalize().unwrap_or_else(|e| panic!("{source}: {name}: {e}"));
            let file = file.strip_prefix(here("").canonicalize().unwrap()).unwrap().display().to_string();
            assert!(held.lines().any(|line| line == file), "{source} includes {file}, which the crate leaves out");
            included += 1;
        }
    }
    assert!(included > 0, "there are some");
}

#[test]
fn the_crate_has_a_name_of_its_own_and_library_and_program_are_called_leash() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("[package]\nname = \"leash-cache\""), "crates.io gives `leash` to another crate");
    assert_eq!(manifest.matches("\nname = \"leash\"").count(), 2, "[lib] and [[bin]]");
}

/// Debug information is most of the file and of no use where nobody debugs. Function names are for perf.
#[test]
fn the_shipped_program_has_names_and_no_debug_information_and_perf_has_a_profile() {
    let manifest = read("Cargo.toml");
    let profile = |name: &str| {
        let (_, rest) = manifest.split_once(&format!("[profile.{name}]\n")).expect(name);
        rest.split("\n\n").next().unwrap_or_default().to_string()
    };
    assert!(profile("release").contains("strip = \"debuginfo\"") && !profile("release").contains("debug ="));
    assert!(profile("profiling").contains("debug = 1") && profile("profiling").contains("strip = \"none\""));
}
