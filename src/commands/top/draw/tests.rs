//! What the screen shows, as a terminal would: small pictures, hostile names, and all sizes there are.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::style::{Color, Modifier};

use super::*;
use crate::admin::model::{
    Backfills, Busiest, Busy, ConfigState, Downtime, FailedLoad, Migration, Point, Process, Rates, Reads, Saved,
    ShownLoader, ShownPool, ShownRoute, ShownServer, next,
};
use crate::commands::top::answer;
use crate::config::Phase;
use crate::metrics::{LoadOutcome, ServerState};

fn server(name: &str, state: ServerState, requests: f64, failures: f64) -> ShownServer {
    ShownServer {
        pool: "main".to_string(),
        name: name.to_string(),
        address: name.to_string(),
        version: None,
        state,
        downtime: None,
        connections: 2,
        in_flight: 3,
        requests,
        failures,
        reply_time: (requests > 0.0).then_some(0.000_34),
        spooled: None,
        refused: None,
        spool_failing: None,
        lost: None,
    }
}

fn route(prefix: &str) -> ShownRoute {
    let (prefix, pool) = (prefix.to_string(), "main".to_string());
    ShownRoute { prefix, pool, now: Rates::default(), saved: None, migration: None, loader: None, queues: None }
}

fn rates(requests: f64, hit_ratio: f64) -> Rates {
    Rates { requests, hit_ratio: Some(hit_ratio), p99: Some(0.0012), ..Rates::default() }
}

fn healthy() -> Overview {
    let point = |n: u8| Point { ago: f64::from(2 * n), rates: rates(100.0 * f64::from(n), 0.9) };
    Overview {
        process: Process {
            instance: "web-1".to_string(),
            version: "0.1.0".to_string(),
            unix_time: 2000.0,
            uptime: 11_520.0,
            listen: vec!["127.0.0.1:11211".to_string()],
            clients: 4,
            ..Process::default()
        },
        config: ConfigState { loaded: 1280.0, ..ConfigState::default() },
        now: rates(1234.0, 0.984),
        recent: 300.0,
        history: (0..8).map(point).collect(),
        pools: vec![ShownPool { name: "main".to_string(), ..ShownPool::default() }],
        servers: vec![server("m1", ServerState::Up, 900.0, 0.0), server("m0", ServerState::Up, 334.0, 0.0)],
        routes: vec![route("")],
        ..Overview::default()
    }
}

fn with_a_server_down() -> Overview {
    let mut overview = healthy();
    overview.config.is_refused = true;
    overview.now.errors = 12.5;
    overview.now.stale_served = 40.0;
    overview.saved = Saved { stale_served: 3981, waited: 4, winners: 4, expired: 1 };
    overview.routes[0].saved = Some(overview.saved);
    overview.servers.insert(0, server("m2 in the cellar", ServerState::Down, 0.0, 12.5));
    overview.servers[0].spooled = Some(1070);
    overview.servers[0].downtime = Some(Downtime { since: 1700.0, why: "cannot connect".to_string() });
    overview.config.refused = Some(1988.0);
    overview.config.problems = vec!["leash.yaml:3:9: pools.main: unknown key".to_string()];
    overview.judged()
}

fn migrating() -> Overview {
    let mut overview = healthy();
    let reads = Reads { to: 880, from: 120, none: 50 };
    let next = next(Phase::Warm, 240.0, reads, Backfills::default());
    let (from, to) = ("main".to_string(), "spare".to_string());
    let migration =
        Migration { from, to, phase: Phase::Warm, stayed: 240.0, reads, backfills: Backfills::default(), next };
    overview.routes.push(ShownRoute { migration: Some(migration), ..route("cart:") });
    let busy = |name: &str, share| Busy { name: name.to_string(), share, requests: share * 1234.0 };
    overview.busiest = Busiest { names: vec![busy("cart:", 0.6), busy("page:", 0.25)], ..Busiest::default() };
    overview
}

fn loading() -> Overview {
    let mut overview = healthy();
    let loader = |loads: &[(LoadOutcome, f64)]| ShownLoader {
        url: "http://127.0.0.1:8000/cache/{key}".to_string(),
        in_flight: 3,
        most_in_flight: 64,
        loads: loads.iter().copied().collect(),
        p99: Some(0.25),
        ..ShownLoader::default()
    };
    let well =
        ShownLoader { served: 100, called: 1, ..loader(&[(LoadOutcome::Value, 12.0), (LoadOutcome::Absent, 1.0)]) };
    let failure = Some(FailedLoad { at: 1995.0, why: "status 503".to_string() });
    let held = ShownLoader { is_held_back: true, waiting: 2, failure, ..loader(&[(LoadOutcome::Status, 0.5)]) };
    overview.routes.push(ShownRoute { loader: Some(well), ..route("page:") });
    overview.routes.push(ShownRoute { loader: Some(held), ..route("cart:") });
    overview.judged()
}

