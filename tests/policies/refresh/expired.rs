//! To every command but a read, a stale item is an expired item: locks and counters keep their meaning.
//!
//! Every command is sent to leash and to a plain memcached beside it, before the item's TTL and after it, and must be
//! answered with the same bytes.

use std::time::{Duration, Instant};

use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::house::{GRACE, at_server, fleet, goes, goes_stale, set, stale, told};

const REFRESH: &str = "{grace: 30s, lease: 20s}";

/// leash before its server, and a memcached that never heard of leash.
struct Pair {
    server: Memcached,
    _leash: Leash,
    plain: Memcached,
    through: Client,
    beside: Client,
}

impl Pair {
    fn start() -> Pair {
        let (server, plain) = (Memcached::start(), Memcached::start());
        let leash = fleet(&server, 1, REFRESH).remove(0);
        let (through, beside) = (leash.client(), Client::connect(&plain.address()));
        Pair { server, _leash: leash, plain, through, beside }
    }

    /// Stores an item under each of these keys, on both sides.
    fn stores(&mut self, keys: &[String], ttl: i64) {
        for key in keys {
            set(&mut self.through, key, ttl, "5");
            set(&mut self.beside, key, ttl, "5");
        }
    }

    /// Sends the same to both and compares all of the answers, up to that of a command nobody mistakes; times to a few
    /// seconds, as each server counts them by a clock of its own.
    #[track_caller]
    fn agrees(&mut self, request: &str) -> String {
        let (through, beside) = (whole(&mut self.through, request), whole(&mut self.beside, request));
        let ([ours, our_times], [theirs, their_times]) = (apart(&through), apart(&beside));
        let is_near = |(ours, theirs): (&String, &String)| seconds(ours).abs_diff(seconds(theirs)) <= 5;
        let are_near = our_times.len() == their_times.len() && our_times.iter().zip(&their_times).all(is_near);
        assert!(ours == theirs && are_near, "{request:?}: {through:?} from leash, {beside:?} from memcached");
        through
    }
}

/// The words of an answer, and those of them that tell how long an item has left.
fn apart(answer: &str) -> [Vec<String>; 2] {
    let words = answer.split_inclusive([' ', '\n']).map(str::to_string);
    let (times, others) = words.partition(|word| word.starts_with('t') && seconds(word) >= 0);
    [others, times]
}

/// How many seconds such a word tells; -1 if it tells none.
fn seconds(word: &str) -> i64 {
    word.trim_start_matches('t').trim_end().parse().unwrap_or(-1)
}

/// Everything that is answered to `request`.
fn whole(client: &mut Client, request: &str) -> String {
    client.send(format!("{request}mn\r\n"));
    let mut answer = String::new();
    while !answer.ends_with("MN\r\n") {
        answer.push_str(&String::from_utf8(client.read_line().expect("an answer")).unwrap());
    }
    answer.truncate(answer.len() - 4);
    answer
}

/// Each command, and what is asked after it to see what it did.
const COMMANDS: &[&str] = &[
    "add KEY 3 100 1\r\n7\r\n",
    "incr KEY 2\r\n",
    "decr KEY 2\r\n",
    "append KEY 0 0 1\r\n7\r\n",
    "prepend KEY 0 0 1\r\n7\r\n",
    "replace KEY 3 100 1\r\n7\r\n",
    "touch KEY 100\r\n",
    "cas KEY 3 100 1 999999\r\n7\r\n",
    "delete KEY\r\n",
    "set KEY 3 100 1\r\n7\r\n",
    "ms KEY 1 T100 ME\r\n7\r\n",
    "ms KEY 1 T100 MR\r\n7\r\n",
    "ms KEY 1 MA\r\n7\r\n",
    "ms KEY 1 MP\r\n7\r\n",
    "ms KEY 1 MA N100\r\n7\r\n",
    "ms KEY 1 C999999\r\n7\r\n",
    "ms KEY 1 F3 T100 k O1\r\n7\r\n",
    "ma KEY v\r\n",
    "ma KEY MD D2 v k\r\n",
    "ma KEY N100 J7 v t\r\n",
    "ma KEY q\r\n",
    "md KEY\r\n",
    "md KEY q\r\n",
    "md KEY k O9\r\n",
    "incr KEY x\r\n",
    "add KEY 3 100 1 noreply\r\n7\r\n",
    "incr KEY 1 noreply\r\n",
    "delete KEY noreply\r\n",
    "touch KEY 100 noreply\r\n",
];

fn keys() -> Vec<String> {
    (0..COMMANDS.len()).map(|number| format!("key:{number}")).collect()
}

#[test]
fn before_the_ttl_every_command_finds_the_item_as_on_memcached() {
    let mut pair = Pair::start();
    pair.stores(&keys(), 1000);
    for (command, key) in COMMANDS.iter().zip(keys()) {
        pair.agrees(&command.replace("KEY", &key));
        pair.agrees(&format!("get {key}\r\n"));
        pair.agrees(&format!("mg {key} v f s t k\r\n"));
    }
}

#[test]
fn after_the_ttl_no_command_finds_the_item_as_on_memcached() {
    let mut pair = Pair::start();
    pair.stores(&keys(), 1);
    for key in keys() {
        goes_stale(&pair.server, &key, GRACE);
        goes(&pair.plain, &key);
    }
    let mut counted = 0;
    for (command, key) in COMMANDS.iter().zip(keys()) {
        let request = command.replace("KEY", &key);
        pair.agrees(&request);
        // What has stored something is read back. Of what has not, a read would find the stale value.
        if pair.beside.ask(format!("mg {key} t\r\n")) != "EN" {
            pair.agrees(&format!("mg {key} v f s k\r\n"));
            counted += 1;
        }
    }
    println!("{} commands agree on an expired item; {counted} of them store", COMMANDS.len());
    assert!(counted > 5);
}

