//! The manual pages of the binary: one for each command its help lists, and mandoc has nothing against them.

use std::process::{Command, Output};

use support::command::{errors, run};
use support::leash::binary;

/// What mandoc may say all the same.
const BORNE: [&str; 3] = [
    // a page that said when it was made would differ from build to build
    "missing date",
    // what clap_mangen writes between an argument's help and its possible values; it looks as it should
    "skipping paragraph macro: br before sp",
    "skipping paragraph macro: br after sp",
];

fn leash(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What mandoc makes of a page, on either output.
fn mandoc(arguments: &[&str], page: &[u8]) -> String {
    errors(&run(Command::new("mandoc").args(arguments), page))
}

/// The commands that `leash --help` lists.
fn commands() -> Vec<String> {
    let help = text(&leash(&["--help"]).stdout);
    let listed = help.split_once("\nCommands:\n").expect("a list of commands").1.split("\n\n").next().unwrap();
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_string).collect()
}

#[test]
fn mandoc_has_nothing_against_the_page_of_any_command() {
    let commands = commands();
    assert!(commands.iter().any(|name| name == "man"), "{commands:?}");
    let pages = [vec!["man"]].into_iter().chain(commands.iter().map(|name| vec!["man", name]));
    for arguments in pages {
        let page = leash(&arguments);
        assert!(page.status.success() && page.stderr.is_empty(), "{arguments:?}: {page:?}");
        let said = mandoc(&["-T", "lint", "-W", "warning"], &page.stdout);
        let faults: Vec<&str> = said.lines().filter(|line| !BORNE.iter().any(|borne| line.contains(borne))).collect();
        assert!(faults.is_empty(), "{arguments:?}: {faults:?}");
    }
}

#[test]
fn a_page_reads_as_the_help_does() {
    let shown = mandoc(&["-T", "utf8", "-O", "width=200"], &leash(&["man", "route"]).stdout);
    // bold is written as a letter over itself
    let mut plain = String::new();
    for letter in shown.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    for line in ["leash-route - Show where keys go", "--live", "Ask the servers: is it there, is it stale"] {
        assert!(plain.contains(line), "{line:?} is not in\n{plain}");
    }
}

#[test]
fn a_command_that_is_not_there_has_no_page() {
    let output = leash(&["man", "rout"]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(64), true));
    assert!(text(&output.stderr).contains("there are check, config, route"), "{output:?}");
}