fn screen(overview: Option<Overview>) -> (Screen, Instant) {
    let now = Instant::now();
    let mut screen = Screen::new(now, "127.0.0.1:11291".to_string(), true);
    if let Some(overview) = overview {
        screen.hear(now, Ok(overview));
    }
    (screen, now)
}

fn drawn(screen: &Screen, now: Instant, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let shown = terminal.draw(|frame| {
        let drawn = draw(screen, now, frame.area());
        frame.buffer_mut().merge(&drawn);
    });
    shown.unwrap();
    terminal.backend().buffer().clone()
}

/// The characters, line by line, without what ends in nothing.
fn seen(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    rows.map(|row| format!("{}\n", row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end())).collect()
}

fn shown(overview: Overview, width: u16, height: u16) -> String {
    let (screen, now) = screen(Some(overview));
    seen(&drawn(&screen, now, width, height))
}

#[test]
fn a_healthy_leash_at_a_glance() {
    let expected = "\
leash 0.1.0  on web-1  up 3 h 12 min  4 clients  configuration loaded 12 min ag…

requests/s         1,234  ▁▃▄▅▅▆▇█
hit ratio         98.4 %  ▇▇▇▇▇▇▇▇
errors/s               0  ▁▁▁▁▁▁▁▁
99 % within       1.2 ms  ████████

2 servers, none is down
server  state  requests/s  failed/s  in flight  reply time
m1      up            900         0          3      340 µs
m0      up            334         0          3      340 µs

q leave   p pause   s sort: worst first   ? help
";
    assert_eq!(shown(healthy(), 80, 13), expected);
    let as_text = text(&healthy());
    assert!(as_text.contains("12 min ago  127.0.0.1:11211\n") && as_text.ends_with("340 µs\n"), "{as_text}");
}

#[test]
fn a_server_that_is_down_and_what_follows_from_it() {
    let expected = "\
leash 0.1.0  on web-1  up 3 h 12 min  4 clients  configuration loaded 12 min ago  127.0.0.1:11211

■ Down: m2 in the cellar (main). Reads of their keys miss, writes fail; all other keys are served.
  m2 in the cellar (main): for 5 min, cannot connect
■ 13 requests a second had no answer, or ended with an error.
▲ The last reload was refused 12 s ago, the configuration before it stays.
  leash.yaml:3:9: pools.main: unknown key

requests/s         1,234  ▁▃▄▅▅▆▇█
hit ratio         98.4 %  ▇▇▇▇▇▇▇▇
errors/s              13  ▁▁▁▁▁▁▁▁
99 % within       1.2 ms  ████████

stale served/s        40  ▁▁▁▁▁▁▁▁
In the last 5 min, 3,985 of 3,989 callers (99.8 %) did not have to regenerate a value.
1 did not come back within the lease

3 servers, 1 down
server            state  requests/s  failed/s  in flight  spooled  reply time  why
m2 in the cellar  down            0        13          3    1,070           -  cannot connect
m1                up            900         0          3               340 µs
m0                up            334         0          3               340 µs

q leave   p pause   s sort: worst first   ? help
";
    assert_eq!(shown(with_a_server_down(), 100, 24), expected);
}

#[test]
fn a_migration_and_what_is_safe_to_do_next() {
    let picture = shown(migrating(), 80, 24);
    let expected = "\
migrations
cart:  main → spare  warm for 4 min  12.0 % of values still from main
Stay in warm for at least five minutes. So far 12.0 % of the values found came
from the old pool.

busiest prefixes
prefix  requests/s   share
cart:          740  60.0 %
page:          309  25.0 %


q leave   p pause   s sort: worst first   ? help
";
    assert!(picture.ends_with(expected), "{picture}");
}

#[test]
fn loaders_the_worst_first_and_why_they_failed() {
    let picture = shown(loading(), 100, 30);
    let expected = "\
loaders
prefix  state      calls/s  failed/s  in flight  waiting  99 % within  calls avoided  last failure
cart:   held back      0.5       0.5          3        2     250.0 ms              -  status 503
page:   answering       13         0          3        0     250.0 ms         99.0 %
";
    assert!(picture.contains(expected), "{picture}");
    let told = "■ The loader of cart: fails and is asked only now and then. Keys without a value miss; ";
    assert!(picture.contains(told), "{picture}");
    assert!(picture.contains("\n  cart: from http://127.0.0.1:8000/cache/{key}: status 503, 5 s ago\n"), "{picture}");
}

#[test]
fn without_an_answer_the_last_figures_stay_and_are_dimmed() {
    let (mut screen, now) = screen(Some(healthy()));
    screen.hear(now, Err("Connection refused (os error 111)".to_string()));
    let buffer = drawn(&screen, now + Duration::from_secs(12), 80, 24);
    let picture = seen(&buffer);
    let said = "no answer from 127.0.0.1:11291 since 12 s: Connection refused (os error 111)\n\nleash 0.1.0 ";
    assert!(picture.starts_with(said) && picture.contains("requests/s         1,234 "), "{picture}");
    let is_dim = |y: u16| buffer[(0, y)].modifier.contains(Modifier::DIM);
    assert!(!is_dim(0) && is_dim(2) && is_dim(4), "the figures are dimmed, the reason is not");
}

