//! Servers that send more than anybody can hold, or take everything and answer nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use support::needs::open_files;
use support::rig::{Lie, Pace, Paced, Trouble};
use support::turn::beside_others;
use support::{Client, Memcached, Origin};

use super::scene::{Pusher, Scene, comes_to_rest, crowd, push_all};

const SECOND: Duration = Duration::from_secs(1);
const MEGABYTES: usize = 1 << 20;
/// How many values a loader brings at once, and how large each is.
const LOADS: usize = 64;
const LOADED: usize = 4 << 20;
/// Values that it brings at once and before those, and how large each is.
const USUAL: usize = 100;
const USUAL_LENGTH: usize = 10_000;
/// Routes of which one leads to servers that do not answer.
const LOST: &str = "routes: [{prefix: '', pool: main}, {prefix: 'lost:', pool: lost}]";

fn pool(address: &str) -> String {
    format!("{{servers: ['{address}'], request_timeout: 5s}}")
}

/// Puts `length` bytes into a server, past leash.
fn fill(server: &Memcached, length: usize) {
    let mut client = Client::connect(&server.address());
    client.set_bound(30 * SECOND);
    client.send(format!("set giant 0 0 {length}\r\n"));
    client.send(vec![b'v'; length]);
    client.expect("\r\n", "STORED\r\n");
}

#[test]
fn a_value_that_is_larger_than_all_memory_is_not_held() {
    let _turn = beside_others();
    let length = crowd(500, 200) * MEGABYTES;
    let server = Memcached::start_with(&["-m", "1200", "-I", "600m"]);
    fill(&server, length);
    let scene = Scene::new(&pool(&server.address()), "");
    let mut bystander = scene.bystander();
    let mut askers: Vec<Pusher> = (0..2).map(|_| Pusher::new(&scene.leash, "get giant\r\nversion\r\n")).collect();
    push_all(&mut askers, 3 * SECOND);
    comes_to_rest(&scene.leash);
    bystander.is_served();
    scene.stayed_below(&format!("two gets of {} MiB", length / MEGABYTES));
    for told in askers.iter_mut().map(Pusher::hears) {
        let is_refused = told.starts_with("SERVER_ERROR ") || told.starts_with("END\r\n");
        assert!(is_refused && told.contains("VERSION "), "{:?}", &told[..told.len().min(80)]);
    }
    drop((askers, bystander));
    scene.gives_back("a giant value");
}

#[test]
fn a_value_that_never_ends_is_not_held() {
    let _turn = beside_others();
    let server = Memcached::start();
    let way = Paced::before(&server, Pace::default());
    let scene = Scene::new(&pool(&way.address()), "");
    let mut bystander = scene.bystander();
    way.suffers(Trouble::Lies(Lie::EndlessValue));
    let mut askers: Vec<Pusher> = (0..4).map(|_| Pusher::new(&scene.leash, "get bystander\r\n")).collect();
    push_all(&mut askers, 4 * SECOND);
    scene.stayed_below("a value that never ends");
    way.suffers(Trouble::None);
    drop(askers);
    support::wait_until("its server is up again", 15 * SECOND, || {
        let mut client = scene.leash.client();
        client.send("get bystander\r\n");
        client.read_line().is_ok_and(|line| line.starts_with(b"VALUE "))
    });
    bystander.is_served();
    drop(bystander);
    scene.gives_back("an endless value");
}

#[test]
fn values_that_a_loader_brings_slowly_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    // All of each value but its last byte, which comes once it is wanted no more.
    let announced = format!(
        "self.send_response(200)\nself.send_header('Content-Length', '{LOADED}')\nself.end_headers()\n\
         self.wfile.write(b'v' * ({LOADED} - 1))\ntime.sleep(8)\nself.wfile.write(b'v')"
    );
    let in_chunks = format!(
        "self.protocol_version = 'HTTP/1.1'\nself.send_response(200)\n\
         self.send_header('Transfer-Encoding', 'chunked')\nself.end_headers()\n\
         self.wfile.write(b'%x\\r\\n' % {LOADED} + b'v' * ({LOADED} - 1))\ntime.sleep(8)\n\
         self.wfile.write(b'v\\r\\n0\\r\\n\\r\\n')"
    );
    loads("announced", &announced);
    loads("in chunks", &in_chunks);
}

