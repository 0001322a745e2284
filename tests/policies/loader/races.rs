//! A delete or a set while a value is loaded: what was loaded before it is not readable afterwards.
//!
//! The value is the moment at which its call began, by the clock that the test reads, too.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::{Memcached, Origin, Random};

use super::loading_from;

const ROUNDS: usize = 25;
const TOGETHER: usize = 20;

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

#[test]
fn in_500_races_no_value_is_read_that_was_loaded_before_a_delete_or_a_set() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(
        "begun = b'%d' % time.time_ns()
time.sleep((hash(path) % 40) / 1000)
self.say(200, begun, {'Cache-Control': 'max-age=600'})",
    );
    let sidecars = [(); 2].map(|()| loading_from(&servers, &origin, ""));
    let mut chance = Random::new(41);
    for round in 0..ROUNDS {
        let keys: Vec<String> = (0..TOGETHER).map(|n| format!("k{round}:{n}")).collect();
        let mut readers: Vec<_> = keys.iter().map(|_| sidecars[chance.below(2)].client()).collect();
        let mut writers: Vec<_> = keys.iter().map(|_| sidecars[chance.below(2)].client()).collect();
        keys.iter().zip(&mut readers).for_each(|(key, reader)| reader.send(format!("get {key}\r\n")));
        let mut written = Vec::new();
        for (key, writer) in keys.iter().zip(&mut writers) {
            support::pause(Duration::from_micros(chance.below(4000) as u64));
            let is_set = chance.chance(50);
            let at = now();
            match is_set {
                true => writer.expect(format!("set {key} 0 0 3\r\nset\r\n"), "STORED\r\n"),
                false => assert!(["DELETED", "NOT_FOUND"].contains(&&*writer.ask(format!("delete {key}\r\n")))),
            }
            written.push((at, is_set));
        }
        keys.iter()
            .zip(&mut readers)
            .for_each(|(key, reader)| assert!(reader.read_get(key).unwrap().is_some(), "{key} missed"));
        for ((key, (at, is_set)), n) in keys.iter().zip(written).zip(0..) {
            let value = sidecars[n % 2].client().get(key).unwrap().unwrap();
            let value = String::from_utf8(value).unwrap();
            match is_set {
                true => assert_eq!(value, "set", "{key}"),
                false => assert!(value.parse::<u128>().unwrap() >= at, "{key}: loaded before it was deleted"),
            }
        }
    }
}
