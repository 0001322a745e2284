//! Clients that mean no good: split at every byte, deep pipelines, crowds of queues and waits, hang-ups at any place.

use support::random::Random;
use support::{BOUND, Client, wait_until};

use super::Holder;

/// A conversation that leaves the queue as it was, and what is heard.
const SAID: &str = "SET q 7 0 3\r\nabc\r\nget q/open\nget q/abort\r\nget q/t=0/open\r\nmg q/peek v\r\nget q/len x/len\r\n\
                    get q/close/open\r\nget q/opne\r\nmd q C9\r\nFLUSH q\r\nset q/x 0 0 2\r\nab\r\nget q/close\r\n";
const HEARD: &str = "STORED\r\nVALUE q/open 7 3\r\nabc\r\nEND\r\nEND\r\nVALUE q/t=0/open 7 3\r\nabc\r\nEND\r\nEN\r\n\
                     VALUE q/len 0 1\r\n0\r\nVALUE x/len 0 1\r\n0\r\nEND\r\nEND\r\n\
                     CLIENT_ERROR unknown suffix, use /t=<ms> /open /close /abort /peek /len /list:<n> /position:<message>\r\n\
                     NF\r\nCLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\r\n\
                     CLIENT_ERROR unknown suffix, use /t=<ms> /open /close /abort /peek /len /list:<n> /position:<message>\r\n\
                     END\r\n";

#[test]
fn a_conversation_is_the_same_wherever_it_is_split() {
    let holder = Holder::start("mode: kestrel");
    for at in 0..SAID.len() {
        let mut client = holder.leash.client();
        client.send(&SAID[..at]);
        std::thread::yield_now();
        client.expect(&SAID[at..], HEARD);
    }
    let mut client = holder.leash.client();
    for byte in SAID.as_bytes() {
        client.send([*byte]);
    }
    client.expect("", HEARD);
}

#[test]
fn pipelines_of_ten_thousand_are_answered_in_order() {
    const MANY: usize = 10_000;
    for (mode, get) in
        [("kestrel", "get q\r\n"), ("kestrel", "get q/close/open\r\n"), ("reserve", "get q\r\ndelete q\r\n")]
    {
        let holder = Holder::start(&format!("mode: {mode}, sync: 100ms"));
        let mut writer = holder.leash.client();
        let mut reader = Client::of(writer.stream.try_clone().unwrap());
        let sets: String = (0..MANY).map(|n| format!("set q 0 0 5\r\n{n:05}\r\n")).collect();
        let stored = "STORED\r\n".repeat(MANY);
        std::thread::scope(|scope| {
            scope.spawn(|| writer.send(sets + &get.repeat(MANY + 2)));
            reader.expect("", stored);
            let (key, done) =
                (get.split_whitespace().nth(1).unwrap(), if mode == "reserve" { "DELETED\r\n" } else { "" });
            for n in 0..MANY {
                reader.expect("", format!("VALUE {key} 0 5\r\n{n:05}\r\nEND\r\n{done}"));
            }
            let nothing = if mode == "reserve" { "END\r\nNOT_FOUND\r\n" } else { "END\r\n" };
            reader.expect("", nothing.repeat(2));
        });
    }
}

#[test]
fn thousands_of_queues_have_their_messages() {
    const QUEUES: usize = 3_000;
    let holder = Holder::start("mode: reserve, sync: 100ms");
    let mut client = holder.leash.client();
    let sets: String = (0..QUEUES).map(|n| format!("set queue-{n} {n} 0 4\r\n{n:04}\r\n")).collect();
    client.expect(sets, "STORED\r\n".repeat(QUEUES));
    // Each of these is looked for and forgotten.
    for n in 0..QUEUES {
        client.expect(format!("get nothing-{n}\r\n"), "END\r\n");
    }
    let keys: Vec<String> = (0..QUEUES).map(|n| format!("queue-{n}")).collect();
    let values: String = (0..QUEUES).map(|n| format!("VALUE queue-{n} {n} 4\r\n{n:04}\r\n")).collect();
    client.expect(format!("get {}\r\n", keys.join(" ")), values + "END\r\n");
    let deletes: String = keys.iter().map(|key| format!("delete {key}\r\n")).collect();
    client.expect(deletes, "DELETED\r\n".repeat(QUEUES));
}

#[test]
fn thousands_of_waits_end_when_their_clients_hang_up_and_take_nothing() {
    let holder = Holder::start("mode: kestrel, sync: 100ms");
    for round in 0..2 {
        let mut crowd: Vec<Client> = (0..100).map(|_| holder.leash.client()).collect();
        for (number, client) in crowd.iter_mut().enumerate() {
            let waits: String = (0..20).map(|n| format!("get q{}/t=600000/open\r\n", (number * 20 + n) % 50)).collect();
            client.send(waits + &format!("set begun 0 0 1\r\n{round}\r\n"));
        }
        let (mut other, mut begun) = (holder.leash.client(), 0);
        wait_until("all of them wait", BOUND, || {
            begun += usize::from(other.get("begun").unwrap().is_some());
            begun == crowd.len()
        });
        drop(crowd);
        wait_until("a message stays", BOUND, || {
            other.expect("set q0 0 0 1\r\nx\r\nset q49 0 0 1\r\nx\r\n", "STORED\r\nSTORED\r\n");
            let stays = |client: &mut Client, queue| client.get(&format!("{queue}/peek")).unwrap().is_some();
            stays(&mut other, "q0") && stays(&mut other, "q49")
        });
        for queue in ["q0", "q49"] {
            wait_until("what they had is back", BOUND, || {
                while other.get(queue).unwrap().is_some() {}
                other.get(&format!("{queue}/peek")).unwrap().is_none()
            });
        }
    }
}

#[test]
fn clients_that_hang_up_at_any_place_lose_no_message() {
    const MESSAGES: usize = 50;
    let holder = Holder::start("mode: kestrel, sync: 100ms");
    let mut client = holder.leash.client();
    for n in 0..MESSAGES {
        client.expect(format!("set q 0 0 2\r\n{n:02}\r\n"), "STORED\r\n");
    }
    let steps = [
        "get q/open\r\n",
        "get q/t=50/open\r\n",
        "get q/abort\r\n",
        "mg q/open v c\r\n",
        "get q/peek\r\n",
        "get q/t=600000/open\r\n",
        "get q/open x/t=100\r\n",
        "gets q/open q/peek\r\n",
        "get q/list:1000\r\n",
        "set x 0 0 1\r\nx\r\n",
        "get q/position:07\r\n",
    ];
    let mut random = Random::new(7);
    for _ in 0..400 {
        let mut gone = holder.leash.client();
        let said: String = (0..1 + random.below(6)).map(|_| random.of(&steps)).collect();
        let at = random.below(said.len() + 1);
        gone.send(&said[..at]);
        if random.chance(50) {
            // Half a command has no reply.
            gone.set_bound(std::time::Duration::from_millis(20));
            let _ = gone.read_line();
        }
    }
    wait_until("all are there", BOUND, || {
        client.expect("get q/len\r\n", "VALUE q/len 0 ");
        client.read_line().unwrap();
        let count = client.read_line().unwrap();
        client.expect("", "END\r\n");
        count == b"50\r\n"
    });
    for n in 0..MESSAGES {
        client.expect("get q\r\n", format!("VALUE q 0 2\r\n{n:02}\r\nEND\r\n"));
    }
}
