//! Each trouble as people are told of it.

use super::*;
use crate::admin::model::{
    Downtime, FailedLoad, LostDeletes, Process, Rates, ShownLoader, ShownPool, ShownQueue, ShownQueues, ShownRoute,
    SpoolFailing,
};
use crate::metrics::{LoadOutcome, ServerState, SpoolDrop};

fn server(name: &str, state: ServerState) -> ShownServer {
    ShownServer {
        pool: "main".to_string(),
        name: name.to_string(),
        address: name.to_string(),
        version: None,
        state,
        downtime: None,
        connections: 1,
        in_flight: 0,
        requests: 0.0,
        failures: 0.0,
        reply_time: None,
        spooled: None,
        refused: None,
        spool_failing: None,
        lost: None,
    }
}

fn of(states: &[ServerState]) -> Overview {
    let servers = states.iter().zip(0..).map(|(state, n)| server(&format!("m{n}"), *state)).collect();
    Overview { servers, ..Overview::default() }
}

fn told(overview: &Overview) -> Vec<Trouble> {
    overview.clone().judged().troubles
}

/// Two servers of `main`, the first of them down for five minutes, and one of its gutter.
fn with_a_gutter(gutter: ServerState) -> Overview {
    let mut overview = of(&[ServerState::Down, ServerState::Up]);
    overview.process.unix_time = 1000.0;
    overview.servers[0].downtime = Some(Downtime { since: 700.0, why: "cannot connect".to_string() });
    overview.servers.push(ShownServer { pool: "spare".to_string(), ..server("g0", gutter) });
    let main = ShownPool {
        name: "main".to_string(),
        servers: 2,
        up: 1,
        gutter: Some("spare".to_string()),
        ..ShownPool::default()
    };
    let up = usize::from(gutter == ServerState::Up);
    let spare = ShownPool { name: "spare".to_string(), servers: 1, up, is_gutter: true, ..ShownPool::default() };
    overview.pools = vec![main, spare];
    overview
}

#[test]
fn all_is_well_where_nothing_is_wrong() {
    let well = of(&[ServerState::Up; 3]);
    assert_eq!((told(&well), well.in_brief()), (vec![], "All 3 servers are up".to_string()));
    assert_eq!(of(&[ServerState::Up]).in_brief(), "The server is up");
}

#[test]
fn the_worst_comes_first_and_few_are_named() {
    let mut wrong = of(&[ServerState::Down; 5]);
    wrong.servers.push(server("s", ServerState::Suspect));
    wrong.config.is_refused = true;
    wrong.now = Rates { requests: 100.0, errors: 2.0, ..Rates::default() };
    let told = told(&wrong);
    assert_eq!(wrong.in_brief(), "5 of 6 servers are down");
    assert!(told[0].is_grave && told[0].text.starts_with("Down: m0 (main), m1 (main), m2 (main) and 2 more."));
    assert!(told[1].is_grave && told[1].text.starts_with("2 requests a second"), "{told:?}");
    assert!(!told[2].is_grave && told[2].text.contains("s (main)"), "{told:?}");
    assert!(!told[3].is_grave && told[3].text.contains("reload was refused"), "{told:?}");
}

#[test]
fn deletes_that_are_refused_or_not_on_disk_are_told_with_server_time_and_reason() {
    let mut wrong = of(&[ServerState::Up; 3]);
    wrong.process = Process { unix_time: 1000.0, ..Process::default() };
    (wrong.servers[0].refused, wrong.servers[2].refused) = (Some(2), Some(1));
    let failing = |since, why: &str| Some(SpoolFailing { since, why: why.to_string() });
    wrong.servers[1].spool_failing = failing(700.0, "No space left on device (os error 28)");
    wrong.servers[2].spool_failing = failing(900.0, "something else");
    let told: Vec<String> = told(&wrong).into_iter().map(|trouble| trouble.text).collect();
    assert!(told[0].starts_with("3 deletes refused by m0 (main), m2 (main). Their keys miss"), "{told:?}");
    assert!(told[1].starts_with("The spool's file cannot be written for 5 min: m1 (main), m2 (main)."), "{told:?}");
    assert!(told[1].ends_with("No space left on device (os error 28)"), "{told:?}");
}

#[test]
fn few_errors_and_no_traffic_are_no_trouble() {
    let mut quiet = of(&[ServerState::Up]);
    quiet.now = Rates { requests: 1000.0, errors: 1.0, ..Rates::default() };
    assert_eq!(told(&quiet), []);
    quiet.now = Rates::default();
    assert_eq!(told(&quiet), []);
}

