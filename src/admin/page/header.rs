//! The first thing one sees: whether all is well, and if not, what is wrong.

use super::{Html, State};
use crate::admin::model::{Overview, Process};
use crate::readable::{age, bytes, counted, number};

/// Writes it.
pub fn write(html: &mut Html, overview: &Overview) {
    html.element("header", &[], |html| {
        html.element("div", &[("class", "title")], |html| {
            html.words("h1", &[], "leash");
            process(html, &overview.process);
        });
        html.element("div", &[("role", "status")], |html| verdict(html, overview));
        html.element("p", &[("id", "lost"), ("role", "alert"), ("hidden", "")], |html| {
            html.text("leash does not answer. What you see is how things were at ");
            html.words("time", &[], "");
            html.text(".");
        });
    });
}

fn process(html: &mut Html, process: &Process) {
    let told = format!(
        "{} · up for {} · {} · {} · {} · {}",
        process.version,
        age(process.uptime),
        counted(process.workers, "worker"),
        if process.clients == 1 { "1 client".to_string() } else { format!("{} clients", number(process.clients)) },
        bytes(process.memory),
        process.listen.join(", "),
    );
    html.words("p", &[("id", "process"), ("data-live", "")], &told);
}

fn verdict(html: &mut Html, overview: &Overview) {
    let troubles = overview.troubles();
    let state = match troubles.iter().map(|trouble| trouble.is_grave).max() {
        None => State::Good,
        Some(false) => State::Fair,
        Some(true) => State::Bad,
    };
    html.element("div", &[("id", "verdict"), ("data-live", ""), ("class", state.class())], |html| {
        html.element("p", &[("class", "brief")], |html| state.write(html, &overview.in_brief()));
        if !troubles.is_empty() {
            html.element("ul", &[], |html| troubles.iter().for_each(|trouble| html.words("li", &[], &trouble.text)));
        }
    });
}
