//! Runs the commands of one block in an empty directory, and fails where they do not do what the document says.
//!
//! A command that fails, fails the block, whatever it printed: each part of `a; b`, and each part of `a | b`. Only a
//! command that prints its exit code (`$?`) may fail, as then the document shows it. A command in the background may be
//! killed by a later one; if it ends with an exit code of its own, that must be 0.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use support::repository::here;
use support::{leash::binary, wait_until};

use super::blocks::{Step, agrees, matches};

const COMMAND_BOUND: Duration = Duration::from_secs(120);

/// What documents show with these commands, they say of files beside the README.
const FILES: [&str; 2] = ["config.example.yaml", "README.md"];

/// Runs a block. Panics with what it promised and what came of it.
pub fn run(name: &str, steps: &[Step]) {
    assert!(!steps.is_empty(), "{name} has no command");
    let directory = tempfile::tempdir().unwrap();
    for file in FILES {
        fs::copy(here(file), directory.path().join(file)).unwrap();
    }
    let mut background = Background(Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let log = directory.path().join(format!(".output-{index}"));
        match step.command.strip_suffix(" &") {
            Some(command) => background.start(name, command, &step.output, directory.path(), &log),
            None => finish(name, step, directory.path(), &log),
        }
    }
    background.check(name);
}

/// A command that is waited for.
fn finish(name: &str, step: &Step, directory: &Path, log: &Path) {
    let options = if step.shows_exit_code() { "-c" } else { "-ec" };
    let mut child = shell(options, &format!("set -o pipefail; {}", step.command), directory, log);
    wait_until(&format!("`{}` ends", step.command), COMMAND_BOUND, || child.try_wait().unwrap().is_some());
    let said = fs::read_to_string(log).unwrap_or_default();
    let status = child.wait().unwrap();
    assert!(
        status.success() && agrees(&step.output, &said),
        "{name}: `{}` promises\n{}\nand ends with {status} and says\n{said}",
        step.command,
        step.output.join("\n")
    );
}

/// The background commands of a block, which end with it.
struct Background(Vec<(String, Child)>);

impl Background {
    /// Starts a command and waits until it has said what it promises.
    fn start(&mut self, name: &str, command: &str, promised: &[String], directory: &Path, log: &Path) {
        let mut child = shell("-c", &format!("exec env {command}"), directory, log);
        let mut said = String::new();
        wait_until(&format!("{name}: `{command}` says what it promises"), COMMAND_BOUND, || {
            let has_ended = child.try_wait().unwrap().is_some();
            said = fs::read_to_string(log).unwrap_or_default();
            has_ended || is_said(promised, &said)
        });
        self.0.push((command.to_string(), child));
        assert!(is_said(promised, &said), "{name}: `{command}` promises\n{}\nand says\n{said}", promised.join("\n"));
    }

    /// None of them has failed by itself.
    fn check(&mut self, name: &str) {
        for (command, child) in &mut self.0 {
            let code = child.try_wait().unwrap().and_then(|status: ExitStatus| status.code());
            assert!(code.is_none_or(|code| code == 0), "{name}: `{command}` ended with {code:?} in the background");
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether all promised lines are there, in any place.
fn is_said(promised: &[String], said: &str) -> bool {
    promised.iter().all(|line| line.trim() == "..." || said.lines().any(|said| matches(line, said)))
}

fn shell(options: &str, command: &str, directory: &Path, log: &Path) -> Child {
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let log = File::create(log).unwrap();
    Command::new("bash")
        .args([options, command])
        .current_dir(directory)
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("bash runs")
}
