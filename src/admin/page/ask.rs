//! The box that answers "where does this key go?", and the answer.
//!
//! It is a plain form: without a script it loads the page anew, with the answer in it.

use super::{Html, fact, grade};
use crate::admin::model::Grade;
use crate::explain::words::found;
use crate::explain::{Arrival, AtServer, Destination, QueueTerms, Spot};
use crate::metrics::route_label;

/// A key that was asked for.
pub(crate) struct AskedKey {
    /// The key as it was asked for, as text; empty if nothing could be understood.
    pub key: String,
    /// Whether its server was to be asked, too.
    pub live: bool,
    /// Where it goes, or why it cannot be a key.
    pub answer: Result<Destination, String>,
}

/// Writes both.
pub(super) fn write(html: &mut Html, asked: Option<&AskedKey>) {
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

fn form(html: &mut Html, asked: Option<&AskedKey>) {
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

fn answer(html: &mut Html, asked: &AskedKey) {
    let (destination, there) = match &asked.answer {
        Ok(destination) => match &destination.end {
            Arrival::Server(there) => (destination, there),
            Arrival::Here { queue, dir } => return here(html, destination, queue, dir),
            Arrival::Nowhere { answer } => {
                return html.words("p", &[("class", "refused")], &format!("{}: {answer}", asked.key));
            }
        },
        Err(why) => return html.words("p", &[("class", "refused")], why),
    };
    html.element("p", &[("class", "lead")], |html| {
        html.words("code", &[], &asked.key);
        html.text(" goes to ");
        html.words("b", &[], &there.spot.address);
        html.text(" ");
        if let Some(state) = there.state {
            grade::write(html, Grade::of(state), state.name());
        }
    });
    html.element("dl", &[], |html| facts(html, destination, there));
    if let Some(live) = &there.live {
        html.element("ul", &[("class", "found")], |html| {
            found(live).iter().for_each(|line| html.words("li", &[], line))
        });
    }
}

/// A queue of this leash.
fn here(html: &mut Html, destination: &Destination, terms: &QueueTerms, dir: &str) {
    html.element("p", &[("class", "lead")], |html| {
        html.words("code", &[], &destination.key);
        html.text(" is about a queue of this leash");
    });
    html.element("dl", &[], |html| {
        fact(html, "Route", route_label(destination.route.as_deref().unwrap_or_default()));
        queue(html, terms);
        fact(html, "Directory", dir);
    });
}

fn queue(html: &mut Html, terms: &QueueTerms) {
    fact(html, "Queue", &format!("{}, mode {}, reserved for {} s", terms.name, terms.mode, terms.reserve));
}

/// What stands on the way, in its order.
fn facts(html: &mut Html, destination: &Destination, there: &AtServer) {
    fact(html, "Route", route_label(destination.route.as_deref().unwrap_or_default()));
    if there.sent_as != destination.key {
        fact(html, "Sent as", &there.sent_as);
    }
    if let Some(terms) = &there.queue {
        queue(html, terms);
    }
    if let Some(url) = &there.loader {
        fact(html, "Loader", url);
    }
    if let Some(refresh) = &there.refresh {
        fact(html, "Refresh", &format!("grace {} s, lease {} s", refresh.grace, refresh.lease));
    }
    match &there.migrate {
        None => spot(html, "Pool", &there.spot),
        Some(crossing) => {
            fact(html, "Migrates in phase", crossing.phase.word());
            spot(html, "From", &crossing.from);
            spot(html, "To", &crossing.to);
        }
    }
}

fn spot(html: &mut Html, name: &str, spot: &Spot) {
    let slot = spot.slot.map_or(String::new(), |slot| format!(", slot {slot}"));
    fact(html, name, &format!("{}, server {}{slot}", spot.pool, spot.server));
}
