//! A delete, or another writer's set, between the miss and the winner's set: over a real memcached and two real
//! sidecars, the outdated value is never readable once the winner's set was answered.
//!
//! ```text
//!   old ─▶ stale ─▶ both sidecars' clients get: one wins ─┬─▶ winner's set     ┐ in an order the seed says, or
//!                                                         └─▶ delete or set    ┘ sent at once, nobody waits
//!                   then every reader finds what the writer left, and nothing else
//! ```
//! Each key is one story. Leases outlast the test: what a winner may keep who is later than its lease is told in
//! tests/simulations/refresh/oracle.rs.

use std::time::Duration;

use support::{Client, Leash, Memcached, Random, wait_until};

/// Seconds that stale values are served.
const GRACE: i64 = 600;
/// As many stories are played at once.
const TOGETHER: usize = 40;

/// What comes between the miss and the winner's set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    Delete,
    Set,
    /// Straight to memcached.
    SetPastLeash,
}

/// Which of the two is answered before the other one is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    WriteFirst,
    WinnerFirst,
    AtOnce,
}

/// What happens to one key.
#[derive(Debug)]
struct Story {
    key: String,
    write: Write,
    order: Order,
    /// Which sidecar has the winner, and which one the writer talks to.
    winner: usize,
    writer: usize,
}

/// Everything that is running, and who is connected to it.
struct Stage {
    chance: Random,
    memcached: Memcached,
    sidecars: [Leash; 2],
    /// For each sidecar, who regenerates and who writes; past them, who writes to memcached.
    winners: [Client; 2],
    writers: [Client; 3],
}

/// What one connection says at once; each command is owed one line.
type Burst = Vec<String>;

impl Order {
    /// Whether the writer and the winner act in this step of two.
    fn acts(self, step: usize) -> (bool, bool) {
        match self {
            Order::WriteFirst => (step == 0, step == 1),
            Order::WinnerFirst => (step == 1, step == 0),
            Order::AtOnce => (step == 0, step == 0),
        }
    }
}

impl Stage {
    fn new(cold_wait: &str) -> Stage {
        let memcached = Memcached::start();
        let refresh = format!("{{grace: {GRACE}s, lease: 300s, cold_wait: {cold_wait}}}");
        let leash = || Leash::refreshing(std::slice::from_ref(&memcached), &refresh);
        let sidecars = [leash(), leash()];
        let winners = [sidecars[0].client(), sidecars[1].client()];
        let writers = [sidecars[0].client(), sidecars[1].client(), Client::connect(&memcached.address())];
        Stage { chance: Random::new(1), memcached, sidecars, winners, writers }
    }

    /// Stores these keys so that they are stale a second later, and waits for that.
    fn make_stale(&mut self, keys: &[String]) {
        for some in keys.chunks(TOGETHER) {
            let sets: String = some.iter().map(|key| format!("set {key} 0 1 3\r\nold\r\n")).collect();
            self.writers[0].expect(sets, "STORED\r\n".repeat(some.len()));
        }
        let mut looks = Client::connect(&self.memcached.address());
        let last = keys.last().expect("some keys");
        wait_until("the youngest item is stale", Duration::from_secs(5), || {
            let line = looks.ask(format!("mg {last} t\r\n"));
            line.strip_prefix("HD t").expect("a remaining TTL").parse::<i64>().expect("a number") <= GRACE
        });
    }

    /// A client of each sidecar gets every stale key, both at once: one of them wins it. Says which.
    fn win(&mut self, keys: &[String]) -> Vec<usize> {
        let mut won = Vec::new();
        for some in keys.chunks(TOGETHER) {
            let gets: String = some.iter().map(|key| format!("get {key}\r\n")).collect();
            self.winners.iter_mut().for_each(|client| client.send(&gets));
            for key in some {
                let told = [0, 1].map(|sidecar| self.winners[sidecar].read_get(key).expect("a reply"));
                won.push(match told.each_ref().map(Option::as_deref) {
                    [None, Some(b"old")] => 0,
                    [Some(b"old"), None] => 1,
                    _ => panic!("{key}: one is to win and the other one to be served the stale value, not {told:?}"),
                });
            }
        }
        won
    }

    /// A client of one of the sidecars gets every key, of which there is nothing, and wins it.
    fn win_cold(&mut self, keys: &[String]) -> Vec<usize> {
        let won = keys.iter().map(|key| {
            let sidecar = self.chance.below(2);
            assert_eq!(self.winners[sidecar].get(key).expect("a reply"), None);
            sidecar
        });
        won.collect()
    }

