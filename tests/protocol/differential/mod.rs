//! The differential test: the same scripts to a memcached and to leash, the same bytes back.
//!
//! leash stands over one memcached, over three, and on its embedded store. Hand-written scripts are in `cases/`, the
//! random ones come from `generator.rs`. Where leash answers otherwise on purpose, `cases/deviations.txt` says what it
//! answers and why, and that is tested too.

mod generator;
mod player;
mod replies;
mod script;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use player::{Delivery, Output, play};
use replies::Replies;
use script::{Case, render};
use support::secured::{SecuredServer, USER};
use support::{Leash, Memcached};

/// Commands in one long pipeline.
const PIPELINE: usize = 1000;
/// A pipeline ends earlier when so many bytes are reached.
const PIPELINE_BYTES: usize = 1 << 20;
/// CAS uniques of servers in one test lie so far apart that they never meet.
const CAS_DISTANCE: usize = 200_000;

/// Scripts take no second, so none looks past the stale date of what it set.
const REFRESH: &str = "refresh: {grace: 5s, lease: 10s}";
/// What leash says is compared, not how soon: a busy machine may take half a second for 200 touches of one key, each of which
/// waits for the one before.
const UNHURRIED: &str = "request_timeout: 5s";

/// Something that answers like memcached, and what keeps it alive.
struct Target {
    name: &'static str,
    address: String,
    _leash: Option<Leash>,
    _servers: Vec<Memcached>,
}

impl Target {
    fn memcached() -> Target {
        let server = Memcached::start_plain();
        Target { name: "memcached", address: server.address(), _leash: None, _servers: vec![server] }
    }

    fn leash_over(name: &'static str, count: usize) -> Target {
        let servers = Memcached::start_many(count);
        for (index, server) in servers.iter().enumerate().skip(1) {
            server.advance_cas(index * CAS_DISTANCE);
        }
        let leash = Leash::routed(&servers, UNHURRIED, "");
        Target { name, address: leash.address().to_string(), _leash: Some(leash), _servers: servers }
    }

    fn over_one() -> Target {
        Target::leash_over("one", 1)
    }

    fn over_three() -> Target {
        Target::leash_over("three", 3)
    }

    /// Over one memcached that speaks TLS and asks for a password.
    fn secured() -> Target {
        let SecuredServer { server, authority } = SecuredServer::start();
        let tls = format!("tls: {{ca: {}}}", authority.ca().display());
        let auth = format!("auth: {{user: {USER}, password_file: {}}}", authority.path("password").display());
        let leash = Leash::routed(std::slice::from_ref(&server), &format!("{tls}, {auth}, {UNHURRIED}"), "");
        Target { name: "one", address: leash.address().to_string(), _leash: Some(leash), _servers: vec![server] }
    }

    /// Over one memcached, on a route that refreshes stale values.
    fn refreshing() -> Target {
        let servers = Memcached::start_many(1);
        let leash = Leash::routed(&servers, UNHURRIED, REFRESH);
        Target { name: "refreshing", address: leash.address().to_string(), _leash: Some(leash), _servers: servers }
    }

    /// The same on the embedded store.
    fn refreshing_embedded() -> Target {
        let leash = Leash::routed(&[], UNHURRIED, REFRESH);
        let address = leash.address().to_string();
        Target { name: "refreshing embedded", address, _leash: Some(leash), _servers: Vec::new() }
    }

    fn is_skipped_by(&self, case: &Case) -> bool {
        self.name.split(' ').any(|word| case.skip.iter().any(|name| name == word))
    }

    /// What is documented to differ on a route that refreshes: it looks at items, and memcached lets whoever looks at
    /// an invalidated one win; and `me` shows what the server has, marker and grace included.
    fn is_confused_by(&self, command: &str) -> bool {
        let is_odd = |word: &str| word == "I" || word.trim_start_matches('-') == "me";
        self.name.contains("refreshing") && command.split([' ', '\\']).any(is_odd)
    }