#[test]
fn a_server_that_is_down_says_since_when_and_why() {
    let mut wrong = with_a_gutter(ServerState::Up);
    wrong.pools.clear();
    let told = told(&wrong);
    assert!(told[0].is_grave && told[0].text.starts_with("Down: m0 (main). Reads of their keys miss"), "{told:?}");
    assert_eq!(told[0].details, ["m0 (main): for 5 min, cannot connect"]);
}

#[test]
fn keys_that_a_gutter_serves_do_not_miss() {
    let wrong = with_a_gutter(ServerState::Up).judged();
    let [trouble] = &wrong.troubles[..] else { panic!("{:?}", wrong.troubles) };
    assert_eq!(trouble.text, "Down: m0 (main). A gutter serves their keys, with short TTLs: spare.");
    assert_eq!(
        (wrong.grade(), &trouble.details[..]),
        (Grade::Fair, &["m0 (main): for 5 min, cannot connect".into()][..])
    );
}

#[test]
fn a_gutter_that_is_down_serves_nobody() {
    let told = told(&with_a_gutter(ServerState::Down));
    assert!(told[0].is_grave && told[0].text.contains("m0 (main). Reads of their keys miss"), "{told:?}");
    assert!(told[1].is_grave && told[1].text.contains("g0 (spare), of a gutter. Keys that it takes"), "{told:?}");
}

#[test]
fn a_gutter_that_nobody_needs_may_be_down() {
    let mut wrong = with_a_gutter(ServerState::Down);
    wrong.servers[0] = server("m0", ServerState::Up);
    wrong.pools[0].up = 2;
    let told = told(&wrong);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].is_grave && told[0].text.contains("no server needs at present"), "{told:?}");
}

#[test]
fn a_blackout_is_one_trouble_and_not_one_for_each_server() {
    let mut wrong = of(&[ServerState::Down; 3]);
    wrong.pools = vec![ShownPool { name: "main".to_string(), servers: 3, is_blackout: true, ..ShownPool::default() }];
    let dark = told(&wrong);
    assert_eq!(dark.len(), 1, "{dark:?}");
    assert!(dark[0].is_grave && dark[0].text.contains("the network of this machine? Reads miss; writes"), "{dark:?}");
    wrong.pools[0].gutter = Some("spare".to_string());
    wrong.pools.push(ShownPool {
        name: "spare".to_string(),
        servers: 1,
        up: 1,
        is_gutter: true,
        ..ShownPool::default()
    });
    let text = &told(&wrong)[0].text;
    assert!(text.contains("The gutter spare serves reads; writes and deletes fail"), "{text}");
}

#[test]
fn after_deletes_were_lost_nothing_is_well_until_a_restart() {
    let mut wrong = of(&[ServerState::Up; 2]);
    wrong.process.unix_time = 10_000.0;
    let lost = |count, last, why: &[SpoolDrop]| Some(LostDeletes { count, last, why: why.to_vec() });
    wrong.servers[0].lost = lost(11, 9_700.0, &[SpoolDrop::Full, SpoolDrop::Damaged]);
    wrong.servers[1].lost = lost(1, 9_000.0, &[SpoolDrop::Blackout]);
    let fresh = wrong.clone().judged();
    let [trouble] = &fresh.troubles[..] else { panic!("{:?}", fresh.troubles) };
    assert!(trouble.text.starts_with("12 deletes lost for m0 (main), m1 (main), the last 5 min ago. "), "{trouble:?}");
    let expected = [
        "m0 (main): 11, more waited than spool.max_keys; the spool's file was damaged",
        "m1 (main): 1, all servers of the pool looked down at once",
    ];
    assert_eq!((&trouble.details[..], fresh.grade()), (&expected.map(String::from)[..], Grade::Bad));
    wrong.process.unix_time = 9_700.0 + 3_600.0;
    assert_eq!(wrong.judged().grade(), Grade::Fair, "not as bad as it was, and not good");
}

/// A route with a loader of which these shares of the calls fail.
fn loading(prefix: &str, failed: f64) -> ShownRoute {
    let loads = [(LoadOutcome::Value, 10.0 - failed), (LoadOutcome::Status, failed)].into_iter().collect();
    let failure = (failed > 0.0).then(|| FailedLoad { at: 970.0, why: "status 503".to_string() });
    let loader = ShownLoader { url: "http://app/{key}".to_string(), loads, failure, ..ShownLoader::default() };
    ShownRoute {
        prefix: prefix.to_string(),
        pool: "main".to_string(),
        now: Rates::default(),
        saved: None,
        migration: None,
        loader: Some(loader),
        queues: None,
    }
}

