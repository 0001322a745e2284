//! The first thing one sees: whether all is well, and if not, what is wrong.

use super::{Html, grade};
use crate::admin::model::{Overview, Process, Trouble};
use crate::readable::{age, bytes, counted, number};

/// Writes it.
pub(super) fn write(html: &mut Html, overview: &Overview) {
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
        " · {} · up for {} · {} · {} · {} · {}",
        process.version,
        age(process.uptime),
        counted(process.workers, "worker"),
        if process.clients == 1 { "1 client".to_string() } else { format!("{} clients", number(process.clients)) },
        bytes(process.memory),
        process.listen.join(", "),
    );
    html.element("p", &[("id", "process"), ("data-live", "")], |html| {
        html.words("b", &[], &process.instance);
        html.text(&told);
    });
}

fn verdict(html: &mut Html, overview: &Overview) {
    let how = overview.grade();
    html.element("div", &[("id", "verdict"), ("data-live", ""), ("class", grade::class(how))], |html| {
        html.element("p", &[("class", "brief")], |html| grade::write(html, how, &overview.in_brief()));
        if !overview.troubles.is_empty() {
            html.element("ul", &[], |html| overview.troubles.iter().for_each(|each| show_trouble(html, each)));
        }
    });
}

fn show_trouble(html: &mut Html, trouble: &Trouble) {
    html.element("li", &[], |html| {
        grade::mark(html, trouble.grade());
        html.text(&trouble.text);
        if !trouble.details.is_empty() {
            html.element("ul", &[], |html| trouble.details.iter().for_each(|line| html.words("li", &[], line)));
        }
    });
}
