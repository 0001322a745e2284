//! Of a crowd that was refused and asks again at once only a few are heard before a client that was not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::scope;

use support::figures::metric;
use support::turn::alone;
use support::{BOUND, Client, Leash, comes_true, free_port};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, yield_now};
use tokio::time::timeout;

const CROWD: usize = 400;
/// Some of the crowd go on at once, and as many are called while leash looks who else is there. In one line with all the
/// other would be the last.
const FEW: usize = 64;

/// In front of a server that is not there, with a store of its own for some keys.
fn leash() -> Leash {
    let gone = free_port();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools:\n  gone: {{servers: ['127.0.0.1:{gone}']}}\n  own: {{servers: [embedded]}}\n\
         routes: [{{prefix: 'own:', pool: own}}, {{prefix: '', pool: gone}}]\n"
    ));
    let mut client = leash.client();
    let is_down = || {
        client.expect("get a\r\n", "END\r\n");
        metric(&leash, "leash_server_up", "pool=\"gone\"") == 0.0
    };
    assert!(comes_true(BOUND, is_down), "the server that is not there is down");
    leash
}

/// The numbers of those who are answered from the moment on when leash goes on, the first answered first.
fn answered_in_order(leash: &Leash, clients: Vec<Client>) -> Vec<usize> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let order = Rc::new(RefCell::new(Vec::new()));
    let (count, waiting) = (clients.len(), Rc::new(Cell::new(0)));
    let tasks = LocalSet::new();
    let within = runtime.enter();
    for (number, client) in clients.into_iter().enumerate() {
        client.stream.set_nonblocking(true).unwrap();
        let stream = TcpStream::from_std(client.stream).unwrap();
        let (order, waiting) = (order.clone(), waiting.clone());
        tasks.spawn_local(async move {
            // The kernel tells of sockets in the order in which something came, if somebody waits for it by then.
            waiting.set(waiting.get() + 1);
            timeout(BOUND, stream.readable()).await.expect("an answer").unwrap();
            order.borrow_mut().push(number);
        });
    }
    drop(within);
    runtime.block_on(tasks.run_until(async {
        while waiting.get() < count {
            yield_now().await;
        }
    }));
    leash.thaw();
    runtime.block_on(tasks);
    order.take()
}

/// How many clients that were refused and ask this are answered before another, which asks last.
fn heard_before_another(crowd_asks: &str) -> usize {
    let leash = leash();
    let mut other = leash.client();
    other.expect("set own:a 0 0 1\r\nv\r\n", "STORED\r\n");
    let mut clients: Vec<Client> = (0..CROWD).map(|_| leash.client()).collect();
    clients.iter_mut().for_each(|client| client.expect("get a\r\n", "END\r\n"));
    // All of them ask while leash does not look.
    leash.freeze();
    clients.iter_mut().for_each(|client| client.send(crowd_asks));
    other.send("get own:a\r\n");
    clients.push(other);
    let order = answered_in_order(&leash, clients);
    assert_eq!(order.len(), CROWD + 1, "all are answered");
    order.iter().position(|who| *who == CROWD).expect("the other is answered")
}

#[test]
fn of_a_crowd_that_was_refused_only_a_few_are_heard_before_who_was_not() {
    let _alone = alone();
    for refused in ["get a\r\n", "get a b c\r\n", "set a 0 0 1\r\nv\r\n", "mg a v\r\n"] {
        let before = heard_before_another(refused);
        println!("of {CROWD} that ask {refused:?} {before} were heard first");
        assert!(before <= FEW, "{before} of the crowd were heard first");
    }
}

/// How often a client was answered until `is_over`, or it was so many times.
fn answers(mut client: Client, get: &str, answer: &str, most: usize, is_over: &AtomicBool) -> usize {
    let answered = (0..most).take_while(|_| !is_over.load(SeqCst)).map(|_| client.expect(get, answer)).count();
    is_over.store(true, SeqCst);
    answered
}

/// One refusal costs one wait, also where a client has much more to do then: it is not called again before those who were
/// refused after it.
#[test]
fn clients_with_one_refused_key_of_many_do_not_keep_others_from_being_heard() {
    const LONG: usize = 100;
    let _alone = alone();
    let leash = leash();
    leash.client().expect("set own:a 0 0 1\r\nv\r\n", "STORED\r\n");
    let long = format!("get a{}\r\n", " own:a".repeat(5_000));
    let (hit, is_over) = ("VALUE own:a 0 1\r\nv\r\n", AtomicBool::new(false));
    let all = format!("{}END\r\n", hit.repeat(5_000));
    let (well, refused) = scope(|scope| {
        for client in (0..LONG).map(|_| leash.client()) {
            scope.spawn(|| answers(client, &long, &all, usize::MAX, &is_over));
        }
        let refused = scope.spawn(|| answers(leash.client(), "get a\r\n", "END\r\n", usize::MAX, &is_over));
        (answers(leash.client(), "get own:a\r\n", &format!("{hit}END\r\n"), 300, &is_over), refused.join().unwrap())
    });
    println!("beside {LONG} long gets: answered {well} times with a hit, refused {refused} times");
    assert!(refused >= well / 5, "refused {refused} times, and {well} hits meanwhile");
}
