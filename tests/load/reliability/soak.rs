//! An ordinary bad day: 512 clients at three quarters of the most this machine gives, one value in twenty large, one
//! server of three that flaps, a reload every few seconds. Ten minutes in the long form.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::memcached::signal;
use support::rig::{Background, Resident};
use support::{Client, Leash, Memcached, Waits, pause};

use super::house::{alone, is_long};
use super::owner::{Owner, Seen, keys_of};

const OWNERS: usize = 512;
/// Each of the states of the server that flaps.
const FLAP: Duration = Duration::from_millis(1000);

/// A thread that is this late says that no process ran in time.
const STALL: Duration = Duration::from_millis(200);

/// How long it takes, and after what a reload comes.
fn times() -> (Duration, Duration) {
    match is_long() {
        true => (Duration::from_secs(600), Duration::from_secs(10)),
        false => (Duration::from_secs(8), Duration::from_secs(2)),
    }
}

fn config(servers: &[Memcached], turn: usize) -> String {
    let list: Vec<String> = (servers.iter().enumerate())
        .map(|(n, server)| format!("{{name: m{n}, address: '{}'}}", server.address()))
        .collect();
    let (failures, route) = [(3, ""), (4, ", {prefix: 'other:', pool: main}")][turn % 2];
    format!(
        "workers: 2\npools: {{main: {{servers: [{}], request_timeout: 1s, failures: {failures}}}}}\n\
         routes: [{{prefix: '', pool: main}}{route}]\nlimits: {{memory: 128MiB}}\n",
        list.join(", ")
    )
}

/// The keys that are of this server.
fn shaky(leash: &Leash, server: &Memcached) -> Arc<BTreeSet<String>> {
    let keys: Vec<String> = (0..OWNERS).flat_map(keys_of).collect();
    let (mut through, mut direct) = (leash.client(), Client::connect(&server.address()));
    let mut found = BTreeSet::new();
    for keys in keys.chunks(500) {
        through.send(keys.iter().map(|key| format!("set {key} 0 0 0\r\n\r\n")).collect::<String>());
        through.expect("", "STORED\r\n".repeat(keys.len()));
        direct.send(keys.iter().map(|key| format!("get {key}\r\n")).collect::<String>());
        for key in keys {
            if direct.read_get(key).expect("an answer").is_some() {
                found.insert(key.clone());
            }
        }
        through.send(keys.iter().map(|key| format!("delete {key}\r\n")).collect::<String>());
        through.expect("", "DELETED\r\n".repeat(keys.len()));
    }
    assert!(found.len() > keys.len() / 6 && found.len() < keys.len() / 2, "{} of {}", found.len(), keys.len());
    Arc::new(found)
}

/// All owners, together so many requests a second or as many as they can.
fn owners(leash: &Leash, shaky: &Arc<BTreeSet<String>>, per_second: Option<f64>) -> Background<Seen> {
    let (address, shaky) = (leash.address().to_string(), shaky.clone());
    let every = per_second.map(|all| Duration::from_secs_f64(OWNERS as f64 / all));
    Background::start(move |over| async move {
        let seen = Rc::new(RefCell::new(Seen::default()));
        for number in 0..OWNERS {
            let owner = Owner::new(number, shaky.clone(), seen.clone());
            tokio::task::spawn_local(owner.lives(address.clone(), every));
        }
        let _ = over.await;
        std::mem::take(&mut *seen.borrow_mut())
    })
}

/// Kills, brings back, freezes and thaws one server in turn and reloads now and then; what leash held meanwhile.
fn trouble(leash: &Leash, servers: &mut [Memcached]) -> Vec<u64> {
    let (time, every) = times();
    let (begun, mut turn, mut held) = (Instant::now(), 0, Vec::new());
    let mut step = 0;
    while begun.elapsed() < time {
        match step % 6 {
            0 => servers[0].kill(),
            1 => servers[0].restart(),
            3 => servers[0].freeze(),
            4 => servers[0].thaw(),
            _ => {}
        }
        step += 1;
        if begun.elapsed() > every * (turn + 1) {
            turn += 1;
            leash.configure(config(servers, turn as usize));
            signal(leash.pid(), "HUP");
        }
        held.push(Resident::of(leash.pid()).now);
        pause(FLAP);
    }
    servers[0].restart();
    held
}

