//! What one thing costs beside another, in CPU time of all threads of a process: a get in packets beside one in text.

use std::fs;

use support::packets::Question;
use support::{BOUND, Client, Leash, Memcached, turn};

/// Gets in one write.
pub const TOGETHER: usize = 100;
/// Writes in one round: few, so that whatever runs beside the two sides slows both of one round alike.
const WRITES: usize = 20;
/// Rounds of each side, in turns.
const ROUNDS: usize = 200;
/// Rounds at most, on a machine that is never quiet.
const PATIENCE: usize = 2000;

/// Nanoseconds that all threads of a process have run.
pub fn ran(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let ran = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(ran).sum()
}

/// Asks for `TOGETHER` gets many times, each time answered with so many bytes: nanoseconds for each get.
pub fn cost(leash: &Leash, client: &mut Client, (gets, answer): (&[u8], usize)) -> f64 {
    let before = ran(leash.pid());
    for _ in 0..WRITES {
        client.send(gets);
        client.read_exactly(answer).expect("all values");
    }
    (ran(leash.pid()) - before) as f64 / (TOGETHER * WRITES) as f64
}

/// What two sides cost that were measured in turns: medians of all rounds.
pub struct Costs {
    pub first: f64,
    pub second: f64,
    /// How many times as much as the second the first costs in the same round. The least of each side would compare two
    /// moments, of which one was perhaps luckier.
    pub quotient: f64,
}

/// Measures two sides in turns, in more rounds while the first seems to cost more than `most` of the second.
pub fn in_turns(most: f64, mut round: impl FnMut() -> [f64; 2]) -> Costs {
    let mut rounds: Vec<[f64; 2]> = Vec::new();
    loop {
        rounds.extend((0..ROUNDS).map(|_| round()));
        let middle = |of: fn(&[f64; 2]) -> f64| median(rounds.iter().map(of).collect());
        let quotient = middle(|[first, second]| first / second);
        if quotient <= most || rounds.len() >= PATIENCE {
            return Costs { first: middle(|sides| sides[0]), second: middle(|sides| sides[1]), quotient };
        }
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Rounds of two sides that cost this much on a quiet machine. This one slows down and recovers for both; and now and then
/// one side alone is hit, or lucky, the second more often than the first.
fn noisy(sides: [f64; 2]) -> impl FnMut() -> [f64; 2] {
    let mut number = 0;
    move || {
        number += 1;
        let both = 1.0 + f64::from(number / 8 % 5);
        let alone = |hit, lucky| match number % 16 {
            n if n == hit => 3.0,
            n if n == lucky => 0.85,
            _ => 1.0,
        };
        let luck = if number % 3 == 0 { 0.85 } else { 1.0 };
        [sides[0] * both * alone(2, 7), sides[1] * both * alone(9, 12) * luck]
    }
}

#[test]
fn sides_that_are_measured_in_turns_tell_the_dearer_one_in_any_noise() {
    for (first, dearer) in [(1.05, false), (1.2, true), (0.8, false)] {
        let quotient = in_turns(1.1, noisy([first, 1.0])).quotient;
        assert_eq!(quotient > 1.1, dearer, "{first} beside 1: {quotient}");
    }
}

#[test]
fn a_get_in_packets_costs_at_most_a_tenth_more_than_one_in_text() {
    let _alone = turn::alone();
    let server = Memcached::start();
    // With one worker both are answered by the same thread, in the same state of its caches.
    let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: ['{}']}}}}", server.address()));
    let (mut text, mut packets) = (leash.client(), leash.client());
    text.set_bound(BOUND);
    let keys: Vec<String> = (0..TOGETHER).map(|n| format!("session:0123456789ab{n:04}")).collect();
    for key in &keys {
        text.expect(format!("set {key} 0 0 100\r\n{}\r\n", "v".repeat(100)), "STORED\r\n");
    }
    let in_text: Vec<u8> = keys.iter().flat_map(|key| format!("get {key}\r\n").into_bytes()).collect();
    let in_packets: Vec<u8> = keys.iter().flat_map(|key| Question::new(0x00, key).bytes()).collect();
    let text_answer = TOGETHER * ("VALUE session:0123456789ab0000 0 100\r\n\r\nEND\r\n".len() + 100);
    let packets_answer = TOGETHER * (24 + 4 + 100);
    let costs = in_turns(1.1, || {
        let text = cost(&leash, &mut text, (&in_text, text_answer));
        [cost(&leash, &mut packets, (&in_packets, packets_answer)), text]
    });
    let Costs { first: packets, second: text, quotient } = costs;
    println!("a get costs {text:.0} ns in text and {packets:.0} ns in packets: {quotient:.2}");
    assert!(quotient <= 1.1, "{packets:.0} ns, {text:.0} in text: {quotient:.2}");
}
