//! One thing that is asked, and what came of it; for people and for programs. Knows no kind of thing.

use std::pin::Pin;

use serde_json::{Map, Value, json};

use crate::config::problem::ConfigPlace;

/// One thing that is to be asked.
pub(super) struct Inquiry {
    /// Where the configuration names it.
    pub place: ConfigPlace,
    /// What it is, for people: `server m1 (10.0.0.7:11211)`.
    pub subject: String,
    /// The asking itself. It need not be bounded.
    pub asking: Pin<Box<dyn Future<Output = InquiryAnswer>>>,
}

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct InquiryAnswer {
    /// What there is, in a few words; empty if there is nothing to tell.
    pub words: String,
    /// The same for programs, under the name of its kind.
    pub details: Map<String, Value>,
    /// Why leash could not use it, with the cure. None: it could.
    pub problems: Vec<String>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
}

/// One thing that was asked.
#[derive(Debug)]
pub struct Inquired {
    pub(super) place: ConfigPlace,
    pub(super) subject: String,
    pub(super) answer: InquiryAnswer,
}

impl InquiryAnswer {
    /// Nothing but this, which is wrong.
    pub(super) fn wrong(problem: impl Into<String>) -> InquiryAnswer {
        InquiryAnswer { problems: vec![problem.into()], ..InquiryAnswer::default() }
    }
}

impl Inquired {
    /// Whether leash could use it.
    pub(in crate::commands::check) fn is_ok(&self) -> bool {
        self.answer.problems.is_empty()
    }

    /// What is wrong or odd, a line each.
    pub(in crate::commands::check) fn complaints(&self) -> String {
        let ConfigPlace { file, path, .. } = &self.place;
        let line = |mark: &str, text: &String| format!("{mark}{file}: {path}: {}: {text}\n", self.subject);
        let warnings = self.answer.warnings.iter().map(|text| line("warning: ", text));
        self.answer.problems.iter().map(|text| line("", text)).chain(warnings).collect()
    }

    /// What there is, if nothing is wrong with it.
    pub(in crate::commands::check) fn in_words(&self) -> String {
        let InquiryAnswer { words, .. } = &self.answer;
        let is_told = self.is_ok() && !words.is_empty();
        if is_told { format!("{}: {words}\n", self.subject) } else { String::new() }
    }

    /// All of it, as one object.
    pub(in crate::commands::check) fn to_json(&self) -> Value {
        let mut shown = json!({
            "path": self.place.path,
            "subject": self.subject,
            "ok": self.is_ok(),
            "problems": self.answer.problems,
            "warnings": self.answer.warnings,
        });
        if let Some(shown) = shown.as_object_mut() {
            shown.extend(self.answer.details.clone());
        }
        shown
    }
}