/// Many clients that wait for large values, each of which this answers.
fn loads(how: &str, answer: &str) {
    let usual = format!("if 'usual' in path:\n    return self.say(200, b'v' * {USUAL_LENGTH})\n");
    let (server, origin) = (Memcached::start_with(&["-I", "8m"]), Origin::start(&(usual + answer)));
    let url = origin.url("/{key}");
    let loader = format!("loader: {{url: '{url}', timeout: 6s, max_in_flight: {LOADS}}}");
    let routes = format!("routes: [{{prefix: '', pool: main}}, {{prefix: 'made:', pool: main, {loader}}}]");
    let scene = Scene::limited(&pool(&server.address()), ", item_size: 8MiB", &routes).used_to(|leash| {
        let (mut client, value) = (leash.client(), "v".repeat(USUAL_LENGTH));
        for key in (0..USUAL).map(|key| format!("made:usual:{key}")) {
            client.expect(format!("get {key}\r\n"), format!("VALUE {key} 0 {USUAL_LENGTH}\r\n{value}\r\nEND\r\n"));
        }
    });
    let mut bystander = scene.bystander();
    let mut askers: Vec<Pusher> =
        (0..LOADS).map(|key| Pusher::new(&scene.leash, format!("get made:{key}\r\n"))).collect();
    for _ in 0..6 {
        push_all(&mut askers, SECOND / 2);
        bystander.is_served();
    }
    let what = format!("{LOADS} values of {} MiB that a loader brings slowly, {how}", LOADED / MEGABYTES);
    scene.stayed_below(&what);
    assert!(scene.told().contains("what=\"value\""), "{what}: none was given up: {}", scene.told());
    drop((askers, bystander));
    scene.gives_back(&what);
}

#[test]
fn sets_to_a_server_that_reads_and_never_answers_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    let mute = mute();
    let healthy = Memcached::start();
    let pools = format!("{{servers: ['{}']}}, lost: {}", healthy.address(), pool(&mute));
    let scene = Scene::new(&pools, LOST);
    let mut bystander = scene.bystander();
    let set = format!("set lost:k 0 0 1000000\r\n{}\r\n", "v".repeat(1_000_000));
    let mut setters: Vec<Pusher> = (0..30).map(|_| Pusher::new(&scene.leash, set.repeat(20))).collect();
    for _ in 0..4 {
        push_all(&mut setters, SECOND);
        bystander.is_served();
    }
    scene.stayed_below("30 clients that set to a server that never answers");
    drop((setters, bystander));
    comes_to_rest(&scene.leash);
    scene.gives_back("sets without answers");
}

#[test]
fn requests_that_servers_do_not_answer_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    open_files(10_000);
    for verb in ["get", "delete", "set"] {
        let (healthy, mutes) = (Memcached::start(), [(); 8].map(|()| format!("'{}'", mute())));
        let lost = format!("{{servers: [{}], request_timeout: 20s}}", mutes.join(", "));
        let pools = format!("{{servers: ['{}']}}, lost: {lost}", healthy.address());
        let scene = Scene::new(&pools, LOST);
        let mut bystander = scene.bystander();
        // Who only saw small replies is let have many in flight.
        let clients = crowd(2000, 1000);
        let small = "get nothing\r\n".repeat(100);
        let mut askers: Vec<Pusher> = (0..clients).map(|_| Pusher::new(&scene.leash, small.clone())).collect();
        push_all(&mut askers, SECOND);
        for (wave, askers) in askers.chunks_mut(50).enumerate() {
            for (number, asker) in askers.iter_mut().enumerate() {
                asker.hears();
                (0..1020)
                    .for_each(|key| asker.says(&long_request(verb, &format!("lost:{wave:04}{number:04}{key:06}"))));
            }
            push_all(askers, SECOND / 5);
            bystander.is_served();
        }
        scene.stayed_below(&format!("{clients} clients, each of 1020 {verb}s that are not answered"));
    }
}

