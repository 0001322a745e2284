//! The status page: one HTML document that needs nothing but itself. It is complete without a script; with one it keeps
//! itself fresh and answers without loading anew.
//!
//! ```text
//!   header      what is wrong, or that all is well
//!   ask         "where does this key go?"
//!   traffic     six small plots of the last five minutes
//!   servers     the worst first            migrations   and what is safe to do next
//!   routes      the worst first            loaders      endpoints that make values, the worst first
//!   savings     of refreshing              busiest      prefixes of keys
//!   settings    the configuration in force
//! ```
//! What changes is marked `data-live`: the script replaces those elements by the ones of the same id in a fresh copy of
//! the page, and leaves alone what a reader types into. Every list is bounded.

mod ask;
mod bar;
mod busiest;
mod grade;
mod header;
mod html;
mod loaders;
mod migrations;
mod plot;
mod queues;
mod routes;
mod savings;
mod servers;
mod settings;
mod table;
mod traffic;

use serde_json::Value;

use crate::admin::model::Overview;
pub(crate) use ask::AskedKey;
use html::{Attributes, Html};

/// What the page shows.
pub(crate) struct View<'v> {
    /// How things are.
    pub overview: &'v Overview,
    /// The configuration in force.
    pub config: &'v Value,
    /// A key that was asked for.
    pub asked: Option<&'v AskedKey>,
}

/// The page. Its style and script run by `nonce`, which must be a new one each time.
pub(crate) fn render(view: &View<'_>, nonce: &str) -> String {
    let mut html = Html::default();
    html.verbatim("<!doctype html>\n");
    html.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, view.overview, nonce));
        html.element("body", &[], |html| {
            header::write(html, view.overview);
            html.element("main", &[], |html| sections(html, view));
            footer(html);
            html.element("script", &[("nonce", nonce)], |html| html.verbatim(include_str!("script.js")));
        });
    });
    html.into_string()
}

/// What a browser may do with the page: nothing but show it, run what has the nonce, and ask leash again.
pub(crate) fn security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

fn head(html: &mut Html, overview: &Overview, nonce: &str) {
    html.lone("meta", &[("charset", "utf-8")]);
    html.lone("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    html.lone("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    // Without it a browser would ask for one.
    html.lone("link", &[("rel", "icon"), ("href", "data:,")]);
    html.words("title", &[], &format!("leash: {} · {}", overview.in_brief(), overview.process.instance));
    html.element("style", &[("nonce", nonce)], |html| html.verbatim(include_str!("style.css")));
}

fn sections(html: &mut Html, view: &View<'_>) {
    ask::write(html, view.asked);
    traffic::write(html, view.overview);
    migrations::write(html, view.overview);
    servers::write(html, view.overview);
    routes::write(html, view.overview);
    queues::write(html, view.overview);
    loaders::write(html, view.overview);
    savings::write(html, view.overview);
    busiest::write(html, &view.overview.busiest);
    settings::write(html, view.overview, view.config);
}

/// A part of the page with its label as a heading, which the script keeps fresh.
fn section(html: &mut Html, id: &str, label: &str, inside: impl FnOnce(&mut Html)) {
    html.element("section", &[("id", id), ("data-live", "")], |html| {
        html.words("h2", &[], &titled(label));
        inside(html);
    });
}

/// A name and what it stands for, in a `dl`.
fn fact(html: &mut Html, name: &str, value: &str) {
    html.element("div", &[], |html| {
        html.words("dt", &[], name);
        html.words("dd", &[], value);
    });
}

/// A label as a title: with its first letter large.
fn titled(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A place in the page for a part that there may be later.
fn show_nothing(html: &mut Html, id: &str) {
    html.element("section", &[("id", id), ("data-live", ""), ("hidden", "")], |_| {});
}

fn footer(html: &mut Html) {
    html.element("footer", &[], |html| {
        html.words("noscript", &[], "Load the page again for fresh figures. ");
        for (path, about) in [
            ("status", "this page as JSON"),
            ("metrics", "metrics for Prometheus"),
            ("config", "the configuration as JSON"),
            ("livez", "is it alive?"),
            ("readyz", "is it ready?"),
        ] {
            html.words("a", &[("href", path), ("title", about)], &format!("/{path}"));
            html.text(" ");
        }
    });
}
