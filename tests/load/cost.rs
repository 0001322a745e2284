//! What a get costs leash in packets, beside what it costs in text: CPU time of all its threads, which nothing that runs
//! beside it changes much.

use std::fs;

use support::packets::Question;
use support::{BOUND, Client, Leash, Memcached, turn};

/// Gets in one write.
pub const TOGETHER: usize = 100;
/// Writes in one round.
pub const WRITES: usize = 200;
/// Rounds of each protocol, in turns.
pub const ROUNDS: usize = 9;

/// Nanoseconds that all threads of a process have run.
pub fn ran(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let ran = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(ran).sum()
}

/// Asks for `gets` many times, each answered with so many bytes: what that costs.
pub fn cost(leash: &Leash, client: &mut Client, (gets, answer): (&[u8], usize)) -> u64 {
    let before = ran(leash.pid());
    for _ in 0..WRITES {
        client.send(gets);
        client.read_exactly(answer).expect("all values");
    }
    ran(leash.pid()) - before
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
    let mut costs: Vec<[u64; 2]> = (0..ROUNDS)
        .map(|_| {
            let text = cost(&leash, &mut text, (&in_text, text_answer));
            [text, cost(&leash, &mut packets, (&in_packets, packets_answer))]
        })
        .collect();
    costs.sort_by(|[a, b], [c, d]| (b * c).cmp(&(d * a)));
    let [text, packets] = costs[ROUNDS / 2];
    let ratio = packets as f64 / text as f64;
    println!("a get costs {} ns in text and {} ns in packets: {ratio:.2}", text / 20_000, packets / 20_000);
    assert!(ratio <= 1.1, "{ratio:.2}: {costs:?}");
}
