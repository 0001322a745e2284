//! The container image and the systemd unit, as far as they can be tested without building an image or running systemd;
//! and the book.

mod addresses;
mod book;
mod compose;
mod crates_io;
mod debian;
mod workflow;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use leash::commands::cli;
use support::repository::{here, read};

#[track_caller]
fn passes(command: &mut Command) -> String {
    let name = format!("{command:?}");
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|e| panic!("{name} cannot run: {e}; tests/run installs what is needed"));
    let said = String::from_utf8_lossy(&stdout).to_string() + &String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{name} failed ({status}):\n{said}");
    said
}

/// The instructions of the Dockerfile, each on one line, without comments.
fn instructions() -> Vec<String> {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The values of one instruction in the last stage, which is the image.
fn of_the_image(instruction: &str) -> Vec<String> {
    let all = instructions();
    let last = all.iter().rposition(|line| line.starts_with("FROM ")).expect("FROM");
    let values = all[last..].iter().filter_map(|line| line.strip_prefix(instruction));
    values.map(|value| value.trim().to_string()).collect()
}

#[test]
fn hadolint_finds_nothing_in_the_dockerfile() {
    passes(Command::new(here("target/venv/bin/hadolint")).arg("--failure-threshold=style").arg(here("Dockerfile")));
}

#[test]
fn the_image_runs_leash_and_nothing_else_as_a_user_of_number() {
    let from = of_the_image("FROM ");
    assert!(from[0].starts_with("gcr.io/distroless/"), "a base without a shell: {from:?}");
    assert_eq!(of_the_image("USER "), ["65532:65532"], "as in the chart's securityContext");
    assert_eq!(of_the_image("ENTRYPOINT "), [r#"["/usr/local/bin/leash"]"#]);
    assert!(of_the_image("HEALTHCHECK ")[0].ends_with(r#"CMD ["/usr/local/bin/leash", "healthcheck"]"#), "no shell");
    assert_eq!(of_the_image("COPY "), ["--from=build /leash /usr/local/bin/leash"]);
    assert!(of_the_image("RUN ").is_empty() && of_the_image("ADD ").is_empty());
    assert_eq!(of_the_image("ENV "), ["LEASH_LISTEN=0.0.0.0:11211"], "loopback is the container's own");
    assert!(read("helm/values.yaml").contains("runAsUser: 65532\n  runAsGroup: 65532\n"));
}

#[test]
fn the_builder_has_the_rust_that_leash_asks_for_and_the_c_library_of_the_image() {
    let builder = instructions().into_iter().find(|line| line.starts_with("FROM rust:")).expect("a builder");
    let manifest = read("Cargo.toml");
    let rust = manifest.split_once("rust-version = \"").unwrap().1.split('"').next().unwrap();
    assert!(builder.starts_with(&format!("FROM rust:{rust}-")), "{builder}, and rust-version is {rust}");
    assert!(builder.contains("bookworm") && of_the_image("FROM ")[0].contains("debian12"), "one Debian release");
}

/// cargo refuses a manifest that names a file which is not there.
#[test]
fn what_is_copied_is_enough_to_build() {
    let directory = tempfile::tempdir().unwrap();
    let ignored = read(".dockerignore");
    for line in
        instructions().iter().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.contains("--from"))
    {
        let words: Vec<&str> = line.split(' ').collect();
        let (to, from) = words.split_last().expect("COPY from to");
        for word in from {
            assert!(ignored.contains(&format!("\n!{word}\n")), ".dockerignore leaves {word} out");
        }
        let to = directory.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        passes(Command::new("cp").arg("-r").args(from.iter().map(|word| here(word))).arg(to));
    }
    let mut metadata = Command::new(env!("CARGO"));
    passes(metadata.args(["metadata", "--offline", "--locked", "--no-deps"]).current_dir(directory.path()));
    for file in ["src/main.rs", "src/lib.rs", "Cargo.lock"] {
        assert!(directory.path().join(file).exists(), "{file} is not copied");
    }
}

/// The unit, with the binary under test in place of the installed one: `verify` looks whether it is there.
fn unit() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("leash.service");
    let text = read("packaging/leash.service").replace("/usr/local/bin/leash", env!("CARGO_BIN_EXE_leash"));
    fs::write(&path, text).unwrap();
    (directory, path)
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_well_confined() {
    let (_directory, path) = unit();
    let said = passes(Command::new("systemd-analyze").arg("verify").arg(&path));
    assert!(!said.contains("leash.service"), "{said}");
    // of 100; a unit without any confinement has 96
    let mut security = Command::new("systemd-analyze");
    passes(security.args(["security", "--offline=yes", "--no-pager", "--threshold=15"]).arg(&path));
}

#[test]
fn the_unit_agrees_with_leash() {
    let unit = read("packaging/leash.service");
    let (usage, config) = (cli::EXIT_USAGE, cli::EXIT_CONFIG);
    for line in [
        "Type=notify",
        "ExecReload=kill -HUP $MAINPID",
        &format!("RestartPreventExitStatus={usage} {config}"),
        "RuntimeDirectory=leash",
        "User=leash",
    ] {
        assert!(unit.lines().any(|l| l == line), "no {line}");
    }
    let commands = unit.lines().filter_map(|line| line.strip_prefix("Exec")?.split_once("=/usr/local/bin/leash "));
    for (_, arguments) in commands {
        let words = ["leash"].into_iter().chain(arguments.split(' '));
        assert!(<cli::Args as clap::Parser>::try_parse_from(words).is_ok(), "leash does not understand {arguments}");
    }
}
