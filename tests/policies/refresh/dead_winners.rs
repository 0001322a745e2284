//! A winner that dies holds nobody up for longer than its lease, and meanwhile everybody is served what there is.

use std::time::Duration;

use support::{Client, Leash, Memcached};

use super::house::{Next, at_server, fleet, next_winner, set, stale, sum, told};

const REFRESH: &str = "{grace: 30s, lease: 3s}";
const LEASE: Duration = Duration::from_secs(3);

/// The next caller wins when the lease is over, and no other before.
#[track_caller]
fn the_lease_passes_on(who: &str, next: &Next) {
    println!("{who} is gone: the next winner came after {:?}, {} stale answers until then", next.after, next.served);
    assert!(next.after <= LEASE + Duration::from_secs(1), "{:?}", next.after);
    assert!(next.after > LEASE / 3, "the lease is kept for the one who has it: {:?}", next.after);
    assert!(next.served > 10);
}

fn clients(sidecars: &[Leash]) -> Vec<Client> {
    sidecars.iter().map(Leash::client).collect()
}

/// The next winner's value is everybody's.
#[track_caller]
fn the_next_one_regenerates(callers: &mut [Client], next: &Next) {
    set(&mut callers[next.caller], "page", 100, "new");
    for caller in callers {
        assert_eq!(told(caller, "page").as_deref(), Some("new"));
    }
}

#[test]
fn a_winner_that_hangs_up_is_followed_by_another_within_the_lease_and_a_second() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 3, REFRESH);
    let mut callers = clients(&sidecars);
    stale(&server, &mut callers[1], "page", "old");
    let mut winner = sidecars[0].client();
    assert_eq!(told(&mut winner, "page"), None);
    drop(winner);
    let next = next_winner(&mut callers, "page", "old");
    the_lease_passes_on("a winner's client", &next);
    the_next_one_regenerates(&mut callers, &next);
}

#[test]
fn a_winner_that_hangs_up_is_followed_at_its_own_sidecar_too() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 1, REFRESH);
    let mut callers = clients(&sidecars);
    stale(&server, &mut callers[0], "page", "old");
    let mut winner = sidecars[0].client();
    assert_eq!(told(&mut winner, "page"), None);
    drop(winner);
    let next = next_winner(&mut callers, "page", "old");
    the_lease_passes_on("a winner's client", &next);
    the_next_one_regenerates(&mut callers, &next);
    assert_eq!(sum(&sidecars, "leash_leases_total", "outcome=\"expired\""), 1.0);
}

#[test]
fn a_sidecar_that_is_killed_takes_its_leases_with_it_within_the_lease_and_a_second() {
    let server = Memcached::start();
    let mut sidecars = fleet(&server, 3, REFRESH);
    let killed = sidecars.remove(0);
    let mut callers = clients(&sidecars);
    stale(&server, &mut callers[1], "page", "old");
    let mut winner = killed.client();
    assert_eq!(told(&mut winner, "page"), None);
    killed.kill();
    let next = next_winner(&mut callers, "page", "old");
    the_lease_passes_on("a winner's sidecar", &next);
    the_next_one_regenerates(&mut callers, &next);
}

#[test]
fn a_sidecar_killed_between_the_winners_set_and_its_answer_leaves_a_whole_value() {
    let server = Memcached::start();
    let mut sidecars = fleet(&server, 2, REFRESH);
    let killed = sidecars.remove(0);
    let mut callers = clients(&sidecars);
    stale(&server, &mut callers[0], "page", "old");
    let mut winner = killed.client();
    assert_eq!(told(&mut winner, "page"), None);
    winner.send("set page 0 100 3\r\nnew\r\n");
    killed.kill();
    let found = at_server(&server, "page").expect("a value").value;
    assert!(["old", "new"].contains(&found.as_str()), "{found}");
    if found == "old" {
        next_winner(&mut callers, "page", "old");
    } else {
        assert_eq!(told(&mut callers[0], "page").as_deref(), Some("new"));
    }
}
