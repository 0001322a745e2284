//! Queues and counters that applications build on memcached by hand, in scripts that know nothing of leash: over three
//! servers, each of which dies and comes back empty while 50 processes work.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use support::{Client, Leash, Memcached, needs, wait_until};

use super::perl;

const PROCESSES: usize = 50;
/// Messages that are delivered before the next thing happens.
const STEP: usize = 100;
/// A step takes a second; the machine may have much else to do.
const BOUND: Duration = Duration::from_secs(60);

/// The processes of a hand-made queue, and what they have said so far.
struct HandMadeQueue {
    parent: Child,
    /// They work until it is closed.
    go_on: Option<ChildStdin>,
    said: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl HandMadeQueue {
    fn start(leash: &Leash, more: &[&str]) -> HandMadeQueue {
        let mut command = perl("hand_made_queue.pl");
        command.args([leash.address(), &PROCESSES.to_string()]).args(more);
        let mut parent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("perl runs");
        let (said, stdout) = (Arc::<Mutex<Vec<String>>>::default(), parent.stdout.take().unwrap());
        let all = said.clone();
        let listen =
            move || BufReader::new(stdout).lines().map_while(Result::ok).for_each(|l| all.lock().unwrap().push(l));
        HandMadeQueue { go_on: parent.stdin.take(), parent, said, reader: Some(thread::spawn(listen)) }
    }

    /// The messages about which this was said.
    fn all(&self, word: &str) -> Vec<String> {
        let said = self.said.lock().unwrap();
        said.iter().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).map(str::to_string).collect()
    }

    /// Waits until this was said of so many messages more.
    fn goes_on(&self, word: &str, more: usize) {
        let before = self.all(word).len();
        wait_until(&format!("{more} more are {word}"), BOUND, || self.all(word).len() >= before + more);
    }

    /// Lets all processes end.
    fn end(&mut self) {
        self.go_on = None;
        wait_until("all processes have ended", BOUND, || self.parent.try_wait().unwrap().is_some());
        self.reader.take().into_iter().for_each(|reader| reader.join().unwrap());
    }
}

impl Drop for HandMadeQueue {
    fn drop(&mut self) {
        // The children go on until they cannot read any more.
        self.go_on = None;
    }
}

/// The messages that were delivered more than once.
fn delivered_twice(delivered: &[String]) -> Vec<&String> {
    let mut seen = HashSet::new();
    delivered.iter().filter(|message| !seen.insert(*message)).collect()
}

/// In front of three servers. Only one that is dead fails a request, however busy the machine is.
fn leash_over(servers: &[Memcached]) -> Leash {
    let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
    let pool = format!("{{servers: [{}], request_timeout: 5s}}", addresses.join(", "));
    Leash::with_config(&format!("workers: 2\npools: {{main: {pool}}}\nroutes: [{{prefix: \"\", pool: main}}]\n"))
}

#[test]
fn a_hand_made_queue_delivers_no_message_twice_though_each_server_dies() {
    if !needs::has("cache_memcached", Command::new("perl").args(["-MCache::Memcached", "-e", "1"])) {
        return;
    }
    let mut servers = Memcached::start_many(3);
    let leash = leash_over(&servers);
    let mut queue = HandMadeQueue::start(&leash, &[]);
    queue.goes_on("got", STEP);
    assert_eq!(queue.all("refused"), [""; 0], "all servers live");
    for server in &mut servers {
        server.kill();
        queue.goes_on("refused", PROCESSES / 5);
        server.restart();
        queue.goes_on("got", STEP);
    }
    queue.end();
    let (delivered, put) = (queue.all("got"), queue.all("put"));
    assert_eq!(delivered_twice(&delivered), [""; 0], "of {} messages", delivered.len());
    assert!(delivered.len() >= 4 * STEP && delivered.len() <= put.len(), "{} of {}", delivered.len(), put.len());
}

/// Else the test above would prove nothing.
#[test]
fn a_careless_hand_made_queue_is_found_out() {
    if !needs::has("cache_memcached", Command::new("perl").args(["-MCache::Memcached", "-e", "1"])) {
        return;
    }
    let servers = Memcached::start_many(3);
    let leash = leash_over(&servers);
    let mut queue = HandMadeQueue::start(&leash, &["careless"]);
    wait_until("a message is delivered twice", BOUND, || !delivered_twice(&queue.all("got")).is_empty());
    queue.end();
}

#[test]
fn counters_that_50_processes_count_up_by_cas_are_exact_though_another_server_dies() {
    if !needs::has("cache_memcached_fast", Command::new("perl").args(["-MCache::Memcached::Fast", "-e", "1"])) {
        return;
    }
    let mut servers = Memcached::start_many(3);
    let leash = leash_over(&servers);
    let counters: Vec<String> = (0..6).map(|number| format!("counter:{number}")).collect();
    let mut client = leash.client();
    for counter in &counters {
        client.expect(format!("set {counter} 0 0 1\r\n0\r\n"), "STORED\r\n");
    }
    let stay = |servers: &[Memcached], counter: &&String| {
        servers[1..].iter().any(|server| Client::connect(&server.address()).get(counter).unwrap().is_some())
    };
    let staying: HashSet<&String> = counters.iter().filter(|counter| stay(&servers, counter)).collect();
    let counting = {
        let mut command = perl("cas_counters.pl");
        command.args([leash.address(), &PROCESSES.to_string(), "8"]).args(&counters);
        thread::spawn(move || support::script::tells(command))
    };
    let reached = |client: &mut Client, least: u64| {
        staying.iter().all(|counter| value(client, counter).is_some_and(|value| value >= least))
    };
    wait_until("they count", BOUND, || reached(&mut client, 20));
    servers[0].kill();
    wait_until("they count on", BOUND, || reached(&mut client, 40));
    servers[0].restart();
    let counted = counted(&counting.join().unwrap());
    assert!(!staying.is_empty());
    for counter in staying {
        let (surely, is_all) = counted[counter];
        assert_eq!((value(&mut client, counter), is_all), (Some(surely), true), "{counter}");
        assert_eq!(surely, 8 * PROCESSES as u64, "{counter}: each process has counted it up in each round");
    }
}

fn value(client: &mut Client, counter: &str) -> Option<u64> {
    client.get(counter).unwrap().map(|value| String::from_utf8(value).unwrap().parse().unwrap())
}

/// How often each counter was counted up for sure, and whether that is all there is to know.
fn counted(said: &str) -> HashMap<String, (u64, bool)> {
    let mut counted: HashMap<String, (u64, bool)> = HashMap::new();
    for line in said.lines() {
        let [counter, surely, doubtful] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let sum = counted.entry(counter.to_string()).or_insert((0, true));
        *sum = (sum.0 + surely.parse::<u64>().unwrap(), sum.1 && doubtful == "0");
    }
    counted
}
