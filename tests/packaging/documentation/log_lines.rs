//! docs/operations/log-lines.md explains every line that leash logs at `info` and above, and no line that is not there.

use std::fs;
use std::path::Path;

use support::repository::{here, read};

use super::text::{quoted, rows};

/// A log line of the code: its level, and its message without what is filled in.
type Line = (&'static str, Vec<String>);

fn collect(folder: &Path, lines: &mut Vec<Line>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.extension() {
            _ if path.is_dir() => collect(&path, lines),
            Some(extension) if extension == "rs" => lines.extend(logged(&fs::read_to_string(path).unwrap())),
            _ => {}
        }
    }
}

/// The lines that a source logs. Where all of a message is filled in, nothing can be said of it.
fn logged(source: &str) -> Vec<Line> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut lines = Vec::new();
    for level in ["info", "warn", "error"] {
        for call in source.split(&format!("tracing::{level}!(")).skip(1) {
            // The message is the last text among the arguments.
            let arguments = arguments(call);
            let message = arguments.split('"').skip(1).step_by(2).last().unwrap_or_default();
            let fixed = message.split(['{', '}']).step_by(2).filter(|part| !part.trim().is_empty());
            lines.push((level, fixed.map(str::to_string).collect()));
        }
    }
    lines.retain(|(_, fixed): &Line| !fixed.is_empty());
    lines
}

/// Up to the parenthesis that ends a call.
fn arguments(call: &str) -> &str {
    let mut depth = 1;
    let end = call.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &call[..end.unwrap_or(call.len())]
}

fn all_logged() -> Vec<Line> {
    let mut lines = Vec::new();
    collect(&here("src"), &mut lines);
    lines
}

fn is_said(fixed: &[String], message: &str) -> bool {
    let mut rest = Some(message);
    for part in fixed {
        rest = rest.and_then(|rest| rest.split_once(part.as_str())).map(|(_, rest)| rest);
    }
    rest.is_some()
}

#[test]
fn every_log_line_is_explained_and_every_explained_one_is_logged() {
    let text = read("docs/operations/log-lines.md");
    let told: Vec<(&str, &str)> = rows(&text)
        .into_iter()
        .flat_map(|row| quoted(row[1]).map(|message| (row[0], message)).collect::<Vec<_>>())
        .filter(|(_, message)| !message.starts_with("FILE:"))
        .collect();
    let logged = all_logged();
    assert!(logged.len() > 20, "{logged:?}");
    let is_told = |(level, fixed): &&Line| told.iter().any(|(at, message)| at == level && is_said(fixed, message));
    let untold: Vec<&Line> = logged.iter().filter(|line| !is_told(line)).collect();
    assert!(untold.is_empty(), "docs/operations/log-lines.md does not explain {untold:?}");
    let is_logged = |at, message| logged.iter().any(|(level, fixed)| *level == at && is_said(fixed, message));
    let invented: Vec<_> = told.iter().filter(|(at, message)| !is_logged(*at, message)).collect();
    assert!(invented.is_empty(), "nothing logs {invented:?}");
}

#[test]
fn a_log_line_is_found_with_its_level_and_what_is_fixed_of_it() {
    let source =
        r#"tracing::warn!(%error, who = x.show("a"), "server {}, closing {more}", f(1)); tracing::info!("{all}");"#;
    assert_eq!(logged(source), [("warn", vec!["server ".to_string(), ", closing ".to_string()])]);
}
