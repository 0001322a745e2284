//! All of it at once, and the configuration changes meanwhile: servers that are killed, lie and drip, clients that
//! flood and leave, a reload every moment.

use std::time::{Duration, Instant};

use support::figures::{metric, reaches};
use support::memcached::signal;
use support::rig::{Flood, Keys, Lie, Load, Outcome, Pace, Paced, Reading, Trouble};
use support::{BOUND, Leash, Memcached, Random, pause, wait_until};

use super::house::{alone, is_long};

const TIME: Duration = Duration::from_secs(6);
/// Between two things that happen.
const PACE: Duration = Duration::from_millis(250);

/// In two shapes that take turns: routes come and go, deadlines change.
fn config(servers: &[String], turn: usize) -> String {
    let list: Vec<String> =
        servers.iter().enumerate().map(|(n, at)| format!("{{name: m{n}, address: '{at}'}}")).collect();
    let timeout = [300, 250][turn % 2];
    let route = ["", ", {prefix: 'other:', pool: main}"][turn % 2];
    format!(
        "workers: 2\npools: {{main: {{servers: [{}], request_timeout: {timeout}ms}}}}\n\
         routes: [{{prefix: '', pool: main}}{route}]\nspool: {{max_keys: 1000}}\n",
        list.join(", ")
    )
}

#[test]
fn reloads_in_the_middle_of_every_trouble_mix_up_nothing() {
    let _alone = alone();
    let mut servers = Memcached::start_many(3);
    let ways: Vec<Paced> = servers[..2].iter().map(|server| Paced::before(server, Pace::default())).collect();
    let addresses = [ways[0].address(), ways[1].address(), servers[2].address()];
    let leash = Leash::with_config(&config(&addresses, 0));
    let keys = Keys::new("mixed", 300, 400);
    keys.fill_through(&mut leash.client());
    let load = Load::closed(leash.address(), 32, keys.clone(), Duration::from_millis(2));
    let well = Load::closed(leash.address(), 8, keys.of_server(&leash, "m1"), Duration::from_millis(2));
    let floods = ["version\r\n", "junk\r\n", "get mixed1 mixed2 mixed3\r\n"]
        .map(|words| Flood::start(leash.address(), 1, words.repeat(1000), Reading::All));
    let unread = Flood::start(leash.address(), 5, keys.gets(), Reading::Nothing);
    let (mut random, end) = (Random::new(7), Instant::now() + if is_long() { 10 * TIME } else { TIME });
    let troubles = [
        Trouble::Frozen,
        Trouble::Vanished,
        Trouble::Drips(Duration::from_millis(100)),
        Trouble::Cut(777),
        Trouble::Reset(50),
        Trouble::Lies(Lie::Garbage),
        Trouble::Lies(Lie::WrongTokens),
        Trouble::Lies(Lie::ExtraReplies),
        Trouble::None,
    ];
    for turn in 1.. {
        if Instant::now() > end {
            break;
        }
        ways[0].suffers(troubles[random.below(troubles.len())]);
        leash.configure(config(&addresses, turn));
        signal(leash.pid(), "HUP");
        pause(PACE);
        if turn % 3 == 0 {
            servers[2].kill();
            pause(PACE);
            servers[2].restart();
        }
    }
    ways[0].suffers(Trouble::None);
    let mut client = leash.client();
    wait_until("all servers are used again", 2 * BOUND, || {
        (0..50).all(|n| client.ask(format!("set after{n} 0 0 1\r\nx\r\n")) == "STORED")
    });
    let (load, well) = (load.stop(), well.stop());
    drop((floods, unread));
    load.has_nothing_foreign();
    well.has_nothing_foreign();
    println!(
        "{} hits, {} misses, errors {:?}; of the server that is well {} hits, {} misses; {} reloads",
        load.count(Outcome::Hit),
        load.count(Outcome::Miss),
        load.errors,
        well.count(Outcome::Hit),
        well.count(Outcome::Miss),
        metric(&leash, "leash_config_reloads_total", "")
    );
    assert!(metric(&leash, "leash_config_reloads_total", "outcome=\"ok\"") > 5.0);
    assert_eq!(load.count(Outcome::Lost) + well.count(Outcome::Lost), 0, "clients were hung up on");
    assert_eq!(metric(&leash, "leash_upstream_desync_total", "server=\"m1\""), 0.0);
    reaches(&leash, "leash_upstream_in_flight", "", 0.0);
}
