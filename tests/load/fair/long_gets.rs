//! A get of very many keys: between two pieces of its reply all others have their turns.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::scope;

use support::turn::alone;
use support::{Client, Leash, Memcached};

use crate::many_keys::{KEYS, key, store};

/// Of pieces there are two hundred. If leash wrote them all at once, others would be answered once meanwhile, or twice.
const TURNS: usize = 8;
/// How often it is looked at: in some of them a busy machine lets one of the clients wait.
const ROUNDS: usize = 9;

/// Asks something that takes one turn until it `is_over`, and counts how often it was answered.
fn asks(mut client: Client, answers: &AtomicUsize, is_over: &AtomicBool) {
    while !is_over.load(SeqCst) {
        client.expect("mn\r\n", "MN\r\n");
        answers.fetch_add(1, SeqCst);
    }
}

/// How often another client was answered while the reply to a long get arrived.
fn answered_meanwhile(leash: &Leash, get: &[u8], answers: &AtomicUsize) -> usize {
    let mut stream = leash.client().stream.try_clone().unwrap();
    stream.write_all(get).unwrap();
    let (mut chunk, mut got) = (vec![0; 256 * 1024], stream.read(&mut [0; 1]).unwrap());
    let before = answers.load(SeqCst);
    let size = KEYS * format!("VALUE {} 0 6\r\n000000\r\n", key(0)).len() + "END\r\n".len();
    while got < size {
        got += stream.read(&mut chunk).expect("the rest of the reply");
    }
    answers.load(SeqCst) - before
}

fn lets_others_have_their_turns(leash: &Leash) {
    store(leash);
    let get = (0..KEYS).fold("get".to_string(), |line, n| line + " " + &key(n)) + "\r\n";
    let (answers, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut seen: Vec<usize> = scope(|scope| {
        let other = scope.spawn(|| asks(leash.client(), &answers, &is_over));
        let seen = (0..ROUNDS).map(|_| answered_meanwhile(leash, get.as_bytes(), &answers)).collect();
        is_over.store(true, SeqCst);
        other.join().unwrap();
        seen
    });
    seen.sort_unstable();
    println!("answered while the reply arrived, in each round: {seen:?}");
    assert!(seen[ROUNDS / 2] >= TURNS, "{seen:?}");
}

#[test]
fn others_are_answered_between_the_pieces_of_a_long_reply() {
    let _alone = alone();
    let server = Memcached::start();
    for place in [server.address(), "embedded".to_string()] {
        let yaml = format!("workers: 1\npools: {{main: {{servers: ['{place}']}}}}\n");
        lets_others_have_their_turns(&Leash::with_config(&yaml));
    }
}