    fn embedded() -> Target {
        let leash = Leash::routed(&[], UNHURRIED, "");
        Target { name: "embedded", address: leash.address().to_string(), _leash: Some(leash), _servers: Vec::new() }
    }
}

fn handwritten() -> Vec<Case> {
    let files = [
        ("retrieval.txt", include_str!("cases/retrieval.txt")),
        ("storage.txt", include_str!("cases/storage.txt")),
        ("arithmetic.txt", include_str!("cases/arithmetic.txt")),
        ("removal.txt", include_str!("cases/removal.txt")),
        ("meta_get.txt", include_str!("cases/meta_get.txt")),
        ("meta_write.txt", include_str!("cases/meta_write.txt")),
        ("wins.txt", include_str!("cases/wins.txt")),
        ("malformed.txt", include_str!("cases/malformed.txt")),
        ("limits.txt", include_str!("cases/limits.txt")),
    ];
    files.iter().flat_map(|(file, text)| Case::parse_all(file, text)).collect()
}

fn deviations() -> Vec<Case> {
    Case::parse_all("deviations.txt", include_str!("cases/deviations.txt"))
}

/// A number no play had before: keys are fresh in each.
fn next_run() -> usize {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    RUN.fetch_add(1, Ordering::Relaxed)
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "↵\n      ");
    if text.len() < 1500 {
        text
    } else {
        format!("{}… ({} bytes)", text.chars().take(1500).collect::<String>(), bytes.len())
    }
}

/// What is wrong with `got`, if `expected` is right.
fn difference(expected: &Output, got: &Output) -> Option<String> {
    let (wanted, have) = (Replies::of(&expected.bytes), Replies::of(&got.bytes));
    if wanted.agree(&have) && expected.closed_early == got.closed_early && expected.hung == got.hung {
        return None;
    }
    let end = |output: &Output| match (output.closed_early, output.hung) {
        (true, _) => " then closed the connection",
        (_, true) => " then hung",
        _ => "",
    };
    let at = wanted.bytes.iter().zip(&have.bytes).take_while(|(a, b)| a == b).count().saturating_sub(200);
    let seconds = if wanted.seconds == have.seconds {
        String::new()
    } else {
        format!("\n    seconds: {:?}, leash: {:?}", wanted.seconds, have.seconds)
    };
    Some(format!(
        "memcached:{}\n      {}\n    leash:{}\n      {}{seconds}",
        end(expected),
        shown(&wanted.bytes[at.min(wanted.bytes.len())..]),
        end(got),
        shown(&have.bytes[at.min(have.bytes.len())..]),
    ))
}

/// Plays all cases in one manner to memcached and to the target; gives back the reports of differences.
fn compare(cases: &[Case], reference: &Target, target: &Target, delivery: Delivery) -> Vec<String> {
    let small = |case: &&Case| matches!(delivery, Delivery::Whole) || !case.whole && size(&case.steps) < 8000;
    let for_target = |case: &&Case| !target.is_skipped_by(case);
    let differs = |case: &Case| {
        let run = next_run();
        let expected = play(&reference.address, &case.steps, run, delivery);
        let got = play(&target.address, &case.steps, run, delivery);
        let sent: Vec<u8> = case.steps.iter().flat_map(|step| render(step, run, 0)).collect();
        difference(&expected, &got).map(|difference| {
            format!("  {} ({delivery:?}), sent:\n      {}\n    {difference}", case.name, shown(&sent))
        })
    };
    cases.iter().filter(for_target).filter(small).filter_map(differs).collect()
}

