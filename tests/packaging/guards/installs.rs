//! What the scripts install is of a fixed version, so that the same commit is tested with the same tools; and
//! `tests/run` says what it will install before it does.

use std::os::unix::fs::symlink;
use std::process::Command;

use support::repository::{here, read};
use support::script::passes;

/// The scripts that install something, or might.
const SCRIPTS: [&str; 4] = [".ci/run", "tests/run", "tests/quick", "tests/routing/hashes/make"];

/// What introduces names of packages, what a name of a fixed version has in it, and what ends them.
const INSTALLERS: [(&str, &str, char); 6] = [
    ("pip install ", "==", '\n'),
    ("npm install ", "@", '\n'),
    ("go install ", "@v", '\n'),
    ("cargo install ", "@", '\n'),
    ("pypi+=(", "==", ')'),
    ("npm+=(", "@", ')'),
];

/// The packages that a script installs in whatever version there is.
fn of_any_version(script: &str) -> Vec<String> {
    let script = script.replace("\\\n", " ");
    let code: Vec<&str> = script.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let code = code.join("\n") + "\n";
    let latest = code.split_whitespace().filter(|word| word.contains("@latest")).map(str::to_string);
    let named = INSTALLERS.iter().flat_map(|(installer, mark, end)| {
        let code = &code;
        // "cargo install" has "go install" in it.
        let found = code.match_indices(installer).filter(|(at, _)| !code[..*at].ends_with(char::is_alphanumeric));
        found.flat_map(move |(at, _)| {
            let words = code[at + installer.len()..].split(*end).next().unwrap_or_default().split_whitespace();
            let packages =
                words.take_while(|word| word.starts_with(|c: char| c.is_alphanumeric() || "-\"$".contains(c)));
            let packages =
                packages.take_while(|word| !word.contains('>')).map(|word| word.trim_matches(['"', ')', ';']));
            packages.filter(move |word| !word.starts_with(['-', '$']) && !word.contains(mark)).map(str::to_string)
        })
    });
    latest.chain(named).collect()
}

#[test]
fn scripts_install_fixed_versions_only() {
    for script in SCRIPTS {
        assert_eq!(of_any_version(&read(script)), [""; 0], "{script}");
    }
}

#[test]
fn a_package_of_any_version_is_found() {
    for (script, found) in [
        ("go install \\\n  example.org/tool@latest >log 2>&1", "example.org/tool@latest"),
        ("x=example.org/tool@latest\n", "x=example.org/tool@latest"),
        ("cd target && venv/bin/pip install -q --quiet some == 1\n", "some"),
        ("(cd target/node && npm install --silent memcached)\n", "memcached"),
        ("step cargo install --locked --quiet cargo-deny || true", "cargo-deny"),
        ("[ -x there ] || pypi+=(fixed==1 loose)\n", "loose"),
    ] {
        assert!(of_any_version(script).contains(&found.to_string()), "{script}");
    }
    let fixed = "pip install -q --target $old a==1 \"$b\"\nnpm install \"${npm[@]}\"\n# go install x@latest\n";
    assert_eq!(of_any_version(fixed), [""; 0]);
}

/// On a machine that has none of it, and nothing to install it with.
#[test]
fn the_tests_say_what_they_will_install_before_they_do() {
    let tools = tempfile::tempdir().unwrap();
    for tool in ["bash", "cat", "dirname", "grep", "env"] {
        let path = passes({
            let mut which = Command::new("sh");
            which.args(["-c", &format!("command -v {tool}")]);
            which
        });
        symlink(path.trim(), tools.path().join(tool)).unwrap();
    }
    let mut what = Command::new(here("tests/run"));
    what.arg("--what").env_clear().env("PATH", tools.path());
    let said = passes(what);
    let line = said.lines().find(|line| line.starts_with("  with apt-get ")).unwrap_or_else(|| panic!("{said}"));
    for package in ["memcached", "beanstalkd", "redis-server", "nodejs", "php-cli", "prometheus", "chromium", "mandoc"]
    {
        assert!(line.split_whitespace().any(|word| word == package), "{package} is not in {line}");
    }
}
