//! What the README shows is what happens: every block marked `console` is run, line by line.
//!
//! A line that begins with `$ ` is a command, the lines up to the next one are its output, where `...` stands for
//! anything and a last line `...` for any further lines. A command that ends in ` &` keeps running until the block ends.
//! Blocks marked `sh` are shown, not run, unless the line before them is `<!-- run -->`.

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::{leash::binary, wait_until};

const COMMAND_BOUND: Duration = Duration::from_secs(120);

/// One command and the output it is said to have.
#[derive(Debug, Default, PartialEq)]
struct Step {
    command: String,
    output: Vec<String>,
}

/// The blocks that are to be run, with the line each begins at.
fn blocks(markdown: &str) -> Vec<(usize, Vec<Step>)> {
    let mut blocks = Vec::new();
    let (mut inside, mut marked) = (None, false);
    for (number, line) in markdown.lines().enumerate() {
        match (&mut inside, line.trim_end()) {
            (None, "```console") => inside = Some((number + 1, true, Vec::new())),
            (None, "```sh") => inside = Some((number + 1, marked, Vec::new())),
            (None, other) if other.starts_with("```") => inside = Some((number + 1, false, Vec::new())),
            (None, other) => marked = other == "<!-- run -->",
            (Some(_), "```") => {
                let (start, run, steps) = inside.take().unwrap();
                if run {
                    blocks.push((start, steps));
                }
                marked = false;
            }
            (Some((_, _, steps)), text) => add(steps, text),
        }
    }
    blocks
}

fn add(steps: &mut Vec<Step>, text: &str) {
    if let Some(command) = text.strip_prefix("$ ") {
        steps.push(Step { command: command.to_string(), output: Vec::new() });
    } else if let Some(step) = steps.last_mut() {
        match step.command.strip_suffix('\\') {
            Some(begun) if step.output.is_empty() => step.command = format!("{begun}{}", text.trim_start()),
            _ => step.output.push(text.to_string()),
        }
    }
}

/// Whether a line is as it was written, where `...` may stand for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.trim_end().split("...");
    let first = parts.next().unwrap();
    let Some(mut rest) = line.trim_end().strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn agrees(promised: &[String], output: &str) -> bool {
    let lines: Vec<&str> = output.lines().collect();
    let open_end = promised.last().is_some_and(|line| line.trim() == "...");
    let fixed = if open_end { &promised[..promised.len() - 1] } else { promised };
    (if open_end { lines.len() >= fixed.len() } else { lines.len() == fixed.len() })
        && fixed.iter().zip(&lines).all(|(pattern, line)| matches(pattern, line))
}

/// Ends the background commands of a block, each with all its children.
struct Background(Vec<Child>);

impl Drop for Background {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn shell(command: &str, directory: &Path, log: &Path) -> Child {
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let log = File::create(log).unwrap();
    Command::new("bash")
        .args(["-c", command])
        .current_dir(directory)
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("bash runs")
}

fn run(name: &str, steps: &[Step]) {
    let directory = tempfile::tempdir().unwrap();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Commands speak of files beside the README.
    for file in ["config.example.yaml", "README.md"] {
        let _ = fs::copy(manifest.join(file), directory.path().join(file));
    }
    let mut background = Background(Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let log = directory.path().join(format!(".output-{index}"));
        if let Some(command) = step.command.strip_suffix(" &") {
            background.0.push(shell(&format!("exec {command}"), directory.path(), &log));
            wait_until(&format!("{command} says what it promises"), COMMAND_BOUND, || {
                let said = fs::read_to_string(&log).unwrap_or_default();
                step.output.iter().all(|line| line.trim() == "..." || said.lines().any(|said| matches(line, said)))
            });
            continue;
        }
        let mut child = shell(&step.command, directory.path(), &log);
        wait_until(&format!("`{}` ends", step.command), COMMAND_BOUND, || child.try_wait().unwrap().is_some());
        let said = fs::read_to_string(&log).unwrap_or_default();
        let status = child.wait().unwrap();
        assert!(
            agrees(&step.output, &said) && (status.success() || !step.output.is_empty()),
            "{name}: `{}` ({status}) promises\n{}\nand says\n{said}",
            step.command,
            step.output.join("\n")
        );
    }
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).expect("a README.md");
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "README.md has no block that is run");
    for (line, steps) in blocks {
        run(&format!("README.md:{line}"), &steps);
    }
}

#[test]
fn blocks_commands_and_outputs_are_told_apart() {
    let text = "x\n```console\n$ one \\\n    two\nout\n$ three\n```\n```sh\n$ no\n```\n<!-- run -->\n```sh\n$ yes\n```\n```yaml\na: 1\n```\n";
    let found = blocks(text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1[0], Step { command: "one two".into(), output: vec!["out".into()] });
    assert_eq!(found[0].1[1].command, "three");
    assert_eq!(found[1].1[0].command, "yes");
}

#[test]
fn three_dots_match_anything_and_other_text_only_itself() {
    assert!(matches("VERSION 1.6...", "VERSION 1.6.39-leash-0.1"));
    assert!(matches("a ... c ... e", "a b c d e"));
    assert!(!matches("a ... c", "a b d"));
    assert!(!matches("STORED", "NOT_STORED"));
    assert!(agrees(&["a".into(), "...".into()], "a\nb\nc\n"));
    assert!(!agrees(&["a".into()], "a\nb\n"));
}

#[test]
fn the_runner_notices_a_wrong_output() {
    let step = |output: &str| Step { command: "echo hello".into(), output: vec![output.into()] };
    run("self", &[step("hello")]);
    let wrong = std::panic::catch_unwind(|| run("self", &[step("good bye")]));
    assert!(wrong.is_err());
}
