//! Fifty producers and fifty consumers over several sidecars. Most are threads that read and write the protocol themselves,
//! some are Python programs with clients in use; each tells the ledger what it hears.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use support::{Random, pause, script};

use super::ledger::Ledger;

pub const PRODUCERS: usize = 50;
pub const CONSUMERS: usize = 50;
/// Of the producers and of the consumers so many are programs of their own.
pub const PROGRAMS: usize = 2;
pub const QUEUES: usize = 16;
/// Longer than anything takes while its process lives.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a crowd knows together.
pub struct Common {
    pub ledger: Ledger,
    sidecars: Vec<String>,
    /// What each producer stores before it ends, if it may end by then.
    each: usize,
    may_end: AtomicBool,
    is_over: AtomicBool,
    producing: AtomicUsize,
    /// Puts that failed.
    pub refused: AtomicUsize,
    /// Of a hundred messages, so many are taken by consumers that die with them.
    deaths: usize,
}

/// The crowd; it goes home when it is dropped.
pub struct Crowd {
    pub common: Arc<Common>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Before these sidecars; each producer stores at least `each` messages.
    pub fn begin(sidecars: &[&str], each: usize, deaths: usize) -> Crowd {
        let common = Arc::new(Common {
            ledger: Ledger::default(),
            sidecars: sidecars.iter().map(ToString::to_string).collect(),
            each,
            may_end: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            producing: AtomicUsize::new(PRODUCERS),
            refused: AtomicUsize::new(0),
            deaths,
        });
        let mut threads = Vec::new();
        for number in 0..PRODUCERS {
            let common = common.clone();
            threads.push(thread::spawn(move || {
                if number < PROGRAMS {
                    common.follow("produce", number)
                } else {
                    common.produce(number)
                }
                common.producing.fetch_sub(1, SeqCst);
            }));
        }
        for number in 0..CONSUMERS {
            let common = common.clone();
            let consume =
                move || if number < PROGRAMS { common.follow("consume", number) } else { common.consume(number) };
            threads.push(thread::spawn(consume));
        }
        Crowd { common, threads }
    }

    /// Lets the producers end once they have stored enough; whether they have.
    pub fn has_stored_enough(&self) -> bool {
        self.common.may_end.store(true, SeqCst);
        self.common.producing.load(SeqCst) == 0
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.common.may_end.store(true, SeqCst);
        self.common.is_over.store(true, SeqCst);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(thread::panicking() || ended.is_ok(), "one of the crowd has failed");
        }
    }
}

impl Common {
    fn is_over(&self) -> bool {
        self.is_over.load(SeqCst)
    }

    fn has_produced(&self, stored: usize) -> bool {
        self.is_over() || (stored >= self.each && self.may_end.load(SeqCst))
    }

    /// A connection to any sidecar that takes one.
    fn connect(&self, random: &mut Random) -> Option<Talk> {
        while !self.is_over() {
            match Talk::with(&self.sidecars[random.below(self.sidecars.len())]) {
                Ok(talk) => return Some(talk),
                Err(_) => pause(Duration::from_millis(20)),
            }
        }
        None
    }

    fn produce(&self, number: usize) {
        let mut random = Random::new(1 + number as u64);
        let (mut sent, mut stored) = (0, 0);
        while !self.has_produced(stored) {
            let Some(mut talk) = self.connect(&mut random) else { return };
            while !self.has_produced(stored) {
                sent += 1;
                let message = format!("{number}-{sent}-{}", "x".repeat(random.below(200)));
                match talk.put(&format!("q{}", number % QUEUES), &message) {
                    Ok(true) => {
                        self.ledger.stored(&message);
                        stored += 1;
                    }
                    Ok(false) => self.refused(),
                    Err(_) => {
                        self.refused();
                        break;
                    }
                }
            }
        }
    }

    fn refused(&self) {
        self.refused.fetch_add(1, SeqCst);
        pause(Duration::from_millis(10));
    }

    fn consume(&self, number: usize) {
        let mut random = Random::new(1_000 + number as u64);
        let mut last = HashMap::new();
        while let Some(mut talk) = self.connect(&mut random) {
            for queue in number.. {
                let queue = format!("q{}", queue % QUEUES);
                if self.is_over() || self.take(&mut talk, &queue, &mut random, &mut last).is_err() {
                    break;
                }
            }
        }
    }

