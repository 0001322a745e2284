//! What one thing costs beside another, in CPU time of all threads of a process: a get in packets beside one in text.

use std::fs;

use support::packets::Question;
use support::{BOUND, Client, Leash, Memcached, turn};

/// Gets in one write.
pub const TOGETHER: usize = 100;
/// Writes in one round.
const WRITES: usize = 200;
/// Rounds of each side, in turns.
const ROUNDS: usize = 9;
/// Rounds at most, on a machine that is never quiet.
const PATIENCE: usize = 90;

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

/// The least that each of two sides costs, measured in turns. Whatever runs beside them only adds, so there are more rounds
/// while the first is more than `most` of the second.
pub fn least_of_both(most: f64, mut round: impl FnMut() -> [f64; 2]) -> [f64; 2] {
    let mut least = [f64::INFINITY; 2];
    for number in 1..=PATIENCE {
        let [first, second] = round();
        least = [least[0].min(first), least[1].min(second)];
        if number >= ROUNDS && least[0] <= most * least[1] {
            break;
        }
    }
    least
}

/// Rounds of two sides that cost this much on a quiet machine, where only one round in eight is quiet, and never for both.
fn noisy(sides: [f64; 2]) -> impl FnMut() -> [f64; 2] {
    let mut number = 0;
    move || {
        number += 1;
        let noise = |quiet| if number % 8 == quiet { 1.0 } else { 1.5 + f64::from(number % 3) };
        [sides[0] * noise(3), sides[1] * noise(6)]
    }
}

#[test]
fn the_least_of_both_sides_tells_the_dearer_one_in_any_noise() {
    let [first, second] = least_of_both(1.1, noisy([1.05, 1.0]));
    assert!(first <= 1.1 * second, "equal: {first} beside {second}");
    let [first, second] = least_of_both(1.1, noisy([1.2, 1.0]));
    assert!(first > 1.1 * second, "a fifth dearer: {first} beside {second}");
    let [first, second] = least_of_both(1.1, noisy([1.0, 1.2]));
    assert!(first <= 1.1 * second, "cheaper: {first} beside {second}");
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
    let [packets, text] = least_of_both(1.1, || {
        let text = cost(&leash, &mut text, (&in_text, text_answer));
        [cost(&leash, &mut packets, (&in_packets, packets_answer)), text]
    });
    println!("a get costs {text:.0} ns in text and {packets:.0} ns in packets: {:.2}", packets / text);
    assert!(packets <= 1.1 * text, "{packets:.0} ns, {text:.0} in text");
}