    fn stories(&mut self, keys: Vec<String>, won: Vec<usize>) -> Vec<Story> {
        let chance = &mut self.chance;
        let mut tell = |(key, winner)| {
            let write = [Write::Delete, Write::Delete, Write::Set, Write::SetPastLeash][chance.below(4)];
            let order = [Order::WriteFirst, Order::WinnerFirst, Order::AtOnce, Order::AtOnce][chance.below(4)];
            let writer = if write == Write::SetPastLeash { 2 } else { chance.below(2) };
            Story { key, write, order, winner, writer }
        };
        keys.into_iter().zip(won).map(&mut tell).collect()
    }

    /// Lets those write, and those winners set, whose turn it is in this step, in bursts that are mixed as the seed
    /// says; then reads all replies.
    fn step(&mut self, stories: &[Story], step: usize) {
        let mut bursts: [Burst; 5] = Default::default();
        for story in stories {
            let key = &story.key;
            let (writes, sets) = story.order.acts(step);
            if writes {
                bursts[2 + story.writer].push(match story.write {
                    Write::Delete => format!("delete {key}\r\n"),
                    Write::Set | Write::SetPastLeash => format!("set {key} 0 500 3\r\nnew\r\n"),
                });
            }
            if sets {
                bursts[story.winner].push(format!("set {key} 0 500 8\r\noutdated\r\n"));
            }
        }
        self.send_mixed(&bursts);
        for (number, burst) in bursts.iter().enumerate() {
            for command in burst {
                let reply = self.client(number).read_line().expect("a reply line");
                let is_delete = command.starts_with("delete");
                let fits =
                    reply == b"STORED\r\n" || is_delete && matches!(&reply[..], b"DELETED\r\n" | b"NOT_FOUND\r\n");
                assert!(fits, "{command:?}: {}", String::from_utf8_lossy(&reply));
            }
        }
    }

    /// Sends all bursts in pieces, now of this connection and now of that one, and waits for nobody.
    fn send_mixed(&mut self, bursts: &[Burst; 5]) {
        let mut sent = [0; 5];
        loop {
            let open: Vec<usize> = (0..5).filter(|number| sent[*number] < bursts[*number].len()).collect();
            let Some(number) = open.get(self.chance.below(open.len().max(1))).copied() else { return };
            let commands = &bursts[number];
            let until = commands.len().min(sent[number] + 1 + self.chance.below(8));
            let piece = commands[sent[number]..until].concat();
            self.client(number).send(piece);
            sent[number] = until;
        }
    }

    fn client(&mut self, number: usize) -> &mut Client {
        if number < 2 { &mut self.winners[number] } else { &mut self.writers[number - 2] }
    }

    /// Every reader finds what the writer left: nothing, or its value.
    fn judge(&self, stories: &[Story]) {
        let gets: String = stories.iter().map(|story| format!("get {}\r\n", story.key)).collect();
        let mut readers = vec![Client::connect(&self.memcached.address())];
        readers.extend(self.sidecars.iter().map(Leash::client));
        for mut reader in readers {
            reader.send(&gets);
            for story in stories {
                let found = reader.read_get(&story.key).expect("a reply");
                let left = (story.write != Write::Delete).then_some(&b"new"[..]);
                assert!(found.as_deref() == left, "{story:?}: {:?}", found.map(String::from_utf8));
            }
        }
    }
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("key{number}")).collect()
}

fn play(stage: &mut Stage, keys: Vec<String>, won: Vec<usize>) {
    let stories = stage.stories(keys, won);
    for some in stories.chunks(TOGETHER) {
        stage.step(some, 0);
        stage.step(some, 1);
        stage.judge(some);
    }
}

#[test]
fn no_outdated_value_is_left_in_1000_races_over_stale_items() {
    let (mut stage, keys) = (Stage::new("0ms"), keys(1000));
    stage.make_stale(&keys);
    let won = stage.win(&keys);
    play(&mut stage, keys, won);
}

#[test]
fn no_outdated_value_is_left_in_500_races_over_cold_items() {
    let (mut stage, keys) = (Stage::new("50ms"), keys(500));
    let won = stage.win_cold(&keys);
    play(&mut stage, keys, won);
}
