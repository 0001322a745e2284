//! `/status`: what the status page and `leash top` are made from, as a reader of the admin address sees it.

use std::time::Duration;

use leash::admin::model::{Grade, Overview, ShownServer};
use leash::config::Phase;
use leash::metrics::{LoadOutcome, ServerState, SpoolDrop};
use support::memcached::signal;
use support::{Client, Leash, Memcached, Origin, wait_until};

/// Figures come in steps of two seconds, and machines may be slow.
const BOUND: Duration = Duration::from_secs(60);

fn overview(leash: &Leash) -> Overview {
    serde_json::from_str(&leash.page("/status")).expect("/status is what the model says")
}

/// Waits until the overview is like this, and keeps asking for something meanwhile.
#[track_caller]
fn wait_for(leash: &Leash, what: &str, mut ask: impl FnMut(), is_so: impl Fn(&Overview) -> bool) -> Overview {
    let mut seen = overview(leash);
    wait_until(what, BOUND, || {
        ask();
        seen = overview(leash);
        is_so(&seen)
    });
    seen
}

fn read_all(client: &mut Client) {
    for key in 0..20 {
        client.get(&format!("page:{key}")).expect("an answer, hit or miss");
    }
}

#[test]
fn traffic_shows_in_rates_history_and_routes() {
    let leash = Leash::embedded();
    let mut client = leash.client();
    client.expect("set page:1 0 0 1\r\nx\r\n", "STORED\r\n");
    let seen = wait_for(&leash, "rates are told", || read_all(&mut client), |seen| seen.now.requests > 0.0);
    assert!(seen.now.hit_ratio.is_some_and(|hits| hits > 0.0 && hits < 0.5), "one of twenty: {seen:?}");
    assert!(seen.now.p99.is_some_and(|p99| p99 > 0.0) && seen.now.errors == 0.0, "{seen:?}");
    let busiest = seen.history.iter().map(|point| point.rates.requests).fold(0.0, f64::max);
    assert!(busiest > 0.0 && seen.recent > 0.0, "{seen:?}");
    assert_eq!((seen.routes[0].name(), &*seen.routes[0].pool), ("everything else", "main"));
    assert!(seen.routes[0].now.requests > 0.0 && seen.process.clients == 1, "{seen:?}");
    assert_eq!((seen.pools[0].servers, seen.pools[0].up), (1, 1));
}

#[test]
fn the_version_of_each_server_is_told_once_it_was_connected_to() {
    let servers = [Memcached::start()];
    let leash = Leash::with_servers(&servers);
    assert_eq!(overview(&leash).servers[0].version, None, "nothing was asked yet");
    leash.client().expect("get k\r\n", "END\r\n");
    let said = Client::connect(&servers[0].address()).ask("version\r\n");
    let version = said.trim_end().strip_prefix("VERSION ").expect("a version");
    assert_eq!(overview(&leash).servers[0].version.as_deref(), Some(version));
    let metrics = leash.page("/metrics");
    let info =
        format!("leash_server_info{{pool=\"main\",server=\"{}\",version=\"{version}\"}} 1", servers[0].address());
    assert!(metrics.lines().any(|line| line == info), "{metrics}");
    assert!(leash.page("/").contains(&format!("memcached {version}")));
    let mut client = leash.client();
    client.send("stats servers\r\n");
    let told = format!("STAT {}:version {version}\r\n", servers[0].address());
    wait_until("stats tell it", BOUND, || String::from_utf8_lossy(&client.read_line().unwrap()).as_ref() == told);
}

#[test]
fn a_server_that_dies_is_told_first_and_comes_back() {
    let mut servers = Memcached::start_many(3);
    let leash = Leash::with_servers(&servers);
    let mut client = leash.client();
    let victim = servers[2].address();
    servers[2].kill();
    let state_of = |seen: &Overview, name: &str| {
        seen.servers.iter().find(|server| server.name == name).map(|server: &ShownServer| server.state)
    };
    let seen = wait_for(&leash, "it is down", || read_all(&mut client), |seen| !seen.servers[0].is_asked());
    assert_eq!(seen.servers[0].name, victim);
    assert_eq!((seen.pools[0].servers, seen.pools[0].up), (3, 2));
    servers[2].restart();
    let is_up = |seen: &Overview| state_of(seen, &victim) == Some(ServerState::Up) && seen.pools[0].up == 3;
    wait_for(&leash, "it is up again", || read_all(&mut client), is_up);
}