/// A request with the longest key that begins so.
fn long_request(verb: &str, key: &str) -> String {
    let value = "v".repeat(100);
    let rest = if verb == "set" { format!(" 0 0 {}\r\n{value}", value.len()) } else { String::new() };
    format!("{verb} {key:k<250}{rest}\r\n")
}

#[test]
fn a_small_request_that_waits_does_not_keep_the_buffer_it_was_read_into() {
    let _turn = beside_others();
    open_files(10_000);
    let (healthy, mute) = (Memcached::start(), mute());
    let pools = format!("{{servers: ['{}']}}, lost: {{servers: ['{mute}'], request_timeout: 30s}}", healthy.address());
    let scene = Scene::new(&pools, LOST);
    // One of two shares its worker with who waits.
    let mut fillers = [(); 2].map(|()| scene.leash.client());
    let sets = format!("set filler 0 0 3000\r\n{}\r\n", "v".repeat(3000)).repeat(22);
    let mut waiting: Vec<Client> = (0..crowd(4000, 2000)).map(|_| scene.leash.client()).collect();
    for (number, client) in waiting.iter_mut().enumerate() {
        client.send(format!("get lost:{number}\r\n"));
        fillers.iter_mut().for_each(|filler| filler.send(&sets));
        fillers.iter_mut().for_each(|filler| filler.expect("", "STORED\r\n".repeat(22)));
    }
    scene.stayed_below(&format!("{} gets that wait, each read with 64 KiB of others' sets", waiting.len()));
}

#[test]
fn hundreds_of_servers_take_the_room_of_few() {
    const SERVERS: usize = 200;
    const MOST: u64 = 16 << 20;
    let _turn = beside_others();
    let hosts: Vec<String> = (1..=SERVERS).map(|host| format!("127.0.1.{host}")).collect();
    let server = Memcached::start_with(&["-l", &hosts.join(",")]);
    let servers: Vec<String> = hosts.iter().map(|host| format!("'{host}:{}'", server.port())).collect();
    let scene = Scene::new(&format!("{{servers: [{}]}}", servers.join(", ")), "");
    let keys: Vec<String> = (0..3000).map(|key| format!("key:{key}")).collect();
    let value = "v".repeat(1000);
    // Some of each worker. What each reads from each server fills a buffer of 64 KiB.
    for mut client in [(); 6].map(|()| scene.leash.client()) {
        for some in keys.chunks(100) {
            some.iter().for_each(|key| client.send(format!("set {key} 0 0 1000 noreply\r\n{value}\r\n")));
            let found: String = some.iter().map(|key| format!("VALUE {key} 0 1000\r\n{value}\r\n")).collect();
            (0..8).for_each(|_| client.expect(format!("get {}\r\n", some.join(" ")), format!("{found}END\r\n")));
        }
    }
    let grown = scene.grown();
    println!("{SERVERS} servers that were read from: {} KiB", grown >> 10);
    assert!(grown < MOST, "{} KiB for {SERVERS} servers", grown >> 10);
}

/// A server that greets, takes what it is sent, and says nothing.
fn mute() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || greet_and_swallow(stream));
        }
    });
    address
}

fn greet_and_swallow(stream: TcpStream) -> Option<()> {
    let mut to = stream.try_clone().ok()?;
    let (mut from, mut line) = (BufReader::new(stream), String::new());
    for answer in ["MN\r\n", "VERSION 1.6.21\r\n"] {
        line.clear();
        from.read_line(&mut line).ok()?;
        to.write_all(answer.as_bytes()).ok()?;
    }
    std::io::copy(&mut from, &mut std::io::sink()).ok()?;
    Some(())
}