#[test]
fn what_finds_a_stale_item_expired_leaves_it_to_the_readers() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let mut client = leash.client();
    stale(&server, &mut client, "page", "5");
    for request in ["incr page 1\r\n", "touch page 100\r\n", "ma page\r\n"] {
        assert!(["NOT_FOUND", "NF"].contains(&client.ask(request).as_str()));
    }
    assert_eq!(told(&mut client, "page"), None, "the first reader regenerates it");
    assert_eq!(told(&mut leash.client(), "page").as_deref(), Some("5"), "the second is served it");
}

#[test]
fn a_lock_by_add_is_free_again_within_a_second_of_when_it_is_on_memcached() {
    let mut pair = Pair::start();
    let start = Instant::now();
    for client in [&mut pair.through, &mut pair.beside] {
        client.expect("set lock 0 2 1\r\na\r\n", "STORED\r\n");
        client.expect("add lock 0 2 1\r\nb\r\n", "NOT_STORED\r\n");
    }
    let mut taken: [Option<Duration>; 2] = [None; 2];
    wait_until("both locks are free", BOUND, || {
        for (client, taken) in [&mut pair.through, &mut pair.beside].into_iter().zip(&mut taken) {
            if taken.is_none() && client.ask("add lock 0 100 1\r\nc\r\n") == "STORED" {
                *taken = Some(start.elapsed());
            }
        }
        taken.iter().all(Option::is_some)
    });
    let [through, beside] = taken.map(Option::unwrap);
    println!("a lock of 2 s was free after {through:?} through leash and {beside:?} on memcached");
    assert!(through.abs_diff(beside) < Duration::from_millis(1500));
    pair.agrees("add lock 0 100 1\r\nd\r\n");
    let lock = at_server(&pair.server, "lock").unwrap();
    assert_eq!((lock.flags, lock.value.as_str()), (0, "c"), "a lock has no grace");
}

#[test]
fn a_lock_that_was_added_is_gone_after_its_ttl_and_a_counter_too() {
    let mut pair = Pair::start();
    for request in ["add lock 0 1 1\r\n5\r\n", "add count 0 1 1\r\n5\r\n"] {
        assert_eq!(pair.agrees(request), "STORED\r\n");
    }
    for key in ["lock", "count"] {
        goes(&pair.server, key);
        goes(&pair.plain, key);
    }
    assert_eq!(pair.agrees("incr count 1\r\n"), "NOT_FOUND\r\n");
    assert_eq!(pair.agrees("get lock\r\n"), "END\r\n");
    assert_eq!(pair.agrees("add lock 0 0 1\r\n6\r\n"), "STORED\r\n");
}

#[test]
fn a_cas_of_a_stale_value_that_was_read_finds_nothing() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let (mut winner, mut other) = (leash.client(), leash.client());
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    let line = other.ask("gets page\r\n");
    let unique = line.rsplit(' ').next().unwrap().to_string();
    other.expect("", "old\r\nEND\r\n");
    other.expect(format!("cas page 0 100 3 {unique}\r\nnew\r\n"), "NOT_FOUND\r\n");
    set(&mut winner, "page", 100, "new");
    assert_eq!(told(&mut other, "page").as_deref(), Some("new"));
}

#[test]
fn gat_of_a_stale_item_is_a_get_and_leaves_it_stale() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let (mut winner, mut other) = (leash.client(), leash.client());
    for (key, command) in [("one", "gat"), ("two", "gats")] {
        set(&mut winner, key, 1, "old");
        goes_stale(&server, key, GRACE);
        winner.expect(format!("{command} 500 {key}\r\n"), "END\r\n");
        let line = other.ask(format!("{command} 500 {key}\r\n"));
        assert!(line.starts_with(&format!("VALUE {key} 0 3")), "{line}");
        other.expect("", "old\r\nEND\r\n");
        assert!(at_server(&server, key).unwrap().ttl <= GRACE);
        set(&mut winner, key, 100, "new");
        assert_eq!(told(&mut other, key).as_deref(), Some("new"));
    }
}

#[test]
fn gat_and_touch_move_the_stale_date_of_a_marked_item_and_the_ttl_of_any_other() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let mut client = leash.client();
    for request in
        ["gat 500 KEY\r\n", "gats 500 KEY\r\n", "touch KEY 500\r\n", "mg KEY T500\r\n", "mg KEY v T500 t\r\n"]
    {
        for (verb, grace) in [("set", GRACE), ("add", 0)] {
            client.ask("delete page\r\n");
            client.expect(format!("{verb} page 0 100 1\r\nv\r\n"), "STORED\r\n");
            let answer = whole(&mut client, &request.replace("KEY", "page"));
            assert!(answer.contains('v') || ["TOUCHED\r\n", "HD\r\n"].contains(&answer.as_str()), "{answer}");
            let ttl = at_server(&server, "page").unwrap().ttl;
            let asked = 500 + grace;
            assert!(ttl == asked || ttl == asked - 1, "{verb}, {request:?}: {ttl}, not {asked}");
        }
    }
}
