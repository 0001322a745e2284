//! Two thousand callers before four sidecars, and one call.

use std::time::{Duration, Instant};

use support::{BOUND, Leash, Memcached, Origin, wait_until};

use super::{is_long, loading_from};
use crate::refresh::crowd::{Crowd, make_room_for};

const CALLERS: usize = 2000;
/// How long the endpoint takes, in seconds.
const REGENERATION: u64 = 2;

fn fleet(servers: &[Memcached], origin: &Origin) -> Vec<Leash> {
    (0..4).map(|_| loading_from(servers, origin, ", timeout: 20s")).collect()
}

/// What each caller is told, and how long the slowest waited.
fn told(crowd: &mut Crowd<'_>, asked: Instant) -> (Vec<Vec<u8>>, Duration) {
    let answers = crowd.callers.iter_mut().map(|caller| caller.read_get("k").unwrap().unwrap_or_default()).collect();
    (answers, asked.elapsed())
}

/// How long it takes until all have a value that is fresh.
fn fresh_hits(crowd: &mut Crowd<'_>, writer: &mut support::Client) -> Duration {
    writer.expect("set fresh 0 600 1\r\n1\r\n", "STORED\r\n");
    let asked = crowd.asks("fresh");
    crowd.callers.iter_mut().for_each(|caller| assert!(caller.read_get("fresh").unwrap().is_some()));
    asked.elapsed()
}

#[test]
fn a_cold_key_is_loaded_once_for_2000_callers_of_4_sidecars_and_all_get_it() {
    make_room_for(CALLERS);
    let servers = Memcached::start_many(2);
    let origin = Origin::start(&format!("time.sleep({REGENERATION})\nself.say(200, b'%d' % self.call)"));
    let sidecars = fleet(&servers, &origin);
    let mut crowd = Crowd::before(&sidecars, CALLERS);
    let asked = crowd.asks("k");
    let (answers, took) = told(&mut crowd, asked);
    let otherwise = answers.iter().filter(|answer| *answer != b"1").count();
    assert_eq!(otherwise, 0, "so many callers were told otherwise, the last after {took:?}");
    assert_eq!(origin.calls(), 1);
    println!("a cold key: the last of {CALLERS} callers had it after {took:?}");
    assert!(took >= Duration::from_secs(REGENERATION), "{took:?}");
    assert!(!is_long() || took <= Duration::from_secs(REGENERATION) + Duration::from_millis(200), "{took:?}");
}

#[test]
fn a_stale_key_is_loaded_once_for_2000_callers_of_4_sidecars_and_nobody_waits_for_it() {
    make_room_for(CALLERS);
    let servers = Memcached::start_many(2);
    let origin = Origin::start(&format!(
        "time.sleep({REGENERATION} * 4 if self.call > 1 else 0)
self.say(200, b'%d' % self.call, {{'Cache-Control': 'max-age=' + ('1' if self.call == 1 else '300')}})"
    ));
    let sidecars = fleet(&servers, &origin);
    let mut crowd = Crowd::before(&sidecars, CALLERS);
    let mut looker = sidecars[0].client();
    assert_eq!(looker.get("k").unwrap().as_deref(), Some(&b"1"[..]));
    // The first answers to new connections are slow.
    fresh_hits(&mut crowd, &mut looker);
    // Past leash, so that nobody begins to load it.
    let mut server = servers.iter().map(|server| support::Client::connect(&server.address()));
    let mut holder = server.find_map(|mut client| client.facts("k", "t").map(|_| client)).expect("one server has it");
    wait_until("it is stale", BOUND, || holder.facts("k", "t").unwrap()[&'t'] <= 60);
    let asked = crowd.asks("k");
    let (answers, took) = told(&mut crowd, asked);
    assert!(answers.iter().all(|answer| answer == b"1"), "a caller was told otherwise than the stale value");
    let fresh = fresh_hits(&mut crowd, &mut looker);
    assert!(took < Duration::from_secs(REGENERATION * 4), "a caller waited: {took:?}");
    println!("a stale key: the last of {CALLERS} callers had it after {took:?}, a fresh one after {fresh:?}");
    assert!(!is_long() || took <= fresh * 2 + Duration::from_millis(20), "{took:?}, a fresh one {fresh:?}");
    wait_until("the new value is there", 3 * BOUND, || looker.get("k").unwrap().as_deref() == Some(b"2"));
    assert_eq!(origin.calls(), 2);
}
