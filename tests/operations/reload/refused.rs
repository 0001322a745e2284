//! What is not taken: told with all its problems, and everything stays as it was.

use support::figures::{metric, reaches};
use support::{Leash, Memcached};

use super::{reload, reload_as, reloads};

#[test]
fn a_bad_file_is_refused_with_all_its_problems_and_the_old_configuration_stays() {
    let server = Memcached::start();
    let good = format!("workers: 2\npools: {{main: {{servers: [\"{}\"]}}}}\n", server.address());
    let leash = Leash::with_config(&good);
    let mut client = leash.client();
    client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    let loaded = metric(&leash, "leash_config_last_reload_success_timestamp_seconds", "");
    assert_eq!(metric(&leash, "leash_config_last_reload_successful", ""), 1.0);
    leash.configure("pols: {}\npools: {main: {servers: [m0], hash: ketma}}\nlimits: {item_size: 64MB}\n");
    reload_as(&leash, "refused");
    for problem in [
        "leash.yaml:1:1: pols: unknown key, did you mean pools?",
        "leash.yaml:2:37: pools.main.hash: unknown value ketma, did you mean ketama?",
        "leash.yaml:3:21: limits.item_size: 64MB is no size; write 64MiB, or 64000000 for 64 MB in bytes",
        "reload refused, the configuration in force stays",
    ] {
        assert!(leash.log().contains(problem), "no {problem:?} in\n{}", leash.log());
    }
    assert_eq!(metric(&leash, "leash_config_last_reload_successful", ""), 0.0);
    assert_eq!(metric(&leash, "leash_config_last_reload_success_timestamp_seconds", ""), loaded);
    client.expect("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    assert_eq!(leash.page("/readyz"), "ok\n");
    reload(&leash, &good);
    assert_eq!(metric(&leash, "leash_config_last_reload_successful", ""), 1.0);
    assert!(metric(&leash, "leash_config_last_reload_success_timestamp_seconds", "") > loaded);
    assert_eq!((reloads(&leash, "ok"), reloads(&leash, "refused")), (1.0, 1.0));
}

#[test]
fn a_file_that_is_gone_is_told_of_once_and_taken_when_it_is_back() {
    let server = Memcached::start();
    let good = format!("workers: 2\npools: {{main: {{servers: [\"{}\"]}}}}\n", server.address());
    let leash = Leash::with_config(&good);
    std::fs::remove_file(leash.file()).unwrap();
    reaches(&leash, "leash_config_last_reload_successful", "", 0.0);
    assert!(leash.log().contains("leash.yaml: cannot be read: No such file"), "{}", leash.log());
    leash.configure(&good);
    reaches(&leash, "leash_config_last_reload_successful", "", 1.0);
    assert_eq!(reloads(&leash, "refused"), 1.0);
}

#[test]
fn a_migration_goes_on_phase_by_phase_and_none_is_skipped() {
    let (old, new) = (Memcached::start(), Memcached::start());
    let (old, new) = (old.address(), new.address());
    let pools = format!("workers: 2\npools: {{old: {{servers: [\"{old}\"]}}, new: {{servers: [\"{new}\"]}}}}");
    let route = |route: &str| format!("{pools}\nroutes: [{{prefix: \"\", {route}}}]\n");
    let phase = |phase: &str| route(&format!("migrate: {{from: old, to: new, phase: {phase}}}"));
    let leash = Leash::with_config(&route("pool: old"));
    let mut client = leash.client();
    client.expect("set a 5 0 1\r\nx\r\n", "STORED\r\n");
    for skips in [phase("warm"), phase("drain")] {
        leash.configure(skips);
        reload_as(&leash, "refused");
    }
    assert!(leash.log().contains("would skip a phase from before to drain"), "{}", leash.log());
    for next in [phase("prepare"), phase("warm"), phase("drain"), route("pool: new")] {
        reload(&leash, &next);
        client.expect("get a\r\n", "VALUE a 5 1\r\nx\r\nEND\r\n");
        client.expect("touch a 0\r\n", "TOUCHED\r\n");
    }
    assert_eq!(reloads(&leash, "refused"), 2.0);
}
