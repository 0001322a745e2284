//! Clients that ask for more than they read, begin what they do not end, or wait for what does not come.

use std::time::Duration;

use support::needs::open_files;
use support::turn::beside_others;
use support::{Authority, Client, Identity, Memcached, free_port};

use super::scene::{Pusher, Scene, comes_to_rest, crowd, push_all};

const SECOND: Duration = Duration::from_secs(1);

/// A pool of one server.
fn pool(server: &Memcached, more: &str) -> String {
    format!("{{servers: ['{}'] {more}}}", server.address())
}

#[test]
fn clients_that_ask_for_large_values_and_do_not_read_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    let server = Memcached::start_with(&["-I", "2m"]);
    let scene = Scene::new(&pool(&server, ", request_timeout: 5s"), "");
    let value = "v".repeat(1_000_000);
    scene.leash.client().expect(format!("set big 0 0 1000000\r\n{value}\r\n"), "STORED\r\n");
    let mut bystander = scene.bystander();
    let clients = crowd(150, 60);
    let mut pushers: Vec<Pusher> = (0..clients).map(|_| Pusher::new(&scene.leash, "get big\r\n".repeat(20))).collect();
    for _ in 0..6 {
        push_all(&mut pushers, SECOND / 2);
        bystander.is_served();
    }
    scene.stayed_below(&format!("{clients} clients that get 1 MB and do not read"));
    // Somebody who reads gets the same value, if not at once: who does not read makes room.
    let mut reader = scene.leash.client();
    support::wait_until("a reader has its large value", 5 * SECOND, || {
        reader.send("get big\r\n");
        let line = reader.read_line().unwrap();
        let is_hit = line.starts_with(b"VALUE big 0 1000000");
        if is_hit {
            reader.read_exactly(1_000_000 + b"\r\nEND\r\n".len()).unwrap();
        }
        is_hit
    });
    assert!(scene.told().contains("what=\"client\""), "nobody was closed: {}", scene.told());
    drop((pushers, reader, bystander));
    scene.gives_back("clients that do not read");
}

#[test]
fn values_that_wait_keep_nothing_of_larger_ones_that_were_read_before_them() {
    const LARGE: usize = 900_000;
    let _turn = beside_others();
    let server = Memcached::start();
    let scene = Scene::new(&pool(&server, ""), "");
    // leash must not know the sizes before it asks.
    let (mut writer, mut reader) = (Client::connect(&server.address()), scene.leash.client());
    let small = "v".repeat(33 * 1024);
    writer.expect(format!("set small 0 0 {}\r\n{small}\r\n", small.len()), "STORED\r\n");
    let keys: Vec<String> = (0..160).map(|number| format!("large{number:03}")).collect();
    for key in &keys {
        writer.expect(format!("set {key} 0 0 {LARGE}\r\n{}\r\n", "v".repeat(LARGE)), "STORED\r\n");
    }
    let reply = format!("VALUE {} 0 {LARGE}\r\n\r\nEND\r\n", keys[0]).len() + LARGE;
    let mut waiting: Vec<Pusher> = Vec::new();
    // A value whose size is not known yet comes on the connection of small ones.
    for (round, key) in keys.iter().enumerate() {
        if round % 40 == 0 {
            // The kernel keeps the first ones. One of two shares its worker with the reader.
            waiting.extend([(); 2].map(|()| Pusher::new(&scene.leash, "get small\r\n".repeat(126))));
            push_all(&mut waiting, SECOND / 4);
        }
        reader.send(format!("get {key}\r\n"));
        reader.read_exactly(reply).unwrap();
        waiting.iter_mut().rev().take(2).for_each(|waiting| waiting.says("get small\r\n"));
        push_all(&mut waiting, SECOND / 200);
    }
    scene.stayed_below("160 values of 33 KiB that wait, each behind one of 900 KB that was read");
    drop((waiting, reader));
    scene.gives_back("values that waited behind larger ones");
}

#[test]
fn sets_that_are_begun_and_not_ended_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    open_files(10_000);
    let server = Memcached::start();
    let scene = Scene::new(&pool(&server, ""), "");
    let mut bystander = scene.bystander();
    let clients = crowd(3000, 1000);
    for sent in [100, 40_000, 200_000] {
        let half = format!("set k 0 0 1000000\r\n{}", "v".repeat(sent));
        let mut pushers: Vec<Pusher> = (0..clients).map(|_| Pusher::new(&scene.leash, half.clone())).collect();
        push_all(&mut pushers, 3 * SECOND);
        bystander.is_served();
        scene.stayed_below(&format!("{clients} sets of 1 MB of which {sent} bytes were sent"));
        let told: Vec<String> = pushers.iter_mut().map(Pusher::hears).filter(|told| !told.is_empty()).collect();
        let words = "SERVER_ERROR out of memory";
        assert!(told.iter().all(|told| told.starts_with(words)), "{:?}", told.first());
        assert!(sent == 100 || !told.is_empty(), "{clients} times {sent} bytes were all kept");
    }
    drop(bystander);
    scene.gives_back("half-sent sets");
}

