//! What clients ask for most.

use super::table::{self, Cell, Heading};
use super::{Html, section};
use crate::admin::model::{Busiest, labels};
use crate::readable::{age, amount, number, percent};

/// Writes it.
pub(super) fn write(html: &mut Html, busiest: &Busiest) {
    let (label, column) = match busiest.are_keys {
        true => (labels::BUSIEST_KEYS, labels::KEY),
        false => (labels::BUSIEST_PREFIXES, labels::PREFIX),
    };
    section(html, "busiest", label, |html| {
        html.words("p", &[("class", "detail")], &told(busiest));
        if busiest.names.is_empty() {
            return;
        }
        let columns =
            [Heading(column, false), Heading(labels::SHARE, true), Heading("", false), Heading(labels::REQUESTS, true)];
        table::write(html, &columns, &busiest.names, busiest.names.len(), |busy| {
            vec![
                Cell::Text(busy.name.clone()),
                Cell::Text(percent(busy.share)),
                Cell::Bar(busy.share),
                Cell::Text(amount(busy.requests)),
            ]
        });
    });
}

fn told(busiest: &Busiest) -> String {
    let of = format!("From a sample of {} requests in {}", number(busiest.sampled), age(busiest.seconds));
    if busiest.are_keys {
        format!("{of}.")
    } else {
        format!("{of}. A prefix is shown once five different keys share it; keys themselves with admin.show_keys.")
    }
}
