//! Who was not refused is heard before a crowd that was and asks again at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use support::figures::metric;
use support::turn::alone;
use support::{BOUND, Client, Leash, comes_true, free_port};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, yield_now};
use tokio::time::timeout;

const CROWD: usize = 400;
/// Of the crowd some are let in before each look at who else is there. In one line with all the other would be the last.
const BEFORE_THE_OTHER: usize = 64;

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

/// How many of so many clients that were refused and ask this are answered before `other`, which asks last and all that
/// while leash does not look.
fn answered_before(leash: &Leash, mut other: Client, asked: &str, clients: usize, crowd_asks: &str) -> usize {
    let mut crowd: Vec<Client> = (0..clients).map(|_| leash.client()).collect();
    crowd.iter_mut().for_each(|client| client.expect("get a\r\n", "END\r\n"));
    leash.freeze();
    crowd.iter_mut().for_each(|client| client.send(crowd_asks));
    other.send(asked);
    crowd.push(other);
    let order = answered_in_order(leash, crowd);
    assert_eq!(order.len(), clients + 1, "all are answered");
    order.iter().position(|who| *who == clients).expect("the other is answered")
}

#[test]
fn whoever_was_not_refused_is_heard_before_a_crowd_that_was() {
    let _alone = alone();
    for refused in ["get a\r\n", "get a b c\r\n", "set a 0 0 1\r\nv\r\n", "mg a v\r\n"] {
        let leash = leash();
        let mut other = leash.client();
        other.expect("set own:a 0 0 1\r\nv\r\n", "STORED\r\n");
        let place = answered_before(&leash, other, "get own:a\r\n", CROWD, refused);
        println!("beside {CROWD} that ask {refused:?}: answered as number {place}");
        assert!(place <= BEFORE_THE_OTHER, "{place} of the crowd were heard first");
    }
}