#[test]
fn clients_that_are_sent_away_and_talk_on_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    open_files(10_000);
    let server = Memcached::start();
    let scene = Scene::new(&pool(&server, ""), "");
    let mut bystander = scene.bystander();
    let clients = crowd(9000, 6000);
    let mut pushers: Vec<Pusher> = (0..clients).map(|_| Pusher::new(&scene.leash, "GET / HTTP/1.1\r\n")).collect();
    push_all(&mut pushers, SECOND / 4);
    pushers.iter_mut().for_each(|pusher| pusher.says(&"x".repeat(20_000)));
    push_all(&mut pushers, 2 * SECOND);
    bystander.is_served();
    scene.stayed_below(&format!("{clients} clients that are sent away and talk on"));
    drop((pushers, bystander));
    scene.gives_back("clients that were sent away");
}

#[test]
fn handshakes_that_are_begun_and_not_ended_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    open_files(10_000);
    let (server, authority) = (Memcached::start(), Authority::new("authority"));
    let (scene, address) = scene_with_tls(&server, &authority);
    let mut bystander = scene.bystander();
    let clients = crowd(9000, 3000);
    // A ClientHello of 64 KiB, of which three records of 16 KiB are said.
    let record = |of_it: &[u8]| [&[22, 3, 1, 0x40, 0][..], of_it, &[b'x'; 0x4000][of_it.len()..]].concat();
    let half = [record(&[1, 0, 0xff, 0xff]), record(&[]), record(&[])].concat();
    let mut pushers: Vec<Pusher> = (0..clients).map(|_| Pusher::at(&address, half.clone())).collect();
    push_all(&mut pushers, 3 * SECOND);
    bystander.is_served();
    scene.stayed_below(&format!("{clients} handshakes of 64 KiB of which 48 were sent"));
    drop((pushers, bystander));
    scene.gives_back("half-done handshakes");
}

/// A scene with a second listener, at that address, which speaks TLS.
fn scene_with_tls(server: &Memcached, authority: &Authority) -> (Scene, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let Identity { cert, key } = authority.signs("leash", &["localhost"]);
    let tls = format!(", tls: {{cert: '{}', key: '{}'}}", cert.display(), key.display());
    (Scene::with_listener(&address, &tls, &pool(server, "")), address)
}

/// Each has a session that waits for the first word.
#[test]
fn handshakes_that_never_begin_count_from_when_their_connections_are_accepted() {
    const SILENT: usize = 500;
    let _turn = beside_others();
    let (server, authority) = (Memcached::start(), Authority::new("authority"));
    let (scene, address) = scene_with_tls(&server, &authority);
    let silent: Vec<_> = (0..SILENT).map(|_| support::Client::connect(&address)).collect();
    let held = || support::figures::metric(&scene.leash, "leash_buffer_bytes", "");
    // 12 KiB each, but for what a worker has not told of yet.
    support::wait_until("their sessions are counted", support::BOUND, || held() > (SILENT * 10 * 1024) as f64);
    drop(silent);
}

#[test]
fn clients_without_tls_take_no_room_for_handshakes() {
    const CLIENTS: usize = 4_000;
    const MOST: u64 = 5 << 10;
    let _turn = beside_others();
    open_files(10_000);
    let server = Memcached::start();
    let scene = Scene::new(&pool(&server, ""), "");
    let mut idle: Vec<Client> = (0..CLIENTS).map(|_| scene.leash.client()).collect();
    idle.iter_mut().for_each(|client| client.expect("get none\r\n", "END\r\n"));
    let each = scene.grown() / CLIENTS as u64;
    println!("an idle client: {each} bytes");
    assert!(each < MOST, "{each} bytes for a client that asks for nothing");
}

#[test]
fn lines_that_are_begun_and_not_ended_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    open_files(10_000);
    let server = Memcached::start();
    let scene = Scene::new(&pool(&server, ""), "");
    let mut bystander = scene.bystander();
    let clients = crowd(3000, 1500);
    let line = format!("get{}", " key".repeat(15_000));
    let mut pushers: Vec<Pusher> = (0..clients).map(|_| Pusher::new(&scene.leash, line.clone())).collect();
    push_all(&mut pushers, 3 * SECOND);
    bystander.is_served();
    scene.stayed_below(&format!("{clients} lines of 60 KB that do not end"));
    drop((pushers, bystander));
    scene.gives_back("half-sent lines");
}