#[test]
fn what_refreshing_saves_is_counted() {
    let servers = Memcached::start_many(1);
    let leash = Leash::refreshing(&servers, "{grace: 1000s}");
    let mut client = leash.client();
    client.expect("set page:1 0 1 3\r\nold\r\n", "STORED\r\n");
    let is_stale = |client: &mut Client| client.get("page:1").unwrap().is_none();
    wait_until("the value is stale and this caller wins", BOUND, || is_stale(&mut client));
    (0..30).for_each(|_| assert_eq!(client.get("page:1").unwrap().as_deref(), Some(&b"old"[..])));
    let seen = wait_for(&leash, "the savings are told", || {}, |seen| seen.saved.stale_served >= 30);
    assert_eq!((seen.saved.winners, seen.saved_in_all.avoided()), (1, 30));
    assert!(seen.routes[0].saved.is_some_and(|saved| saved.share() > Some(0.9)), "{seen:?}");
}

#[test]
fn a_migration_tells_its_phase_and_survives_the_reload_to_the_next_one() {
    let servers = Memcached::start_many(2);
    let yaml = |phase: &str| {
        let [old, new] = [servers[0].address(), servers[1].address()];
        format!(
            "workers: 1\npools: {{old: {{servers: ['{old}']}}, new: {{servers: ['{new}']}}}}\n\
             routes: [{{prefix: '', migrate: {{from: old, to: new, phase: {phase}}}}}]\n"
        )
    };
    Client::connect(&servers[0].address()).expect("set page:1 0 0 1\r\nx\r\n", "STORED\r\n");
    let leash = Leash::with_config(&yaml("prepare"));
    let mut client = leash.client();
    let read = |seen: &Overview| seen.history.iter().any(|point| point.rates.requests > 0.0);
    let seen = wait_for(&leash, "there is a history", || read_all(&mut client), read);
    let migration = seen.routes[0].migration.as_ref().expect("it migrates");
    assert_eq!((&*migration.from, &*migration.to), ("old", "new"));
    assert!(migration.next.may_go_on && migration.next.sentence.contains("prepare"), "{migration:?}");
    leash.configure(yaml("warm"));
    signal(leash.pid(), "HUP");
    let seen = wait_for(
        &leash,
        "it is in warm and reads",
        || read_all(&mut client),
        |seen| seen.routes[0].migration.as_ref().is_some_and(|m| m.phase == Phase::Warm && m.reads.to > 0),
    );
    assert!(read(&seen), "the history is still there");
}

#[test]
fn prefixes_are_shown_and_keys_only_where_the_configuration_allows_it() {
    let yaml = |show_keys: bool| {
        format!("workers: 2\nadmin: {{show_keys: {show_keys}}}\npools: {{main: {{servers: [embedded]}}}}\n")
    };
    let leash = Leash::with_config(&yaml(false));
    let mut clients = [leash.client(), leash.client()];
    let mut ask = || {
        clients.iter_mut().for_each(read_all);
        clients[0].get("secret:token").expect("a miss");
    };
    let seen = wait_for(&leash, "the prefix is told", &mut ask, |seen| !seen.busiest.names.is_empty());
    let [page] = &seen.busiest.names[..] else { panic!("only one prefix is shared: {:?}", seen.busiest) };
    assert_eq!((&*page.name, seen.busiest.are_keys), ("page:", false));
    assert!(page.share > 0.8 && page.requests > 0.0 && seen.busiest.sampled >= 5, "{:?}", seen.busiest);
    leash.configure(yaml(true));
    signal(leash.pid(), "HUP");
    let seen = wait_for(&leash, "keys are told", &mut ask, |seen| seen.busiest.are_keys);
    assert!(seen.busiest.names.iter().any(|busy| busy.name == "secret:token" || busy.name == "page:7"), "{seen:?}");
    assert!(seen.busiest.names.len() <= 20, "{:?}", seen.busiest);
}

/// A leash with one server in a pool that no blackout hides, and whatever else `pool` and `more` say.
fn with_one_server(server: &Memcached, pool: &str, more: &str) -> Leash {
    let address = server.address();
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: ['{address}'], failures: 1{pool}}}}}\n{more}\n"))
}