/// Does this, and tells when the machine stood still meanwhile: a thread that does nothing but sleep slept far too
/// long.
fn watching_the_machine<T>(does: impl FnOnce() -> T) -> (T, Vec<Range<Instant>>) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut stalls = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                pause(Duration::from_millis(1));
                if begun.elapsed() >= STALL {
                    stalls.push(begun..Instant::now());
                }
            }
            stalls
        });
        let what = does();
        is_over.store(true, Ordering::Relaxed);
        (what, watch.join().expect("the watch"))
    })
}

#[test]
fn a_long_bad_day_mixes_up_nothing_harms_no_key_of_a_server_that_is_well_and_needs_no_more_memory() {
    let _alone = alone();
    let mut servers: Vec<Memcached> = (0..3).map(|_| Memcached::start_with(&["-m", "512"])).collect();
    let leash = Leash::with_config(&config(&servers, 0));
    let shaky = shaky(&leash, &servers[0]);
    let load = owners(&leash, &shaky, None);
    let (begun, time) = (Instant::now(), times().0 / 5);
    pause(time.min(Duration::from_secs(10)));
    let most = load.stop().asked as f64 / begun.elapsed().as_secs_f64();
    // Nobody knows any more what these have stored.
    servers.iter_mut().for_each(Memcached::restart);
    support::wait_until("all servers are used", support::BOUND, || {
        let mut client = leash.client();
        (0..50).all(|n| client.ask(format!("set before{n} 0 0 1\r\nx\r\n")) == "STORED")
    });
    let load = owners(&leash, &shaky, Some(0.75 * most));
    let begun = Instant::now();
    let (held, stalls) = watching_the_machine(|| trouble(&leash, &mut servers));
    let lasted = begun.elapsed();
    let seen = load.stop();
    let desyncs = metric(&leash, "leash_upstream_desync_total", "");
    let reloads = metric(&leash, "leash_config_reloads_total", "outcome=\"ok\"");
    println!(
        "{lasted:.0?} at {:.0}/s, 3/4 of {most:.0}/s: {} hits, {} large values, {} wrong, {desyncs} desync, {reloads} reloads",
        seen.asked as f64 / lasted.as_secs_f64(),
        seen.hits,
        seen.large,
        seen.wrong.len()
    );
    println!("  of the server that flaps: {} refused, {} missed", seen.refused, seen.missed);
    let (excused, harmed): (Vec<_>, Vec<_>) =
        seen.harmed.iter().partition(|harm| stalls.iter().any(|stall| harm.met(stall)));
    println!("  of the others: {} harmed; gets {}", harmed.len(), Waits::of(seen.waits.iter().copied()));
    println!("  while the whole machine stood still, {} times: {} harmed", stalls.len(), excused.len());
    let thirds: Vec<u64> = held.chunks(held.len().div_ceil(3)).map(|third| *third.iter().max().unwrap()).collect();
    println!("  resident, the most in each third: {:?} MiB", thirds.iter().map(|held| held >> 20).collect::<Vec<_>>());
    assert!(seen.wrong.is_empty(), "{:?}", &seen.wrong[..seen.wrong.len().min(20)]);
    assert_eq!(desyncs, 0.0);
    assert!(
        harmed.is_empty(),
        "{}: {:?}",
        harmed.len(),
        harmed.iter().map(|harm| &harm.what).take(20).collect::<Vec<_>>()
    );
    assert!(seen.hits > 1000 && reloads >= 2.0, "nothing was tested");
    let (middle, last) = (thirds[1], thirds[2]);
    assert!(last <= middle + middle / 10 + (8 << 20), "it grows: {thirds:?}");
}