#[test]
fn crowds_that_wait_for_cold_values_hold_no_more_than_the_limit() {
    let _turn = beside_others();
    let (server, busy) = (Memcached::start(), Memcached::start());
    let pools = [&server, &busy].map(|server| pool(server, ", request_timeout: 5s"));
    let refresh = "refresh: {grace: 60s, lease: 2s, cold_wait: 1s}";
    let routes = format!("routes: [{{prefix: '', pool: main}}, {{prefix: 'cold:', pool: cold, {refresh}}}]");
    let scene = Scene::limited(&pools.join(", cold: "), ", in_flight: 100000", &routes).used_to(|leash| {
        let mut client = leash.client();
        for key in (0..1000).map(|key| format!("cold:usual:{key}")) {
            client.expect(format!("get {key}\r\n"), "END\r\n");
            client.expect(format!("set {key} 0 60 5\r\nfresh\r\n"), "STORED\r\n");
        }
    });
    let (clients, keys) = (crowd(100, 20), crowd(10_000, 5_000));
    let comes = |wave: usize| {
        let mut bystander = scene.bystander();
        let gets = |client: usize| {
            (0..keys / 100).map(move |line| {
                let keys: String = (0..100).map(|key| format!(" cold:{wave}:{client}:{line}:{key}")).collect();
                format!("get{keys}\r\n")
            })
        };
        let mut pushers: Vec<Pusher> =
            (0..clients).map(|client| Pusher::new(&scene.leash, gets(client).collect::<String>())).collect();
        for _ in 0..4 {
            push_all(&mut pushers, SECOND);
            bystander.is_served();
        }
        scene.stayed_below(&format!("{clients} clients of {keys} cold misses"));
        let ends = pushers.iter_mut().map(Pusher::hears).map(|told| told.matches("END\r\n").count()).sum::<usize>();
        assert!(ends > 0, "nobody was answered");
        comes_to_rest(&scene.leash);
    };
    comes(0);
    let kept = scene.gives_back("cold misses");
    comes(1);
    scene.falls_to("as many once more", kept + kept / 10);
}

#[test]
fn values_that_others_brought_are_not_kept_for_who_was_told_to_regenerate_them() {
    const LARGE: usize = 1_000_000;
    let _turn = beside_others();
    let server = Memcached::start_with(&["-I", "2m"]);
    let route = "routes: [{prefix: '', pool: main, refresh: {grace: 60s, lease: 40s, cold_wait: 30s}}]";
    let scene = Scene::new(&pool(&server, ", request_timeout: 5s"), route);
    let [mut winner, mut waiting, mut writer] = [(); 3].map(|()| scene.leash.client());
    let value = "v".repeat(LARGE);
    for number in 0..150 {
        winner.expect(format!("get cold{number}\r\n"), "END\r\n");
        waiting.send(format!("get cold{number}\r\n"));
        writer.expect(format!("set cold{number} 0 0 {LARGE}\r\n{value}\r\n"), "STORED\r\n");
        let reply = format!("VALUE cold{number} 0 {LARGE}\r\n\r\nEND\r\n").len() + LARGE;
        waiting.read_exactly(reply).unwrap();
    }
    scene.stayed_below("150 values of 1 MB that somebody else brought");
    drop((winner, waiting, writer));
    scene.gives_back("values that others brought");
}

#[test]
fn replies_that_wait_behind_a_slow_one_do_not_keep_the_buffers_they_were_read_into() {
    let _turn = beside_others();
    let server = Memcached::start();
    let route = "routes: [{prefix: '', pool: main, refresh: {grace: 60s, lease: 40s, cold_wait: 30s}}]";
    let scene = Scene::new(&pool(&server, ", request_timeout: 5s"), route);
    let mut writer = scene.leash.client();
    writer.expect("set small 0 0 5\r\nsmall\r\n", "STORED\r\n");
    let filler = "v".repeat(4000);
    writer.expect(format!("set filler 0 0 4000\r\n{filler}\r\n"), "STORED\r\n");
    let mut winner = scene.leash.client();
    winner.expect("get cold\r\n", "END\r\n");
    let mut waiting: Vec<_> = (0..crowd(40, 20)).map(|_| scene.leash.client()).collect();
    waiting.iter_mut().for_each(|client| client.send("get cold\r\n"));
    // Between two small replies pass 128 KiB of others' values, so that each was read into a buffer of its own.
    let fillers = "get filler\r\n".repeat(32);
    for _ in 0..crowd(500, 100) {
        waiting.iter_mut().for_each(|client| client.send("get small\r\n"));
        writer.send(&fillers);
        writer.read_exactly(32 * (b"VALUE filler 0 4000\r\n".len() + 4000 + b"\r\nEND\r\n".len())).unwrap();
    }
    scene.stayed_below("small replies behind a slow one");
    winner.expect("set cold 0 0 4\r\nwarm\r\n", "STORED\r\n");
    for client in &mut waiting {
        client.expect("", "VALUE cold 0 4\r\nwarm\r\nEND\r\n");
        client.expect("", "VALUE small 0 5\r\nsmall\r\nEND\r\n");
    }
}
