//! Who asks very much at once: most of it takes a connection of its own, so that what others ask does not wait for it.

use support::fake_server::{Backend, FakeServer, Question};
use support::{Client, Leash};

use super::leash_at;

/// Fewer than a client may have in flight.
const KEYS: usize = 500;
/// What of them may be before others.
const MOST_OF_ONE: usize = 128;

/// A leash before one server, its first connection, and a client that is known for small replies: others may not ask
/// much at once.
fn one() -> (FakeServer, Leash, Backend, Client) {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let mut client = leash.client();
    client.send(get_of(MOST_OF_ONE));
    let mut first = server.greets();
    let questions = receives(&mut first, 0..MOST_OF_ONE);
    answers(&mut first, &questions);
    client.expect("", "END\r\n");
    (server, leash, first, client)
}

fn get_of(keys: usize) -> String {
    (0..keys).fold("get".to_string(), |line, n| line + &format!(" key{n}")) + "\r\n"
}

fn receives(backend: &mut Backend, keys: std::ops::Range<usize>) -> Vec<Question> {
    keys.map(|n| backend.receives(&format!("mg key{n} v f"))).collect()
}

/// Says that there is nothing, to each of them.
fn answers(backend: &mut Backend, questions: &[Question]) {
    questions.iter().for_each(|question| backend.sends_code(question, "EN"));
}

fn store(client: &mut Client, key: usize) {
    client.send(format!("set key{key} 0 0 1\r\nx\r\n"));
}

/// A store of this key comes next, but for what others ask.
fn stores(backend: &mut Backend, key: usize) {
    let mut line = backend.receives_any().line;
    while line == "mg small v f" {
        line = backend.receives_any().line;
    }
    assert!(line.starts_with(&format!("ms key{key} 1")), "the store of key{key} is behind the read of it: {line}");
}

fn takes_another_connection(asked: &str, answered: &str) {
    let (server, leash, mut first, mut greedy) = one();
    greedy.send(asked);
    let mut bulk = server.greets();
    let before = receives(&mut first, 0..MOST_OF_ONE);
    let beyond = receives(&mut bulk, MOST_OF_ONE..KEYS);

    // Others are heard where little waits. One of them may be taken for the greedy one.
    let mut others: Vec<Client> = (0..3).map(|_| leash.client()).collect();
    others.iter_mut().for_each(|other| other.send("get small\r\n"));
    (1..others.len()).for_each(|_| drop(first.receives("mg small v f")));

    // What is asked about one item keeps its order.
    store(&mut greedy, 5);
    stores(&mut first, 5);
    store(&mut greedy, KEYS / 2);
    stores(&mut bulk, KEYS / 2);

    answers(&mut first, &before);
    answers(&mut bulk, &beyond);
    greedy.expect("", answered);
}

#[test]
fn a_get_of_very_many_keys_takes_another_connection_for_most_of_them() {
    takes_another_connection(&get_of(KEYS), "END\r\n");
}

#[test]
fn very_many_gets_at_once_take_another_connection_for_most_of_them() {
    let gets: String = (0..KEYS).map(|n| format!("get key{n}\r\n")).collect();
    takes_another_connection(&gets, &"END\r\n".repeat(KEYS));
}

#[test]
fn gets_of_a_few_keys_share_one_connection() {
    let (server, leash, _, _) = one();
    server.is_left_alone();
    drop(leash);
}
