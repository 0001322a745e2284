//! The box that answers "where does this key go?", and the answer.
//!
//! It is a plain form: without a script it loads the page anew, with the answer in it.

use serde_json::Value;

use super::{Html, State};
use crate::explain::words::found;
use crate::metrics::{ServerState, route_label};

/// A key somebody asked for.
pub struct Asked {
    /// The key as it was asked for, as text; empty if nothing could be understood.
    pub key: String,
    /// Whether its server was to be asked, too.
    pub live: bool,
    /// Where it goes, or why it cannot be a key.
    pub answer: Result<Value, String>,
}

/// Writes both.
pub fn write(html: &mut Html, asked: Option<&Asked>) {
    html.element("section", &[("id", "key")], |html| {
        html.element("form", &[("id", "ask"), ("method", "get")], |html| form(html, asked));
        html.element("div", &[("role", "status")], |html| {
            html.element("div", &[("id", "answer"), ("data-live", "")], |html| {
                if let Some(asked) = asked {
                    answer(html, asked);
                }
            });
        });
    });
}

fn form(html: &mut Html, asked: Option<&Asked>) {
    let key = asked.map_or("", |asked| &asked.key);
    html.element("h2", &[], |html| html.words("label", &[("for", "asked")], "Where does this key go?"));
    html.element("div", &[("class", "row")], |html| {
        html.lone(
            "input",
            &[
                ("id", "asked"),
                ("name", "key"),
                ("value", key),
                ("placeholder", "user:42"),
                ("required", ""),
                ("autocomplete", "off"),
                ("autocapitalize", "off"),
                ("spellcheck", "false"),
            ],
        );
        html.words("button", &[], "Find it");
    });
    html.element("label", &[("class", "switch")], |html| {
        let checked = asked.is_some_and(|asked| asked.live).then_some(("checked", ""));
        let attributes = [("type", "checkbox"), ("name", "live"), ("value", "1")];
        html.lone("input", &attributes.into_iter().chain(checked).collect::<Vec<_>>());
        html.text(" and ask its server what is there");
    });
}

fn answer(html: &mut Html, asked: &Asked) {
    let place = match &asked.answer {
        Ok(place) => place,
        Err(why) => return html.words("p", &[("class", "refused")], why),
    };
    if let Some(refusal) = place["answer"].as_str() {
        return html.words("p", &[("class", "refused")], &format!("{}: {refusal}", asked.key));
    }
    html.element("p", &[("class", "lead")], |html| {
        html.words("code", &[], &asked.key);
        html.text(" goes to ");
        html.words("b", &[], text(place, "address"));
        html.text(" ");
        if let Some(state) = ServerState::ALL.into_iter().find(|state| place["state"] == state.name()) {
            State::of(state).write(html, state.name());
        }
    });
    html.element("dl", &[], |html| facts(html, place));
    if let Some(live) = place.get("live") {
        html.element("ul", &[("class", "found")], |html| {
            found(live).iter().for_each(|line| html.words("li", &[], line))
        });
    }
}

/// What stands on the way, in its order.
fn facts(html: &mut Html, place: &Value) {
    fact(html, "Route", route_label(text(place, "route")));
    if place["sent_as"] != place["key"] {
        fact(html, "Sent as", text(place, "sent_as"));
    }
    if let Some(refresh) = place.get("refresh") {
        let (grace, lease) = (&refresh["grace"], &refresh["lease"]);
        fact(html, "Refresh", &format!("grace {grace} s, lease {lease} s"));
    }
    match place.get("migrate") {
        None => whereabouts(html, "Pool", place),
        Some(migrate) => {
            fact(html, "Migrates in phase", text(migrate, "phase"));
            whereabouts(html, "From", &migrate["from"]);
            whereabouts(html, "To", &migrate["to"]);
        }
    }
}

fn whereabouts(html: &mut Html, name: &str, place: &Value) {
    let slot = place.get("slot").map_or(String::new(), |slot| format!(", slot {slot}"));
    fact(html, name, &format!("{}, server {}{slot}", text(place, "pool"), text(place, "server")));
}

fn fact(html: &mut Html, name: &str, value: &str) {
    html.element("div", &[], |html| {
        html.words("dt", &[], name);
        html.words("dd", &[], value);
    });
}

fn text<'v>(place: &'v Value, field: &str) -> &'v str {
    place[field].as_str().unwrap_or_default()
}