/// Repeats each case with fresh keys in one pipeline of about a thousand commands.
fn compare_pipelined(cases: &[Case], reference: &Target, target: &Target) -> Vec<String> {
    let for_target = |case: &&Case| case.pipelines() && !target.is_skipped_by(case);
    let differs = |case: &Case| {
        let once = render(&case.steps[0], 0, 1);
        let commands = once.iter().filter(|&&b| b == b'\n').count().max(1);
        let repeats = (PIPELINE.div_ceil(commands)).min(PIPELINE_BYTES.div_ceil(once.len().max(1)));
        let bytes: Vec<u8> = (0..repeats).flat_map(|_| render(&case.steps[0], next_run(), 1)).collect();
        let steps = [vec![literal(&bytes)]];
        let expected = play(&reference.address, &steps, 0, Delivery::Whole);
        let got = play(&target.address, &steps, 0, Delivery::Whole);
        difference(&expected, &got)
            .map(|difference| format!("  {} ({repeats} times in a row)\n    {difference}", case.name))
    };
    cases.iter().filter(for_target).filter_map(differs).collect()
}

/// Bytes as a template that renders to them.
fn literal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        match byte {
            b'\\' | b'{' | 0..=31 | 127.. => text.push_str(&format!("\\x{byte:02x}")),
            _ => text.push(byte as char),
        }
    }
    text
}

fn size(steps: &[Vec<String>]) -> usize {
    steps.iter().map(|step| render(step, 0, 1).len()).sum()
}

#[track_caller]
fn verdict(target: &Target, reports: &[String]) {
    let first: Vec<&str> = reports.iter().take(40).map(String::as_str).collect();
    assert!(reports.is_empty(), "{}: {} differences\n{}", target.name, reports.len(), first.join("\n"));
}

/// All hand-written cases, delivered in every way.
fn check_handwritten(target: &Target) {
    let (cases, reference) = (handwritten(), Target::memcached());
    let mut reports = Vec::new();
    for delivery in [Delivery::Whole, Delivery::Split(1), Delivery::Split(2), Delivery::Split(3), Delivery::Bytewise] {
        reports.extend(compare(&cases, &reference, target, delivery));
    }
    reports.extend(compare_pipelined(&cases, &reference, target));
    verdict(target, &reports);
}

#[test]
fn there_are_at_least_220_cases_and_no_two_have_one_name() {
    let cases = handwritten();
    let names: HashSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    assert!(cases.len() >= 220, "only {} cases", cases.len());
}

#[test]
fn the_harness_finds_no_difference_between_two_memcacheds() {
    check_handwritten(&Target::memcached());
}

#[test]
fn the_harness_finds_a_single_changed_byte() {
    let output = |bytes: &[u8]| Output { bytes: bytes.to_vec(), closed_early: false, hung: false };
    assert!(difference(&output(b"VALUE a 0 1\r\nx\r\nEND\r\n"), &output(b"VALUE a 0 1\r\ny\r\nEND\r\n")).is_some());
    assert!(difference(&output(b"STORED\r\n"), &output(b"STORED\n")).is_some());
    assert!(difference(&output(b"STORED\r\n"), &output(b"STORED\r\n")).is_none());
}

#[test]
fn over_one_memcached_every_case_gets_the_same_bytes() {
    check_handwritten(&Target::over_one());
}

#[test]
fn over_tls_and_a_password_every_case_gets_the_same_bytes() {
    check_handwritten(&Target::secured());
}

#[test]
fn over_tls_and_a_password_random_scripts_get_the_same_bytes() {
    check_random(&Target::secured(), 600..612);
}

#[test]
fn over_three_memcacheds_every_case_gets_the_same_bytes() {
    check_handwritten(&Target::over_three());
}

#[test]
fn the_embedded_store_gives_every_case_the_same_bytes() {
    check_handwritten(&Target::embedded());
}

#[test]
fn on_a_refresh_route_every_case_gets_the_same_bytes() {
    check_handwritten(&Target::refreshing());
}

#[test]
fn on_a_refresh_route_of_the_embedded_store_every_case_gets_the_same_bytes() {
    check_handwritten(&Target::refreshing_embedded());
}

/// Random scripts of each seed; a difference is reported with its seed and the shortest script that shows it.
fn check_random(target: &Target, seeds: std::ops::Range<u64>) {
    let reference = Target::memcached();
    for seed in seeds {
        let mut commands = generator::script(seed, 2500);
        commands.retain(|command| !target.is_confused_by(command));
        if disagree(&commands, &reference, target, seed).is_some() {
            let (least, difference) = shrink(commands, &reference, target, seed);
            let lines: Vec<String> = least.iter().map(|command| format!("      {command}")).collect();
            panic!(
                "{}: seed {seed}: {} commands show it:\n{}\n    {difference}",
                target.name,
                lines.len(),
                lines.join("\n")
            );
        }
    }
}

