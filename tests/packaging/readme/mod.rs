//! What the documents show is what happens: every block marked `console` of the README, CONTRIBUTING.md, the chart's
//! README and each page of the book is run, line by line.
//!
//! A line that begins with `$ ` is a command, the lines up to the next one are its output, where `...` stands for
//! anything and a last line `...` for any further lines. A command that ends in ` &` keeps running until the block
//! ends. A command may fail only where it prints its exit code.
//! Blocks marked `sh` are shown, not run, unless the line before them is `<!-- run -->`.

mod blocks;
mod runner;

use std::fs;
use std::panic::catch_unwind;

use blocks::{Step, agrees, blocks, matches};
use runner::run;
use support::documents::{documents, named};

/// Kinds of blocks that are shown and not run.
const SHOWN: [&str; 11] = ["text", "sh", "yaml", "rust", "promql", "json", "python", "js", "ruby", "perl", "php"];

/// One after the other, as they all use the same ports; and all of them, so that one run tells every fault.
#[test]
fn the_commands_of_the_documents_do_what_they_say() {
    let (mut ran, mut failed) = (0, Vec::new());
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for block in blocks(&text).iter().filter(|block| block.is_run()) {
            let name = format!("{}:{}", named(&path), block.line);
            ran += 1;
            if catch_unwind(|| run(&name, &block.steps())).is_err() {
                failed.push(name);
            }
        }
    }
    assert!(ran > 25, "only {ran} blocks were run");
    assert!(failed.is_empty(), "these do not do what they say (see above): {failed:?}");
}

/// So that no command escapes by the way it is written.
#[test]
fn what_looks_like_a_command_is_in_a_block_that_is_run() {
    for path in documents() {
        let (name, text) = (named(&path), fs::read_to_string(&path).unwrap());
        for block in blocks(&text) {
            let is_known = block.kind == "console" || SHOWN.contains(&block.kind);
            assert!(is_known, "{name}:{}: a block of the kind `{}`", block.line, block.kind);
        }
        let commands = text.lines().filter(|line| line.trim_start().starts_with("$ ")).count();
        let run: usize = blocks(&text).iter().filter(|block| block.is_run()).map(|block| block.steps().len()).sum();
        assert_eq!(commands, run, "{name}: commands that are shown, and those that are run");
        assert!(!text.contains("\n~~~"), "{name}: blocks are fenced by ```");
    }
}

#[test]
fn blocks_commands_and_outputs_are_told_apart() {
    let text = "x\n```console\n$ one \\\n    two\nout\n$ three\n```\n```sh\n$ no\n```\n<!-- run -->\n```sh\n$ yes\n```\n```yaml\na: 1\n```\n";
    let found: Vec<Vec<Step>> = blocks(text).iter().filter(|block| block.is_run()).map(blocks::Block::steps).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0][0], Step { command: "one two".into(), output: vec!["out".into()] });
    assert_eq!(found[0][1].command, "three");
    assert_eq!(found[1][0].command, "yes");
}

#[test]
fn three_dots_match_anything_and_other_text_only_itself() {
    assert!(matches("VERSION 1.6...", "VERSION 1.6.39"));
    assert!(matches("a ... c ... e", "a b c d e"));
    assert!(!matches("a ... c", "a b d"));
    assert!(!matches("STORED", "NOT_STORED"));
    assert!(agrees(&["a".into(), "...".into()], "a\nb\nc\n"));
    assert!(!agrees(&["a".into()], "a\nb\n"));
}

/// Whether the runner is content with a block.
fn passes(block: &str) -> bool {
    let text = format!("```console\n{block}\n```\n");
    catch_unwind(|| blocks(&text).iter().for_each(|block| run("planted", &block.steps()))).is_ok()
}

#[test]
fn the_runner_notices_a_wrong_output() {
    assert!(passes("$ echo hello\nhello"));
    assert!(!passes("$ echo hello\ngood bye"));
    assert!(!passes("$ echo hello"), "an output that is not promised");
    assert!(!passes("hello"), "an output without a command");
}

#[test]
fn the_runner_notices_a_command_that_fails_whatever_it_printed() {
    for fault in ["exit 3", "false", "false; true", "false | cat", "leash check no-such-file.yaml 2>/dev/null"] {
        assert!(!passes(&format!("$ {fault}")), "{fault}");
        assert!(!passes(&format!("$ echo hello; {fault}\nhello")), "{fault}, where an output is promised");
        assert!(!passes(&format!("$ echo hello; {fault}\n...")), "{fault}, where any output is");
    }
}

#[test]
fn the_runner_takes_a_failure_whose_exit_code_is_shown() {
    assert!(passes("$ (exit 3); echo \"exit code $?\"\nexit code 3"));
    assert!(passes("$ (exit 3) || echo \"exit code $?\"\nexit code 3"));
    assert!(!passes("$ (exit 3); echo \"exit code $?\"\nexit code 0"));
    assert!(!passes("$ (exit 3); echo \"exit code $?\"; exit 1\nexit code 3"));
}

#[test]
fn the_runner_notices_a_command_in_the_background_that_ends_with_an_error() {
    assert!(passes("$ sleep 60 &\n$ echo hello\nhello"));
    assert!(!passes("$ false &\nready"), "it ends and has not said what it promises");
    assert!(!passes("$ bash -c 'echo ready; exit 3' &\nready\n$ sleep 0.2"), "it said so and ended");
    assert!(
        passes("$ bash -c 'echo $$ > pid; echo ready; exec sleep 60' &\nready\n$ kill $(cat pid)"),
        "killed on purpose"
    );
}
