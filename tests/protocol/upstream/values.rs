//! Values of every size, beside each other and one after the other, to and from servers.

use std::io::Write;

use support::fake_server::FakeServer;
use support::figures::metric;
use support::{Client, Leash};

use super::leash_at;

#[test]
fn large_and_small_values_interleave_byte_for_byte() {
    let server = support::Memcached::start_with(&["-I", "2m"]);
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let mut client = leash.client();
    let sizes = [1 << 20, 1, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 0, 1 << 19, 7];
    let value = |n: usize, size: usize| -> Vec<u8> { (0..size).map(|i| (i * 31 + n * 7 + i / 251) as u8).collect() };
    let (mut sets, mut gets) = (Vec::new(), Vec::new());
    for (n, size) in sizes.into_iter().enumerate() {
        let value = value(n, size);
        sets.extend([format!("set key{n} {n} 0 {size}\r\n").as_bytes(), &value, b"\r\n"].concat());
        gets.extend([format!("VALUE key{n} {n} {size}\r\n").as_bytes(), &value, b"\r\nEND\r\n"].concat());
    }
    client.expect(sets, "STORED\r\n".repeat(sizes.len()));
    let ask: String = (0..sizes.len()).map(|n| format!("get key{n}\r\n")).collect();
    client.expect(ask, &gets);
    let many = format!("get {}\r\n", (0..sizes.len()).map(|n| format!("key{n}")).collect::<Vec<_>>().join(" "));
    let together: Vec<u8> = (sizes.iter().enumerate())
        .flat_map(|(n, &size)| [format!("VALUE key{n} {n} {size}\r\n").as_bytes(), &value(n, size), b"\r\n"].concat())
        .chain(*b"END\r\n")
        .collect();
    client.expect(many, together);
}

#[test]
fn values_of_every_size_around_the_boundaries_of_buffers_survive() {
    let server = support::Memcached::start();
    let leash = Leash::with_addresses(&[server.address()]);
    let mut client = leash.client();
    for boundary in [4096usize, 16384, 65536] {
        for size in boundary - 80..boundary + 10 {
            let value: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            client.send([format!("set k 0 0 {size}\r\n").as_bytes(), &value, b"\r\n"].concat());
            client.expect("get k\r\n", "STORED\r\n");
            let reply = [format!("VALUE k 0 {size}\r\n").as_bytes(), &value, b"\r\nEND\r\n"].concat();
            assert!(client.read_exactly(reply.len()).unwrap() == reply, "{size} bytes");
        }
    }
}

#[test]
fn a_value_behind_a_long_binary_key_does_not_become_a_command() {
    use base64::Engine;
    let server = support::Memcached::start();
    let leash = leash_at(
        &server.address(),
        "request_timeout: 5s",
        "routes: [{prefix: \"\", pool: main, namespace: \"shop:\"}]",
    );
    let mut client = leash.client();
    let key = base64::engine::general_purpose::STANDARD.encode([b'k'; 186]);
    let value = "set shop:hidden 0 0 1\r\nx\r\n";
    client.expect(
        format!("ms {key} {} b\r\n{value}\r\n", value.len()),
        "CLIENT_ERROR key too long with its namespace\r\n",
    );
    client.expect("get hidden\r\n", "END\r\n");
}

#[test]
fn what_one_client_asks_about_a_key_keeps_its_order_whether_its_values_are_large_or_small() {
    let server = support::Memcached::start_with(&["-I", "2m"]);
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: ['{}'], request_timeout: 10s}}}}\nroutes: [{{prefix: '', pool: main, allow_flush: true}}]",
        server.address()
    ));
    let mut others: Vec<Client> = (0..2).map(|_| leash.client()).collect();
    let big = vec![b'b'; 1 << 20];
    for n in 0..8 {
        others[0]
            .expect([format!("set big{n} 0 0 {}\r\n", big.len()).as_bytes(), &big, b"\r\n"].concat(), "STORED\r\n");
    }
    let (mut client, mut random) = (leash.client(), support::Random::new(10));
    let mut there: std::collections::HashMap<usize, Vec<u8>> = std::collections::HashMap::new();
    for round in 0..60 {
        // Large values are on their way to others meanwhile.
        for other in &mut others {
            other.send(format!("get big{}\r\n", random.below(8)));
        }
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        for step in 0..40 {
            let key = random.below(4);
            match random.below(20) {
                0..6 => {
                    let length = random.of(&[&10, &5000, &65_535, &65_536, &200_000]);
                    let mut value = format!("{round} {step} ").into_bytes();
                    value.resize(*length, b'x');
                    asked.extend([format!("set key{key} 0 0 {length}\r\n").as_bytes(), &value, b"\r\n"].concat());
                    told.extend(b"STORED\r\n");
                    there.insert(key, value);
                }
                6 => {
                    asked.extend(format!("delete key{key}\r\n").as_bytes());
                    let was_there = there.remove(&key).is_some();
                    told.extend(if was_there { &b"DELETED\r\n"[..] } else { b"NOT_FOUND\r\n" });
                }
                7 if step % 10 == 0 => {
                    asked.extend(b"flush_all\r\n");
                    told.extend(b"OK\r\n");
                    there.clear();
                }
                _ => {
                    asked.extend(format!("get key{key}\r\n").as_bytes());
                    if let Some(value) = there.get(&key) {
                        told.extend(
                            [format!("VALUE key{key} 0 {}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
                        );
                    }
                    told.extend(b"END\r\n");
                }
            }
        }
        std::thread::scope(|scope| {
            let stream = client.stream.try_clone().unwrap();
            scope.spawn(move || (&stream).write_all(&asked).unwrap());
            let heard = client.read_exactly(told.len()).unwrap();
            assert!(heard == told, "round {round}");
        });
        for other in &mut others {
            while other.read_line().unwrap() != b"END\r\n" {}
        }
    }
    assert!(metric(&leash, "leash_upstream_connections", "") > 1.0, "large values travel on a connection of their own");
}

#[test]
fn a_value_that_nobody_waits_for_or_has_room_for_is_dropped_as_it_arrives() {
    let server = FakeServer::start();
    let limits = "limits: {memory: 8MiB, item_size: 1MiB}";
    let leash = leash_at(&server.address(), "request_timeout: 5s", limits);
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let mut client = leash.client();
    client.send("get huge\r\nget small\r\n");
    let mut backend = server.greets();
    let huge = backend.receives("mg huge v f");
    let small = backend.receives("mg small v f");
    let length = 30 << 20;
    backend.sends(format!("VA {length} f0 {}\r\n", huge.opaque));
    client.expect("", "SERVER_ERROR out of memory writing get response\r\n");
    let piece = vec![b'v'; 1 << 20];
    (0..30).for_each(|_| backend.sends(&piece));
    backend.sends("\r\n");
    backend.sends_value(&small, "here");
    client.expect("", "VALUE small 0 4\r\nhere\r\nEND\r\n");
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 12e6, "{} MB are held", grown / 1e6);
}
