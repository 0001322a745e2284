//! The endpoints that make values: how they fare, the worst first.

use super::{Html, fact, grade, section, show_nothing, table, titled};
use crate::admin::model::{Overview, Process, ShownLoader, ShownRoute, labels};
use crate::readable::{amount, if_known, latency, number, percent};

/// How many are shown.
const MOST: usize = 8;

/// Writes them, if there are any.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    let loaders = overview.loaders();
    if loaders.is_empty() {
        return show_nothing(html, "loaders");
    }
    section(html, "loaders", labels::LOADERS, |html| {
        for (route, loader) in loaders.iter().take(MOST) {
            html.element("article", &[], |html| one(html, &overview.process, route, loader));
        }
        table::more(html, loaders.len(), MOST, "loader");
    });
}

fn one(html: &mut Html, process: &Process, route: &ShownRoute, loader: &ShownLoader) {
    html.element("h3", &[], |html| {
        html.words("code", &[], route.name());
        html.text(" from ");
        html.words("code", &[], &loader.url);
    });
    let (how, word) = loader.state();
    html.element("p", &[("class", "next")], |html| {
        grade::write(html, how, word);
        loader.failure.iter().for_each(|last| {
            html.text(&format!(" {}: {}, {} ago.", titled(labels::LAST_FAILURE), last.why, process.age(last.at)));
        });
    });
    html.element("dl", &[], |html| figures(html, loader));
    let about: Vec<String> = loader.in_brief().into_iter().chain(headers(loader)).collect();
    if !about.is_empty() {
        html.words("p", &[("class", "detail")], &format!("{}.", about.join(". ")));
    }
}

fn figures(html: &mut Html, loader: &ShownLoader) {
    for (label, figure) in [
        (labels::CALLS, amount(loader.calls())),
        (labels::FAILED, amount(loader.failed())),
        (labels::WITHIN, if_known(loader.p99, latency)),
        (labels::IN_FLIGHT, format!("{} of {}", number(loader.in_flight), number(loader.most_in_flight))),
        (labels::WAITING, number(loader.waiting)),
        (labels::CALLS_AVOIDED, if_known(loader.avoided(), percent)),
    ] {
        fact(html, &titled(label), &figure);
    }
}

fn headers(loader: &ShownLoader) -> Option<String> {
    (!loader.headers.is_empty()).then(|| format!("Sent with {}", loader.headers.join(", ")))
}