#[test]
fn it_names_itself() {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let seen = overview(&Leash::embedded());
    assert_eq!(seen.process.instance, name.trim());
    assert_eq!((seen.grade(), &seen.troubles[..]), (Grade::Good, &[][..]));
}

#[test]
fn a_server_that_is_down_says_since_when_and_why_also_after_a_reload() {
    let mut server = Memcached::start();
    let leash = with_one_server(&server, "", "");
    let mut client = leash.client();
    server.kill();
    let seen = wait_for(&leash, "it is down", || read_all(&mut client), |seen| seen.servers[0].downtime.is_some());
    let down = seen.servers[0].downtime.clone().expect("it is down");
    assert!(["cannot connect", "connection lost"].contains(&&*down.why), "{down:?}");
    let ago = seen.process.unix_time - down.since;
    assert!((0.0..BOUND.as_secs_f64()).contains(&ago), "{ago} s");
    let [trouble] = &seen.troubles[..1] else { panic!("no trouble: {seen:?}") };
    assert!(trouble.is_grave && trouble.text.contains("Reads of their keys miss"), "{trouble:?}");
    assert!(trouble.details[0].contains(&down.why), "{trouble:?}");
    let address = server.address();
    leash.configure(format!("workers: 1\npools: {{main: {{servers: ['{address}'], failures: 2}}}}\n"));
    signal(leash.pid(), "HUP");
    let seen = wait_for(&leash, "it is reloaded", || {}, |seen| seen.config.loaded > down.since);
    let after = seen.servers[0].downtime.clone().expect("it is still down");
    assert!((after.since - down.since).abs() < 1.0, "{down:?} became {after:?}");
    server.restart();
    wait_for(&leash, "it is up", || read_all(&mut client), |seen| seen.servers[0].downtime.is_none());
}

#[test]
fn keys_that_a_gutter_serves_are_not_told_to_miss() {
    let mut server = Memcached::start();
    let leash = with_one_server(&server, ", on_down: {gutter: {pool: embedded}}", "");
    let mut client = leash.client();
    let seen = overview(&leash);
    let gutter = seen.pools.iter().find(|pool| pool.is_gutter).expect("the gutter is a pool");
    assert_eq!((seen.pools[0].gutter.as_ref(), seen.grade()), (Some(&gutter.name), Grade::Good));
    server.kill();
    let seen = wait_for(&leash, "it is down", || read_all(&mut client), |seen| !seen.servers[0].is_asked());
    client.expect("set page:1 0 5 1\r\nx\r\n", "STORED\r\n");
    assert_eq!(client.get("page:1").unwrap().as_deref(), Some(&b"x"[..]));
    let trouble = seen.troubles.iter().find(|trouble| trouble.text.starts_with("Down: ")).expect("it is told");
    assert!(!trouble.is_grave && trouble.text.contains("A gutter serves their keys"), "{trouble:?}");
    assert!(seen.troubles.iter().all(|trouble| !trouble.text.contains("miss")), "{:?}", seen.troubles);
}

#[test]
fn after_a_delete_was_lost_nothing_is_green_though_its_server_is_back() {
    let mut server = Memcached::start();
    let leash = with_one_server(&server, "", "spool: {max_keys: 1}");
    let mut client = leash.client();
    server.kill();
    wait_for(&leash, "it is down", || read_all(&mut client), |seen| !seen.servers[0].is_asked());
    client.expect("delete page:1\r\n", "NOT_FOUND\r\n");
    assert!(client.ask("delete page:2\r\n").starts_with("SERVER_ERROR "));
    let seen = overview(&leash);
    let lost = seen.servers[0].lost.as_ref().expect("one is lost");
    assert_eq!((lost.count, &lost.why[..], seen.grade()), (1, &[SpoolDrop::Full][..], Grade::Bad));
    server.restart();
    let is_up = |seen: &Overview| seen.servers[0].state == ServerState::Up && seen.now.errors == 0.0;
    let seen = wait_for(&leash, "all servers are up", || read_all(&mut client), is_up);
    let [trouble] = &seen.troubles[..] else { panic!("one trouble: {:?}", seen.troubles) };
    assert!(trouble.text.starts_with(&format!("1 delete lost for {} (main)", server.address())), "{trouble:?}");
    assert!(trouble.details[0].ends_with("1, more waited than spool.max_keys"), "{trouble:?}");
    assert_eq!(seen.grade(), Grade::Bad);
}

