//! What TLS with the servers costs leash, beside haproxy that does the same TLS with the same server and understands
//! nothing: CPU time of all threads, in turns.

use std::fs;
use std::process::{Child, Command, Stdio};

use support::{Authority, BOUND, Client, Leash, Memcached, free_port, needs, turn, wait_until};

use super::cost::{Costs, in_turns, ran};

const CLIENTS: usize = 64;
/// Debian keeps it where only root looks.
const HAPROXY: &str = "/usr/sbin/haproxy";

/// What clients ask: so many gets at once each, so many times, of values of so many bytes.
struct Workload {
    name: &'static str,
    at_once: usize,
    times: usize,
    size: usize,
}

const WORKLOADS: [Workload; 3] = [
    Workload { name: "W1", at_once: 1, times: 6, size: 100 },
    Workload { name: "W2", at_once: 16, times: 2, size: 100 },
    Workload { name: "W5", at_once: 1, times: 2, size: 10 << 10 },
];

/// A proxy that only moves bytes.
struct Haproxy {
    child: Child,
    address: String,
}

impl Haproxy {
    fn before(server: &Memcached, authority: &Authority) -> Haproxy {
        let address = format!("127.0.0.1:{}", free_port());
        let (file, ca) = (authority.path("haproxy.cfg"), authority.ca());
        let timeouts = "timeout connect 5s\n timeout client 60s\n timeout server 60s";
        let server = format!("server s {} ssl verify required ca-file {}", server.address(), ca.display());
        let config = format!(
            "global\n nbthread 2\n maxconn 1000\ndefaults\n mode tcp\n {timeouts}\nlisten x\n bind {address}\n {server}\n"
        );
        fs::write(&file, config).unwrap();
        let mut command = Command::new(HAPROXY);
        command.arg("-db").arg("-f").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("haproxy runs");
        wait_until("haproxy listens", BOUND, || Client::try_connect(&address).is_ok());
        Haproxy { child, address }
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nanoseconds that the proxy with this process takes for a request.
fn cost(pid: u32, clients: &mut [Client], workload: &Workload) -> f64 {
    let Workload { at_once, times, size, .. } = *workload;
    let gets = "get key\r\n".repeat(at_once);
    let answer = at_once * (format!("VALUE key 0 {size}\r\n\r\nEND\r\n").len() + size);
    let before = ran(pid);
    for _ in 0..times {
        clients.iter_mut().for_each(|client| client.send(&gets));
        for client in &mut *clients {
            client.read_exactly(answer).expect("all values");
        }
    }
    (ran(pid) - before) as f64 / (times * at_once * clients.len()) as f64
}

#[test]
fn tls_with_servers_costs_no_more_than_in_haproxy() {
    if !needs::has("haproxy", Command::new(HAPROXY).arg("-v")) {
        return;
    }
    let _alone = turn::alone();
    let authority = Authority::new("authority");
    let identity = authority.signs("server", &["127.0.0.1"]);
    let arguments = identity.arguments();
    let server = Memcached::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let haproxy = Haproxy::before(&server, &authority);
    let pool = format!("servers: ['{}'], tls: {{ca: {}}}", server.address(), authority.ca().display());
    let leash = Leash::with_config(&format!("workers: 2\npools: {{main: {{{pool}}}}}\n"));
    // A leash that was built for tests costs many times what the shipped one does, which LEASH_BIN names.
    let most = if std::env::var_os("LEASH_BIN").is_some() { 1.0 } else { 50.0 };
    let connect = |address: &str| (0..CLIENTS).map(|_| Client::connect(address)).collect::<Vec<_>>();
    let (mut of_leash, mut of_haproxy) = (connect(leash.address()), connect(&haproxy.address));
    for workload in &WORKLOADS {
        let value = "v".repeat(workload.size);
        of_leash[0].expect(format!("set key 0 0 {}\r\n{value}\r\n", value.len()), "STORED\r\n");
        let Costs { first, second, quotient } = in_turns(most, || {
            let leash = cost(leash.pid(), &mut of_leash, workload);
            [leash, cost(haproxy.child.id(), &mut of_haproxy, workload)]
        });
        println!("{}: {first:.0} ns a request, haproxy {second:.0}: {quotient:.2}", workload.name);
        assert!(quotient <= most, "{}: {first:.0} ns, haproxy {second:.0}: {quotient:.2}", workload.name);
    }
}