#[test]
fn before_the_first_answer_it_says_whom_it_asks() {
    let (mut screen, now) = screen(None);
    assert!(seen(&drawn(&screen, now, 80, 3)).starts_with("asking 127.0.0.1:11291\n"));
    screen.hear(now, Err("no answer within 2s".to_string()));
    let picture = seen(&drawn(&screen, now + Duration::from_secs(3), 41, 4));
    assert!(picture.starts_with("no answer from 127.0.0.1:11291 since 3 s:\nno answer within 2s\n"), "{picture}");
}

#[test]
fn keys_show_in_the_picture() {
    let (mut screen, now) = screen(Some(with_a_server_down()));
    let mut after = |key| {
        screen.press(KeyEvent::from(KeyCode::Char(key)));
        seen(&drawn(&screen, now, 100, 24))
    };
    let first = |picture: String| {
        let head = picture.lines().position(|line| line.starts_with("server "))?;
        picture.lines().nth(head + 1).map(|line| line[..2].to_string())
    };
    assert_eq!(first(after('s')).as_deref(), Some("m0"));
    assert_eq!(first(after('s')).as_deref(), Some("m1"));
    assert!(after('p').contains("PAUSED"));
    let help = after('?');
    assert!(help.starts_with("q, Esc, Ctrl-C  leave\n") && help.contains("\nsuspect: "), "{help}");
}

#[test]
fn little_room_shows_the_beginning_of_everything() {
    let mut overview = migrating();
    overview.servers = (0..64).map(|n| server(&format!("m{n}"), ServerState::Up, 1.0, 0.0)).collect();
    let picture = shown(overview, 80, 24);
    for essential in
        ["leash 0.1.0", "99 % within", "64 servers, none is down", "\nand 57 more\n", "warm for", "cart:  ", "q leave"]
    {
        assert!(picture.contains(essential), "{essential} is not in\n{picture}");
    }
}

#[test]
fn without_colours_no_word_is_lost() {
    let (mut screen, now) = screen(Some(with_a_server_down()));
    let coloured = drawn(&screen, now, 80, 24);
    screen.is_coloured = false;
    let plain = drawn(&screen, now, 80, 24);
    assert_eq!(seen(&plain), seen(&coloured));
    let colours = |buffer: &Buffer| buffer.content.iter().filter(|cell| cell.fg != Color::Reset).count();
    assert!(colours(&plain) == 0 && colours(&coloured) > 0);
}

/// An overview whose every name is this one, as the admin address would say it.
fn named(name: &str) -> String {
    let mut overview = migrating();
    overview.process.version = name.to_string();
    overview.process.listen = vec![name.to_string()];
    overview.pools = vec![ShownPool { name: name.to_string(), ..ShownPool::default() }, ShownPool::default()];
    overview.servers = vec![ShownServer { pool: name.to_string(), ..server(name, ServerState::Up, 1.0, 1.0) }];
    overview.routes[1].prefix = name.to_string();
    overview.routes[1].migration.as_mut().unwrap().from = name.to_string();
    overview.busiest.names[0].name = name.to_string();
    overview.process.instance = name.to_string();
    let failure = Some(FailedLoad { at: 1.0, why: name.to_string() });
    overview.routes[0].loader = Some(ShownLoader { url: name.to_string(), failure, ..ShownLoader::default() });
    overview.servers[0].downtime = Some(Downtime { since: 1.0, why: name.to_string() });
    overview.config.is_refused = true;
    overview.config.problems = vec![name.to_string()];
    let overview = overview.judged();
    serde_json::to_string(&overview).unwrap()
}

fn obeys(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn a_hostile_name_is_shown_and_does_nothing() {
    let overview = answer::read(&named("\x1b[2J\x1b]0;x\x07\r\n日本")).unwrap();
    assert!(!obeys(&text(&overview)), "{:?}", text(&overview));
    let picture = shown(overview, 120, 40);
    assert!(!obeys(&picture) && picture.contains(r"\u{1b}[2J\u{1b}]0;x\u{7}\r\n"), "{picture}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_fits_into_any_size_and_none_is_obeyed(name in any::<String>(), width in 1u16..=300, height in 1u16..=100) {
        let overview = answer::read(&named(&name)).unwrap();
        prop_assert!(!obeys(&text(&overview)));
        let (mut screen, now) = screen(Some(overview));
        prop_assert!(!obeys(&seen(&drawn(&screen, now, width, height))));
        screen.hear(now, Err(name));
        screen.press(KeyEvent::from(KeyCode::Char('p')));
        prop_assert!(!obeys(&seen(&drawn(&screen, now, width, height))));
    }
}

#[test]
fn every_small_size_is_drawn() {
    let (screen, now) = screen(Some(with_a_server_down()));
    let small = (0..=40).flat_map(|width| (0..=30).map(move |height| (width, height)));
    for (width, height) in small.chain([(300, 100)]) {
        let area = Rect::new(0, 0, width, height);
        assert_eq!(draw(&screen, now, area).area, area);
    }
}
