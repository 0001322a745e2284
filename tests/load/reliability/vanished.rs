//! Peers that are gone without a word: servers that fall silent, clients that stop reading, send half, or send nothing.

use std::io::Write;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::rig::{Beside, Flood, Keys, Load, Outcome, Pace, Paced, Reading, Resident, Trouble};
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::house::{alone, go_on, is_long, promised};

/// The pool's `request_timeout`.
const DEADLINE: Duration = Duration::from_millis(300);
const MEMORY: u64 = 64 << 20;

fn leash_before(server: &str, limits: &str) -> Leash {
    let pool = format!("{{servers: ['{server}'], request_timeout: {}ms}}", DEADLINE.as_millis());
    Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\nlimits: {{{limits}}}\n"))
}

#[test]
fn a_server_that_vanishes_is_down_in_time_and_used_again_when_it_is_back() {
    let _alone = alone();
    let server = Memcached::start();
    let (keys, paced) = (Keys::new("gone", 100, 100), Paced::before(&server, Pace::default()));
    keys.fill(&server);
    let leash = leash_before(&paced.address(), "");
    for trouble in [Trouble::Vanished, Trouble::Frozen] {
        let load = Load::closed(leash.address(), 16, keys.clone(), Duration::from_millis(5));
        wait_until("it serves", BOUND, || metric(&leash, "leash_server_up", "") == 1.0);
        pause(Duration::from_millis(200));
        paced.suffers(trouble);
        let begun = Instant::now();
        wait_until("it is down", BOUND, || metric(&leash, "leash_server_up", "") == 0.0);
        let down = begun.elapsed();
        go_on(Duration::from_millis(500));
        paced.suffers(Trouble::None);
        let begun = Instant::now();
        wait_until("it is up", BOUND, || metric(&leash, "leash_server_up", "") == 1.0);
        let (up, tally) = (begun.elapsed(), load.stop());
        tally.has_nothing_foreign();
        let latest = tally.longest();
        println!(
            "{trouble:?}: down after {down:.1?}, up {up:.1?} after its return, the latest answer after {latest:.1?}"
        );
        assert!(down < 3 * DEADLINE + promised(Duration::from_millis(100), Duration::from_millis(500)), "{down:?}");
        assert!(latest < DEADLINE + promised(Duration::from_millis(50), Duration::from_millis(500)), "{latest:?}");
        assert_eq!(tally.count(Outcome::Lost), 0);
    }
}

#[test]
fn clients_that_stop_reading_harm_nobody_and_hold_no_more_than_they_may() {
    let _alone = alone();
    let server = Memcached::start();
    let keys = Keys::new("unread", 20, 1_000_000);
    keys.fill(&server);
    let leash = leash_before(&server.address(), &format!("memory: {MEMORY}"));
    let beside = Beside::start();
    let ((), quiet) = beside.feels(&leash, || pause(Duration::from_millis(700)));
    let base = Resident::of(leash.pid());
    Resident::forget_peak(leash.pid());
    let judge = |_| {
        let ((), felt) = beside.feels(&leash, || {
            let flood = Flood::start(leash.address(), 150, keys.gets(), Reading::Nothing);
            go_on(Duration::from_secs(3));
            drop(flood);
        });
        let held = Resident::of(leash.pid());
        println!("150 clients that do not read: {held}, before {base}; beside: {felt}");
        let most = if is_long() { MEMORY * 5 / 4 } else { MEMORY * 3 / 2 };
        assert!(held.peak <= base.now + most, "{held}, before {base}");
        felt.judge(&quiet, DEADLINE, promised(Duration::from_millis(100), Duration::from_millis(500)))
    };
    // Now and then everybody waits while the kernel finds room for all those replies; a leash that harms others does so each
    // time.
    let harm: Vec<String> = (0..3).map_while(|round| judge(round).err()).collect();
    assert!(harm.len() < 3, "{harm:#?}");
}

#[test]
fn requests_that_are_never_finished_end_their_connections_and_delay_nobody() {
    let _alone = alone();
    let server = Memcached::start();
    let leash = leash_before(&server.address(), "request_time: 1s");
    let beside = Beside::start();
    let ((), quiet) = beside.feels(&leash, || pause(Duration::from_millis(700)));
    let halves =
        ["set half 0 0 1000000\r\nx", "get half", "g", "mg ", "set half 0 0 5\r\n12345\r", "ms half 1000000\r\n"];
    let (mut clients, felt) = beside.feels(&leash, || {
        let send = |half: &&str| {
            let mut client = leash.client();
            client.send(half);
            client
        };
        let clients: Vec<Client> = halves.iter().cycle().take(300).map(send).collect();
        wait_until("all of them are hung up on", BOUND, || metric(&leash, "leash_downstream_connections", "") <= 1.0);
        clients
    });
    println!("beside 300 requests that are never finished: {felt}");
    felt.is_bearable(&quiet, Duration::from_millis(100), Duration::from_millis(500));
    for client in &mut clients {
        client.set_bound(BOUND);
        let _ = client.stream.write_all(b"rest\r\n");
        assert!(client.read_to_end().map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |_| true));
    }
}
