//! The queues that this leash keeps: how they are, and the longest of them.

use super::table::{Cell, Heading};
use super::{Html, fact, grade, section, show_nothing, table, titled};
use crate::admin::model::{Overview, ShownQueue, ShownQueues, ShownRoute, labels};
use crate::readable::{age, bytes, number};

/// How many routes are shown.
const MOST: usize = 8;
/// How many queues of each.
const MOST_QUEUES: usize = 8;

/// Writes them, if there are any.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    let queues = overview.queues();
    if queues.is_empty() {
        return show_nothing(html, "queues");
    }
    section(html, "queues", labels::QUEUES, |html| {
        for (route, queues) in queues.iter().take(MOST) {
            html.element("article", &[], |html| one(html, route, queues));
        }
        table::more(html, queues.len(), MOST, "route");
    });
}

fn one(html: &mut Html, route: &ShownRoute, queues: &ShownQueues) {
    html.element("h3", &[], |html| {
        html.words("code", &[], route.name());
        html.text(" in ");
        html.words("code", &[], &queues.dir);
    });
    let (how, word) = queues.state();
    html.element("p", &[("class", "next")], |html| grade::write(html, how, word));
    html.element("dl", &[], |html| figures(html, queues));
    if !queues.longest.is_empty() {
        longest(html, queues);
    }
    if let Some(brief) = queues.in_brief() {
        html.words("p", &[("class", "detail")], &format!("{brief}."));
    }
}

fn figures(html: &mut Html, queues: &ShownQueues) {
    for (label, figure) in [
        (labels::WAITING, number(queues.waiting)),
        (labels::RESERVED, number(queues.reserved)),
        (labels::OLDEST, if queues.waiting > 0 { age(queues.age) } else { "–".to_string() }),
        (labels::CONSUMERS_WAITING, number(queues.waiters)),
        (labels::ON_DISK, bytes(queues.bytes)),
    ] {
        fact(html, &titled(label), &figure);
    }
}

fn longest(html: &mut Html, queues: &ShownQueues) {
    let columns = [
        Heading(labels::QUEUE, false),
        Heading(labels::WAITING, true),
        Heading(labels::RESERVED, true),
        Heading(labels::OLDEST, true),
        Heading(labels::CONSUMERS_WAITING, true),
        Heading(labels::GIVEN_BACK, true),
    ];
    table::write(html, &columns, &queues.longest, MOST_QUEUES, cells);
}

fn cells(queue: &ShownQueue) -> Vec<Cell> {
    vec![
        Cell::Text(queue.name.clone()),
        Cell::Text(number(queue.waiting)),
        Cell::Text(number(queue.reserved)),
        queue.oldest().map_or(Cell::Nothing, Cell::Text),
        Cell::Text(number(queue.waiters)),
        Cell::Text(number(queue.redelivered)),
    ]
}
