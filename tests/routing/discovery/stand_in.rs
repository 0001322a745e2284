//! The two who know the servers of a pool, played by the test: a configuration endpoint, and a small name service.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

/// What an endpoint answers.
#[derive(Clone)]
pub enum Mood {
    /// To `config get cluster`, with this number and these nodes.
    Knows(u64, Vec<u16>),
    /// The same, to the old command only.
    KnowsOfOld(u64, Vec<u16>),
    /// These bytes to everything.
    Babbles(&'static str),
    /// Takes the question and hangs up.
    HangsUp,
}

/// A configuration endpoint.
pub struct Endpoint {
    pub address: String,
    mood: Arc<Mutex<Mood>>,
}

impl Endpoint {
    pub fn start(mood: Mood) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, mood) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(mood)));
        let known = mood.clone();
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mood = known.lock().unwrap().clone();
                thread::spawn(move || answer(stream, &mood));
            }
        });
        Endpoint { address, mood }
    }

    pub fn is_now(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

fn answer(stream: TcpStream, mood: &Mood) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stream = stream;
    while let Some(Ok(line)) = lines.next() {
        let said = match (mood, line.as_str()) {
            (Mood::Knows(version, ports), "config get cluster") => body("CONFIG cluster", *version, ports),
            (Mood::KnowsOfOld(version, ports), "get AmazonElastiCache:cluster") => {
                body("VALUE AmazonElastiCache:cluster", *version, ports)
            }
            (Mood::Babbles(bytes), _) => (*bytes).to_string(),
            (Mood::HangsUp, _) => return,
            _ => "ERROR\r\n".to_string(),
        };
        if stream.write_all(said.as_bytes()).is_err() {
            return;
        }
    }
}

fn body(first: &str, version: u64, ports: &[u16]) -> String {
    let nodes: Vec<String> = ports.iter().map(|port| format!("localhost|127.0.0.1|{port}")).collect();
    let body = format!("{version}\n{}\n", nodes.join(" "));
    format!("{first} 0 {}\r\n{body}\r\nEND\r\n", body.len())
}

/// A name service that knows SRV records of one name, all of them on `localhost`.
pub struct NameService {
    pub address: SocketAddr,
    ports: Arc<Mutex<Vec<u16>>>,
}

impl NameService {
    pub fn start(ports: Vec<u16>) -> NameService {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, ports) = (socket.local_addr().unwrap(), Arc::new(Mutex::new(ports)));
        let known = ports.clone();
        thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                let ports = known.lock().unwrap().clone();
                let _ = socket.send_to(&reply(&query[..length], &ports), from);
            }
        });
        NameService { address, ports }
    }

    pub fn knows_now(&self, ports: Vec<u16>) {
        *self.ports.lock().unwrap() = ports;
    }
}

/// No records: there is no such name.
fn reply(query: &[u8], ports: &[u16]) -> Vec<u8> {
    let question_end = 12 + query[12..].iter().position(|&b| b == 0).unwrap() + 5;
    let code = if ports.is_empty() { 3 } else { 0 };
    let mut reply = query[..2].to_vec();
    reply.extend([0x84, code, 0, 1, 0, ports.len() as u8, 0, 0, 0, 0]);
    reply.extend(&query[12..question_end]);
    for port in ports {
        let target = b"\x09localhost\x00";
        // The name of the question, type SRV, class IN, no time to live.
        reply.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 6 + target.len() as u8, 0, 0, 0, 0]);
        reply.extend(port.to_be_bytes());
        reply.extend(target);
    }
    reply
}
