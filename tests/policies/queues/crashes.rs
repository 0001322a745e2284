//! A holder that is killed again and again under load: nothing that was acknowledged is lost, and nothing that was done
//! with comes again.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use support::{BOUND, Client, turn, wait_until};

use super::Holder;

const KILLS: usize = 20;
const PRODUCERS: usize = 4;
const CONSUMERS: usize = 4;
const QUEUES: [&str; 3] = ["a", "b", "c"];

/// What clients were told.
#[derive(Default)]
struct Ledger {
    stored: Mutex<HashSet<String>>,
    delivered: Mutex<HashMap<String, usize>>,
    /// Those whose end was acknowledged, and how many were before.
    done: Mutex<HashMap<String, usize>>,
    again: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Ledger {
    /// A consumer has a message for which it asked when so many were done with. One that was done with only then may have
    /// gone to another consumer meanwhile, while this one had not looked at its answer yet.
    fn deliver(&self, message: String, asked: usize) {
        if self.done.lock().unwrap().get(&message).is_some_and(|done| *done < asked) {
            self.again.lock().unwrap().push(message.clone());
        }
        *self.delivered.lock().unwrap().entry(message).or_default() += 1;
    }

    fn end(&self, message: String) {
        let mut done = self.done.lock().unwrap();
        let before = done.len();
        done.insert(message, before);
    }

    fn count_done(&self) -> usize {
        self.done.lock().unwrap().len()
    }
}

/// Works over connection after connection until all is over.
fn work(address: &str, ledger: &Ledger, mut step: impl FnMut(&mut Client) -> io::Result<()>) {
    while !ledger.is_over.load(SeqCst) {
        let Ok(mut client) = Client::try_connect(address) else {
            thread::yield_now();
            continue;
        };
        loop {
            if ledger.is_over.load(SeqCst) || step(&mut client).is_err() {
                break;
            }
        }
    }
}

fn put(client: &mut Client, ledger: &Ledger, message: &str) -> io::Result<()> {
    let queue = QUEUES[message.len() % QUEUES.len()];
    io::Write::write_all(&mut client.stream, format!("set {queue} 0 0 {}\r\n{message}\r\n", message.len()).as_bytes())?;
    if client.read_line()? == b"STORED\r\n" {
        ledger.stored.lock().unwrap().insert(message.to_string());
    }
    Ok(())
}

/// Takes one message and says that it is done with.
fn take(client: &mut Client, ledger: &Ledger, queue: &str) -> io::Result<bool> {
    let asked = ledger.count_done();
    let Some(message) = client.get(queue)? else { return Ok(false) };
    let message = String::from_utf8(message).unwrap();
    ledger.deliver(message.clone(), asked);
    io::Write::write_all(&mut client.stream, format!("delete {queue}\r\n").as_bytes())?;
    if client.read_line()? == b"DELETED\r\n" {
        ledger.end(message);
    }
    Ok(true)
}

fn nothing_is_lost(sync: &str) {
    let _turn = turn::beside_others();
    let mut holder = Holder::start(&format!("mode: reserve, sync: {sync}"));
    let (ledger, numbers, address) = (Ledger::default(), AtomicUsize::new(0), holder.leash.address().to_string());
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| {
                work(&address, &ledger, |client| put(client, &ledger, &format!("m{}", numbers.fetch_add(1, SeqCst))))
            });
        }
        for number in 0..CONSUMERS {
            let (ledger, address) = (&ledger, &address);
            scope.spawn(move || {
                let mut turn = number;
                work(address, ledger, |client| {
                    turn += 1;
                    take(client, ledger, QUEUES[turn % QUEUES.len()]).map(drop)
                });
            });
        }
        for _ in 0..KILLS {
            let before = ledger.count_done();
            wait_until("messages are done with", Duration::from_secs(30), || ledger.count_done() > before + 50);
            holder.leash.crash();
            holder.leash.restart();
        }
        ledger.is_over.store(true, SeqCst);
    });
    let mut client = holder.leash.client();
    for queue in QUEUES {
        // What clients had that the test has let go of comes back.
        wait_until("all is back", BOUND, || {
            while take(&mut client, &ledger, queue).unwrap() {}
            client.facts(&format!("{queue}/len"), "v").is_some() && client.read_line().unwrap() == b"0\r\n"
        });
    }
    let (stored, delivered) = (ledger.stored.lock().unwrap(), ledger.delivered.lock().unwrap());
    let lost: Vec<_> = stored.iter().filter(|message| !delivered.contains_key(*message)).collect();
    assert!(stored.len() > KILLS * 50, "{} stored", stored.len());
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), stored.len());
    assert_eq!(*ledger.again.lock().unwrap(), [""; 0], "what was done with came again");
}

#[test]
fn nothing_acknowledged_is_lost_over_20_kills_with_sync_always() {
    nothing_is_lost("always");
}

#[test]
fn nothing_acknowledged_is_lost_over_20_kills_with_sync_100ms() {
    nothing_is_lost("100ms");
}