fn disagree(commands: &[String], reference: &Target, target: &Target, seed: u64) -> Option<String> {
    let steps = generator::steps(commands);
    let run = next_run();
    let expected = play(&reference.address, &steps, run, Delivery::Split(seed));
    let got = play(&target.address, &steps, run, Delivery::Split(seed));
    difference(&expected, &got)
}

/// Leaves out ever smaller parts as long as the difference stays.
fn shrink(mut commands: Vec<String>, reference: &Target, target: &Target, seed: u64) -> (Vec<String>, String) {
    let mut difference = String::from("it did not show a second time");
    let mut part = commands.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < commands.len() {
            let mut fewer = commands.clone();
            fewer.drain(at..(at + part).min(commands.len()));
            match disagree(&fewer, reference, target, seed) {
                Some(found) => (commands, difference) = (fewer, found),
                None => at += part,
            }
        }
        part /= 2;
    }
    (commands, difference)
}

#[test]
fn the_harness_finds_no_difference_between_two_memcacheds_in_random_scripts() {
    check_random(&Target::memcached(), 1..5);
}

#[test]
fn over_one_memcached_random_scripts_get_the_same_bytes() {
    check_random(&Target::over_one(), 100..112);
}

#[test]
fn over_three_memcacheds_random_scripts_get_the_same_bytes() {
    check_random(&Target::over_three(), 200..212);
}

#[test]
fn the_embedded_store_gives_random_scripts_the_same_bytes() {
    check_random(&Target::embedded(), 300..312);
}

#[test]
fn on_a_refresh_route_random_scripts_get_the_same_bytes() {
    check_random(&Target::refreshing(), 400..412);
}

#[test]
fn on_a_refresh_route_of_the_embedded_store_random_scripts_get_the_same_bytes() {
    check_random(&Target::refreshing_embedded(), 500..512);
}

/// Where leash differs on purpose, it gives the replies that are written down.
fn check_deviations(target: &Target) {
    let mut reports = Vec::new();
    for case in deviations().iter().filter(|case| !target.is_skipped_by(case)) {
        assert!(case.why.is_some(), "{} has no reason", case.name);
        let run = next_run();
        let got = play(&target.address, &case.steps, run, Delivery::Whole);
        let expected = render(&case.expected, run, 0);
        if Replies::of(&got.bytes).bytes != expected || got.hung {
            reports.push(format!(
                "  {}: promised\n      {}\n    got\n      {}",
                case.name,
                shown(&expected),
                shown(&got.bytes)
            ));
        }
    }
    verdict(target, &reports);
}

#[test]
fn over_one_memcached_the_deviations_are_the_documented_ones() {
    check_deviations(&Target::over_one());
}

#[test]
fn over_three_memcacheds_the_deviations_are_the_documented_ones() {
    check_deviations(&Target::over_three());
}

#[test]
fn on_the_embedded_store_the_deviations_are_the_documented_ones() {
    check_deviations(&Target::embedded());
}

/// For whoever writes a case: `cargo test --test protocol -- --ignored --nocapture what_memcached_says`.
#[test]
#[ignore = "prints, checks nothing"]
fn what_memcached_says() {
    let reference = Target::memcached();
    for case in handwritten().iter().chain(&deviations()) {
        let run = next_run();
        let output = play(&reference.address, &case.steps, run, Delivery::Whole);
        let sent: Vec<u8> = case.steps.iter().flat_map(|step| render(step, run, 0)).collect();
        let end = if output.closed_early { "closed early" } else { "" };
        println!("== {}\n    > {}\n    < {} {end}", case.name, shown(&sent), shown(&Replies::of(&output.bytes).bytes));
    }
}