#[test]
fn a_blackout_is_told_as_one() {
    let mut servers = Memcached::start_many(2);
    let leash = Leash::with_servers(&servers);
    let mut client = leash.client();
    servers.iter_mut().for_each(Memcached::kill);
    let seen = wait_for(&leash, "all look down", || read_all(&mut client), |seen| seen.pools[0].is_blackout);
    let of_servers: Vec<_> = seen.troubles.iter().filter(|trouble| !trouble.details.is_empty()).collect();
    let [trouble] = &of_servers[..] else { panic!("{:?}", seen.troubles) };
    assert!(trouble.is_grave && trouble.text.starts_with("All servers of main look down at once"), "{trouble:?}");
    assert_eq!(trouble.details.len(), 2, "{trouble:?}");
}

#[test]
fn a_refused_reload_and_what_waits_for_a_restart_are_told_in_full() {
    let leash = Leash::with_config("workers: 1\npools: {main: {servers: [embedded]}}\n");
    leash.configure("workers: 1\npools: {main: {servers: [embedded], wieght: 3}}\n");
    signal(leash.pid(), "HUP");
    let seen = wait_for(&leash, "it is refused", || {}, |seen| seen.config.is_refused);
    assert!(seen.config.problems[0].contains("wieght"), "{:?}", seen.config);
    assert_eq!((&seen.troubles[0].details, seen.grade()), (&seen.config.problems, Grade::Fair));
    leash.configure("workers: 2\npools: {main: {servers: [embedded]}}\n");
    signal(leash.pid(), "HUP");
    let seen = wait_for(&leash, "it waits", || {}, |seen| seen.config.needs_restart && !seen.config.is_refused);
    assert_eq!((&seen.config.waiting[..], seen.config.problems.len()), (&["workers".to_string()][..], 0));
    assert!(seen.troubles[0].text.contains("waits for a restart of leash: workers."), "{:?}", seen.troubles);
}

#[test]
fn a_loader_tells_how_it_fares_and_keeps_its_secrets() {
    let mut origin = Origin::start("self.say(404 if path == '/page:none' else 200, b'made')");
    let url = origin.url("/{key}?token=cobblestone");
    let yaml = format!(
        "pools: {{main: {{servers: [embedded]}}}}
routes: [{{prefix: '', pool: main, loader: {{url: '{url}', headers: {{authorization: 'Bearer cobblestone'}}}}}}]
"
    );
    let leash = Leash::with_config(&yaml);
    let mut client = leash.client();
    let loader = |seen: &Overview| seen.routes[0].loader.clone().expect("a loader");
    let mut key = 0;
    let mut ask = || {
        key += 1;
        client.ask(format!("get page:{key}\r\n"));
    };
    let seen = wait_for(&leash, "calls are told", &mut ask, |seen| loader(seen).calls() > 0.0 && seen.saved.waited > 0);
    let fares = loader(&seen);
    assert!(fares.loads[&LoadOutcome::Value] > 0.0 && fares.failed() == 0.0 && fares.p99 > Some(0.0), "{fares:?}");
    assert_eq!((fares.most_in_flight, fares.waiting, &fares.failure, fares.is_held_back), (64, 0, &None, false));
    assert_eq!((fares.state(), seen.grade()), ((Grade::Good, "answering"), Grade::Good));
    assert_eq!(fares.headers, ["authorization: (hidden)"]);
    assert!(fares.called > 0 && fares.avoided() < Some(0.5), "each key was asked for once: {fares:?}");
    assert!(seen.saved.share() > Some(0.9), "no caller was told to regenerate: {:?}", seen.saved);

    origin.kill();
    let seen = wait_for(&leash, "it is held back", &mut ask, |seen| loader(seen).is_held_back);
    let failure = loader(&seen).failure.expect("the last failure");
    assert!(failure.at > 0.0 && failure.at <= seen.process.unix_time, "{seen:?}");
    assert_eq!((failure.why.as_str(), seen.grade()), ("no connection", Grade::Bad));
    assert!(seen.troubles[0].text.starts_with("The loader of everything else fails"), "{:?}", seen.troubles);
    for page in ["/status", "/", "/config", "/metrics"] {
        assert!(!leash.page(page).contains("Bearer"), "{page} tells the secret");
    }
}
