//! What leash counts, as Prometheus and `stats` see it.

use std::collections::BTreeMap;

use crate::{BOUND, Client, Leash, wait_until};

/// The sum of all series of this name whose labels contain `labels`.
pub fn metric(leash: &Leash, name: &str, labels: &str) -> f64 {
    let page = leash.page("/metrics");
    let of_series = page.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])) && line.contains(labels)
    });
    of_series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Waits until a metric has this value.
#[track_caller]
pub fn reaches(leash: &Leash, name: &str, labels: &str, value: f64) {
    wait_until(&format!("{name} is {value}"), BOUND, || metric(leash, name, labels) == value);
}

/// One line of `stats`.
#[track_caller]
pub fn stat(leash: &Leash, name: &str) -> u64 {
    let stats = stats(&mut leash.client(), "stats");
    let value = stats.get(name).unwrap_or_else(|| panic!("stats has no {name}"));
    value.parse().unwrap_or_else(|_| panic!("{name} is {value}"))
}

/// All lines that a client is told to `stats` and a subject.
pub fn stats(client: &mut Client, command: &str) -> BTreeMap<String, String> {
    client.send(format!("{command}\r\n"));
    let mut found = BTreeMap::new();
    loop {
        let line = String::from_utf8(client.read_line().expect("a line of stats")).unwrap();
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["END"] => return found,
            ["STAT", name, value] => drop(found.insert(name.to_string(), value.to_string())),
            _ => {}
        }
    }
}