    /// Takes one message, if there is one, and says that it is done with; or dies with it.
    fn take(
        &self,
        talk: &mut Talk,
        queue: &str,
        random: &mut Random,
        last: &mut HashMap<String, usize>,
    ) -> io::Result<()> {
        let Some(message) = talk.get(&format!("{queue}/t=20"))? else { return Ok(()) };
        self.ledger.delivered(&message);
        self.note_order(&message, last);
        if random.chance(self.deaths) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        // A holder that does not answer may be back soon: the message is the consumer's still.
        for _ in 0..200 {
            match talk.ask(&format!("delete {queue}\r\n"))?.as_str() {
                "DELETED" => {
                    self.ledger.done(&message);
                    return Ok(());
                }
                "NOT_FOUND" => return Ok(()),
                _ => pause(Duration::from_millis(20)),
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Where no one dies, a consumer is given the messages of one producer in their order.
    fn note_order(&self, message: &str, last: &mut HashMap<String, usize>) {
        let (producer, rest) = message.split_once('-').expect("a message of the crowd");
        let number: usize = rest.split('-').next().unwrap().parse().unwrap();
        if last.insert(producer.to_string(), number).is_some_and(|before| before >= number) {
            self.ledger.out_of_order();
        }
    }

    /// A program of its own tells what it hears, a line each. It is killed now and then if consumers die.
    fn follow(&self, role: &str, number: usize) {
        let mut random = Random::new(2_000 + number as u64);
        let (mut begun, mut stored) = (0, 0);
        let is_done = |stored: usize| self.is_over() || (role == "produce" && self.has_produced(stored));
        while !is_done(stored) {
            begun += 1;
            let sidecar = &self.sidecars[random.below(self.sidecars.len())];
            let mut program = Program::start(role, sidecar, &format!("{number}.{begun}"), number % QUEUES);
            // What it has said before it is killed counts.
            for line in program.lines() {
                let dies = self.hear(&line, &mut stored) && random.chance(self.deaths);
                if dies || is_done(stored) {
                    program.kill();
                }
            }
        }
    }

    /// Whether a message was delivered.
    fn hear(&self, line: &str, stored: &mut usize) -> bool {
        let (word, message) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "stored" => {
                self.ledger.stored(message);
                *stored += 1;
            }
            "delivered" => self.ledger.delivered(message),
            "done" => self.ledger.done(message),
            "refused" => self.refused(),
            _ => assert_eq!(line, "idle", "a program says something else"),
        }
        word == "delivered"
    }
}

/// A Python program with a client in use.
struct Program(Child);

impl Program {
    fn start(role: &str, sidecar: &str, name: &str, queue: usize) -> Program {
        let mut command: Command = script::python("tests/policies/queues_sidecar/worker.py");
        command.args([role, sidecar, name, &queue.to_string(), &QUEUES.to_string()]);
        Program(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("Python runs"))
    }

    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok)
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}

/// One connection to a sidecar, which may break at any time.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn with(sidecar: &str) -> io::Result<Talk> {
        let stream = TcpStream::connect(sidecar)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Talk(BufReader::new(stream)))
    }

    fn ask(&mut self, words: &str) -> io::Result<String> {
        self.0.get_mut().write_all(words.as_bytes())?;
        self.line()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(line.to_string())
    }

    fn put(&mut self, queue: &str, message: &str) -> io::Result<bool> {
        let answer = self.ask(&format!("set {queue} 0 0 {}\r\n{message}\r\n", message.len()))?;
        Ok(answer == "STORED")
    }

    fn get(&mut self, key: &str) -> io::Result<Option<String>> {
        let head = self.ask(&format!("get {key}\r\n"))?;
        if head == "END" {
            return Ok(None);
        }
        let length = head.rsplit(' ').next().and_then(|length| length.parse::<usize>().ok());
        let length = length.filter(|_| head.starts_with(&format!("VALUE {key} 0 ")));
        let length = length.unwrap_or_else(|| panic!("a get is answered {head}"));
        let mut rest = vec![0; length + "\r\nEND\r\n".len()];
        self.0.read_exact(&mut rest)?;
        rest.truncate(length);
        Ok(Some(String::from_utf8(rest).expect("a message of the crowd")))
    }
}
