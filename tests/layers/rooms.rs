//! Which room may name which. Arrows go down only, and the table knows every room.

use std::collections::BTreeSet;

use crate::paths::named;
use crate::source::{Source, sources};

/// Every room, the top of the house first, and the rooms that its files may name.
const ROOMS: &[(&str, &[&str])] = &[
    (
        "commands",
        &[
            "admin",
            "app",
            "config",
            "discovery",
            "explain",
            "hash",
            "logging",
            "metrics",
            "origin",
            "protocol",
            "readable",
            "route",
            "runtime",
            "snapshot",
            "upstream",
        ],
    ),
    (
        "app",
        &[
            "admin",
            "config",
            "discovery",
            "downstream",
            "logging",
            "metrics",
            "protocol",
            "route",
            "runtime",
            "snapshot",
            "upstream",
        ],
    ),
    (
        "admin",
        &[
            "config", "explain", "hash", "logging", "metrics", "protocol", "queue", "readable", "route", "runtime",
            "snapshot", "upstream",
        ],
    ),
    ("explain", &["config", "hash", "metrics", "protocol", "route", "runtime", "snapshot", "upstream"]),
    ("discovery", &["config", "protocol", "runtime", "snapshot", "upstream"]),
    ("snapshot", &["config", "hash", "metrics", "protocol", "queue", "route", "runtime", "store", "upstream"]),
    ("downstream", &["config", "logging", "metrics", "protocol", "route", "runtime", "upstream"]),
    ("route", &["config", "hash", "metrics", "origin", "protocol", "queue", "runtime", "upstream"]),
    ("upstream", &["config", "logging", "metrics", "protocol", "runtime", "store", "tls"]),
    ("origin", &["config", "runtime", "tls"]),
    ("queue", &["metrics", "runtime"]),
    ("store", &["protocol"]),
    ("metrics", &["protocol"]),
    ("runtime", &["protocol", "tls"]),
    ("config", &["hash", "logging", "protocol", "tls"]),
    ("tls", &[]),
    ("logging", &[]),
    ("readable", &[]),
    ("hash", &[]),
    ("protocol", &[]),
];

fn faults(source: &Source) -> Vec<String> {
    let Some(own) = source.room() else { return Vec::new() };
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == own) else {
        return vec![format!("src/{}: the table of rooms does not know {own}", source.file)];
    };
    let named: BTreeSet<String> = named(source).into_iter().filter_map(|path| path.into_iter().next()).collect();
    let others = named.iter().filter(|other| *other != own && !allowed.contains(&other.as_str()));
    others.map(|other| format!("src/{}: {own} must not know {other}", source.file)).collect()
}

#[test]
fn arrows_go_down_only() {
    let wrong: Vec<String> = sources().iter().flat_map(faults).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_names_the_rooms_that_there_are_and_only_those_further_down() {
    let sources = sources();
    let there: BTreeSet<&str> = sources.iter().filter_map(Source::room).collect();
    let table: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(there, table);
    for (place, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in *allowed {
            assert!(ROOMS[place + 1..].iter().any(|(below, _)| below == other), "{other} is not below {room}");
        }
    }
}

#[test]
fn a_forbidden_name_is_found_in_any_file() {
    for source in sources() {
        let Some(own) = source.room() else { continue };
        let (_, allowed) = ROOMS.iter().find(|(room, _)| *room == own).expect("a room of the table");
        let forbidden = ROOMS.iter().map(|(room, _)| *room).find(|room| *room != own && !allowed.contains(room));
        let planted = format!("use crate::{}::Planted;\n", forbidden.expect("no room may know all others"));
        let with_fault = Source::new(&source.file, &format!("{}\n{planted}", source.text));
        assert!(!faults(&with_fault).is_empty(), "a forbidden import in src/{} was not seen", source.file);
        let on_top = Source::new(&source.file, &format!("#[cfg(test)]\nmod tests;\n{planted}{}", source.text));
        assert!(!faults(&on_top).is_empty(), "nor behind the declaration of its tests");
    }
}