#[test]
fn a_loader_that_fails_is_told_with_address_and_reason_and_is_grave_once_it_is_held_back() {
    let mut wrong = of(&[ServerState::Up]);
    wrong.process.unix_time = 1000.0;
    wrong.routes = vec![loading("page:", 0.0), loading("cart:", 2.0)];
    let [trouble] = &told(&wrong)[..] else { panic!("{:?}", told(&wrong)) };
    assert_eq!(trouble.text, "20.0 % of the calls to the loader of cart: fail.");
    assert_eq!(
        (trouble.is_grave, &trouble.details[..]),
        (false, &["cart: from http://app/{key}: status 503, 30 s ago".to_string()][..])
    );
    wrong.routes[1].loader.as_mut().unwrap().is_held_back = true;
    let [trouble] = &told(&wrong)[..] else { panic!("{:?}", told(&wrong)) };
    assert!(trouble.is_grave && trouble.text.starts_with("The loader of cart: fails and is asked"), "{trouble:?}");
    wrong.routes[0].loader.as_mut().unwrap().is_held_back = true;
    assert!(told(&wrong)[0].text.starts_with("The loaders of page:, cart: fail and are asked"), "{:?}", told(&wrong));
}

#[test]
fn queues_that_nobody_empties_are_told_and_a_disk_that_refuses_is_grave() {
    let mut wrong = of(&[ServerState::Up]);
    let longest = vec![
        ShownQueue { name: "jobs:mail".to_string(), waiting: 7, age: 900.0, ..ShownQueue::default() },
        ShownQueue { name: "jobs:new".to_string(), waiting: 1, age: 5.0, waiters: 1, ..ShownQueue::default() },
    ];
    let queues = ShownQueues { dir: "/q".to_string(), age: 900.0, longest, ..ShownQueues::default() };
    wrong.routes = vec![ShownRoute { loader: None, queues: Some(queues), ..loading("jobs:", 0.0) }];
    let [trouble] = &told(&wrong)[..] else { panic!("{:?}", told(&wrong)) };
    assert_eq!(trouble.text, "The oldest message of the queues of jobs: has waited for 15 min.");
    assert_eq!(trouble.details, ["jobs:mail: 7 messages, the oldest 15 min old, 0 consumers there"]);
    assert!(!trouble.is_grave);
    wrong.routes[0].queues.as_mut().unwrap().is_disk_refusing = true;
    let [trouble] = &told(&wrong)[..] else { panic!("{:?}", told(&wrong)) };
    assert!(trouble.is_grave && trouble.text.starts_with("The disk refuses to work for the queues of jobs:."));
    assert_eq!(trouble.details, ["jobs: in /q"]);
    let queues = wrong.routes[0].queues.as_mut().unwrap();
    (queues.is_disk_refusing, queues.damaged_files, queues.age) = (false, 2, 0.0);
    let [trouble] = &told(&wrong)[..] else { panic!("{:?}", told(&wrong)) };
    assert!(!trouble.is_grave && trouble.text.starts_with("Files of the queues of jobs: were damaged"), "{trouble:?}");
    assert_eq!(trouble.details, ["jobs:: 2 files in /q"]);
}

#[test]
fn a_refused_reload_tells_its_first_problems_and_how_many_more_there_are() {
    let mut wrong = of(&[ServerState::Up]);
    wrong.process.unix_time = 1000.0;
    wrong.config.is_refused = true;
    wrong.config.refused = Some(988.0);
    wrong.config.problems = (1..=5).map(|line| format!("c.yaml:{line}:1: wrong")).collect();
    let told = told(&wrong);
    assert!(told[0].text.starts_with("The last reload was refused 12 s ago, "), "{told:?}");
    let expected =
        ["c.yaml:1:1: wrong", "c.yaml:2:1: wrong", "c.yaml:3:1: wrong", "and 2 more lines, all of them in the log"];
    assert_eq!(told[0].details, expected);
}

#[test]
fn what_waits_for_a_restart_is_named() {
    let mut wrong = of(&[ServerState::Up]);
    wrong.config.needs_restart = true;
    let text = |overview: &Overview| told(overview)[0].text.clone();
    assert!(text(&wrong).contains("waits for a restart of leash: a part of it."), "an older leash does not say what");
    wrong.config.waiting = vec!["workers".to_string(), "listen".to_string()];
    assert!(text(&wrong).contains("waits for a restart of leash: workers, listen."), "{}", text(&wrong));
}
