//! What became of the check of one file, in words for people and as JSON for programs.

use serde_json::{Value, json};

use super::connect::Inquired;
use crate::config::{Config, Problem, Problems};
use crate::readable::counted;

/// What became of the check of one file.
pub struct FileVerdict {
    /// What the file is called.
    pub file: String,
    /// What it means, or what is wrong.
    pub checked: Result<Config, Problems>,
    /// What became of asking those whom it names; nothing unless that was ordered.
    pub asked: Vec<Inquired>,
}

impl FileVerdict {
    /// Whether leash would start with it.
    pub fn would_start(&self) -> bool {
        self.checked.is_ok()
    }

    /// Whether leash could use all that was asked.
    pub fn could_serve(&self) -> bool {
        self.asked.iter().all(Inquired::is_ok)
    }

    /// What goes to people who look for what is wrong.
    pub fn complaints(&self) -> String {
        let of_file = match &self.checked {
            Ok(config) => config.warnings.iter().map(|warning| format!("warning: {warning}\n")).collect(),
            Err(problems) => format!("{problems}\n"),
        };
        of_file + &self.asked.iter().map(Inquired::complaints).collect::<String>()
    }

    /// What goes to those who want to know that all is well; that it is, only if it is.
    pub fn in_words(&self) -> String {
        let Ok(config) = &self.checked else { return String::new() };
        let asked: String = self.asked.iter().map(Inquired::in_words).collect();
        if !self.could_serve() {
            return asked;
        }
        let (pools, routes) = (counted(config.pools.len(), "pool"), counted(config.routes.len(), "route"));
        let connections = match config.connections_to_a_server() {
            0 => String::new(),
            usual => format!(", {} to each server", counted(usual, "connection")),
        };
        format!("{asked}{}: ok, {pools}, {routes}{connections}\n", self.file)
    }

    /// All of it, as one object.
    pub fn to_json(&self) -> Value {
        let (problems, warnings): (Vec<&Problem>, Vec<&Problem>) = match &self.checked {
            Ok(config) => (vec![], config.warnings.iter().collect()),
            Err(problems) => (problems.iter().collect(), vec![]),
        };
        let mut shown = json!({
            "file": self.file,
            "ok": self.would_start() && self.could_serve(),
            "problems": problems.into_iter().map(problem).collect::<Vec<_>>(),
            "warnings": warnings.into_iter().map(problem).collect::<Vec<_>>(),
        });
        if let Ok(config) = &self.checked {
            (shown["pools"], shown["routes"]) = (config.pools.len().into(), config.routes.len().into());
            shown["connections_to_each_server"] = config.connections_to_a_server().into();
        }
        if !self.asked.is_empty() {
            shown["asked"] = self.asked.iter().map(Inquired::to_json).collect();
        }
        shown
    }
}

/// Line and column are null where a problem has none.
fn problem(problem: &Problem) -> Value {
    let mark = problem.place.mark;
    json!({
        "line": mark.map(|mark| mark.line),
        "column": mark.map(|mark| mark.column),
        "path": problem.place.path,
        "text": problem.text,
    })
}
