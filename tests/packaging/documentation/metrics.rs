//! The metrics in the book are those of the code: names, kinds, labels and their words.

use std::collections::BTreeSet;

use leash::config::Phase;
use leash::metrics::{
    Backfill, ClientDrop, ColdWait, Exposition, LeaseOutcome, LoadOutcome, NO_PHASE, ProtocolError, QueueRefusalCause,
    ReadSource, Registry, ReloadOutcome, RequestOutcome, RouteLabel, Series, ServerState, SetRefusal, ShardLayout,
    SpoolDrop,
};
use leash::protocol::{Cause, CommandClass};

use support::repository::read;

use super::text::{self, between};

/// What stands in backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text::quoted(text).map(str::to_string).collect()
}

#[test]
fn every_metric_is_in_the_table_and_nothing_else_is() {
    let text = read("docs/reference/metrics.md");
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
    let text = read("docs/reference/metrics.md");
    let told = |begin: &str| quoted(between(&text, &format!("\n* {begin}"), "\n\n").split("\n* ").next().unwrap_or(""));
    let words = |words: &[&str]| -> BTreeSet<String> { words.iter().map(ToString::to_string).collect() };
    assert_eq!(told("`class` is the kind of command:"), words(&CommandClass::ALL.map(CommandClass::name)));
    assert_eq!(told("`outcome`:"), words(&RequestOutcome::ALL.map(RequestOutcome::name)));
    assert_eq!(told("`outcome` of a lease:"), words(&LeaseOutcome::ALL.map(LeaseOutcome::name)));
    assert_eq!(told("`outcome` of a cold wait:"), words(&ColdWait::ALL.map(ColdWait::name)));
    let loads = LoadOutcome::ALL.map(LoadOutcome::name).into_iter().chain(["limits.item_size", "limits.memory"]);
    assert_eq!(told("`outcome` of a load:"), words(&loads.collect::<Vec<_>>()));
    assert_eq!(told("`outcome` of a reload:"), words(&ReloadOutcome::ALL.map(ReloadOutcome::name)));
    let phases: Vec<&str> = [NO_PHASE].into_iter().chain(Phase::WORDS.map(|(word, _)| word)).collect();
    assert_eq!(told("`phase`:"), words(&phases));
    assert_eq!(told("`source`:"), words(&ReadSource::ALL.map(ReadSource::name)));
    assert_eq!(told("`outcome` of a backfill:"), words(&Backfill::ALL.map(Backfill::name)));
    assert_eq!(told("`reason`:"), words(&SetRefusal::ALL.map(SetRefusal::name)));
    assert_eq!(told("`reason` of a lost delete:"), words(&SpoolDrop::ALL.map(SpoolDrop::name)));
    let closed = ["limits.idle", "limits.unread_time"].into_iter().chain(ClientDrop::ALL.map(ClientDrop::name));
    assert_eq!(told("`reason` of a closed connection:"), words(&closed.collect::<Vec<_>>()));
    assert_eq!(told("`cause`:"), words(&Cause::ALL.map(Cause::name)));
    let refused = ["max_items", "max_bytes", "max_message"].into_iter();
    let refused = refused.chain(QueueRefusalCause::ALL.map(QueueRefusalCause::name));
    assert_eq!(told("`cause` of a message that was not taken:"), words(&refused.collect::<Vec<_>>()));
    assert_eq!(told("`kind`:"), words(&ProtocolError::ALL.map(ProtocolError::name)));
    assert_eq!(told("`state`:"), words(&ServerState::ALL.map(ServerState::name)));
}

#[test]
fn every_series_of_a_policy_is_told_to_be_one() {
    let families = |refreshes, migrates, loads| -> BTreeSet<String> {
        let registry = Registry::new("0.1.0");
        let route = RouteLabel { prefix: "page:".to_string(), refreshes, migrates, loads };
        let _shard = registry.shard(&ShardLayout::new(&[route], &[]));
        let text = registry.text(Exposition::Text);
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_string).collect()
    };
    let text = read("docs/reference/metrics.md");
    let told = |what: &str| {
        let begin = format!("\nTold only for routes that {what}, and for those from the start:");
        quoted(between(&text, &begin, "\n\n").split(". ").next().unwrap_or(""))
    };
    let none = families(false, false, false);
    assert_eq!(told("refresh"), &families(true, false, false) - &none);
    assert_eq!(told("migrate"), &families(false, true, false) - &none);
    let loads = between(&text, "routes that load, and for those from the start:", "Beside these");
    assert_eq!(quoted(loads), &families(false, false, true) - &none);
}
