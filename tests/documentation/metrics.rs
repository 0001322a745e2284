//! The tables of the README say what the code says: every metric, every word of a label, every limit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use leash::config::{Config, Phase};
use leash::metrics::{
    Backfill, ColdWait, LeaseOutcome, NO_PHASE, Outcome, ProtocolError, ReadSource, Registry, ReloadOutcome,
    RouteLabel, Series, ServerState, SetRefusal, ShardLayout, SpoolDrop,
};
use leash::protocol::{Cause, CommandClass};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README.md")
}

/// The part of the README between two marks.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let begun = text.split_once(from).unwrap_or_else(|| panic!("no {from:?} in README.md")).1;
    begun.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?} in README.md")).0
}

/// What stands in backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

#[test]
fn every_metric_is_in_the_table_and_nothing_else_is() {
    let text = readme();
    let table = between(&text, "<!-- metrics -->\n", "<!-- end of metrics -->");
    let told: Vec<&str> = table.lines().skip(2).collect();
    let expected = Series::ALL.map(|series| {
        let labels: Vec<String> = series.labels().iter().map(|label| format!("`{label}`")).collect();
        let kind = format!("{:?}", series.kind()).to_lowercase();
        format!("| `{}` | {kind} | {} | {} |", series.name(), labels.join(", "), series.help())
    });
    assert_eq!(told, expected, "the table should read\n{}", expected.join("\n"));
}

#[test]
fn every_word_of_a_label_is_told() {
    let text = readme();
    let told = |begin: &str| quoted(between(&text, &format!("\n* {begin}"), "\n\n").split("\n* ").next().unwrap_or(""));
    let words = |words: &[&str]| -> BTreeSet<String> { words.iter().map(ToString::to_string).collect() };
    assert_eq!(told("`class` is the kind of command:"), words(&CommandClass::ALL.map(CommandClass::name)));
    assert_eq!(told("`outcome`:"), words(&Outcome::ALL.map(Outcome::name)));
    assert_eq!(told("`outcome` of a lease:"), words(&LeaseOutcome::ALL.map(LeaseOutcome::name)));
    assert_eq!(told("`outcome` of a cold wait:"), words(&ColdWait::ALL.map(ColdWait::name)));
    assert_eq!(told("`outcome` of a reload:"), words(&ReloadOutcome::ALL.map(ReloadOutcome::name)));
    let phases: Vec<&str> = [NO_PHASE].into_iter().chain(Phase::WORDS.map(|(word, _)| word)).collect();
    assert_eq!(told("`phase`:"), words(&phases));
    assert_eq!(told("`source`:"), words(&ReadSource::ALL.map(ReadSource::name)));
    assert_eq!(told("`outcome` of a backfill:"), words(&Backfill::ALL.map(Backfill::name)));
    assert_eq!(told("`reason`:"), words(&SetRefusal::ALL.map(SetRefusal::name)));
    assert_eq!(told("`reason` of a lost delete:"), words(&SpoolDrop::ALL.map(SpoolDrop::name)));
    assert_eq!(told("`cause`:"), words(&Cause::ALL.map(Cause::name)));
    assert_eq!(told("`kind`:"), words(&ProtocolError::ALL.map(ProtocolError::name)));
    assert_eq!(told("`state`:"), words(&ServerState::ALL.map(ServerState::name)));
}

#[test]
fn every_series_of_a_policy_is_told_to_be_one() {
    let families = |refreshes, migrates| -> BTreeSet<String> {
        let registry = Registry::new("0.1.0");
        let route = RouteLabel { prefix: "page:".to_string(), refreshes, migrates };
        let _shard = registry.shard(&ShardLayout::new(&[route], &[]));
        let text = registry.text();
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_string).collect()
    };
    let text = readme();
    let told = |what: &str| {
        let begin = format!("\nTold only for routes that {what}, and for those from the start:");
        quoted(between(&text, &begin, "\n\n"))
    };
    let none = families(false, false);
    assert_eq!(told("refresh"), &families(true, false) - &none);
    assert_eq!(told("migrate"), &families(false, true) - &none);
}

#[test]
fn every_limit_is_in_the_table_with_its_default() {
    let text = readme();
    let table = between(&text, "## Limits\n", "\n## ");
    let config = Config::embedded_default().to_json();
    let limits = config["limits"].as_object().expect("limits");
    let rows = table.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, limits.len());
    for (name, default) in limits {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_string);
        assert!(table.contains(&format!("| `{name}` | `{default}` |")), "{name} is {default} by default");
    }
}

#[test]
fn every_refresh_key_is_in_the_table_with_its_default() {
    let text = readme();
    let table = between(&text, "### Refresh keys\n", "\n### ");
    let refresh = |keys: &str| {
        let routes = format!("routes: [{{prefix: '', pool: p, refresh: {{{keys}}}}}]");
        let config = Config::parse("README.md", &format!("pools: {{p: {{servers: [m0]}}}}\n{routes}\n"));
        config.expect("a configuration").to_json()["routes"][0]["refresh"].take()
    };
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('`').collect::<Vec<_>>());
    let (early, rest): (Vec<_>, Vec<_>) = rows.partition(|row| row[1].starts_with("early"));
    let told = |rows: &[Vec<&str>]| rows.iter().map(|row| format!("{}: {}", row[1], row[3])).collect::<Vec<_>>();
    assert_eq!(refresh(&told(&rest).join(", ")), refresh(""), "the defaults in the table are the defaults");
    assert_eq!(rest.len(), refresh("").as_object().expect("refresh").len());
    assert_eq!(early.iter().map(|row| row[1]).collect::<Vec<_>>(), ["early", "early.beta"]);
    assert_eq!(refresh(&format!("early: {{beta: {}}}", early[1][3])), refresh("early: {}"));
}

#[test]
fn links_to_files_lead_somewhere() {
    let text = readme();
    for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
        let file = link.split('#').next().unwrap_or_default();
        let is_there = file.is_empty() || Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists();
        assert!(is_there || link.starts_with("https://"), "{link} is not there");
    }
}
