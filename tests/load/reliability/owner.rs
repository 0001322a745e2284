//! One of hundreds of applications that own their keys, so that each knows of every answer whether it may be.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{MissedTickBehavior, interval};

use support::Random;
use support::checked_value::{value, version_of};
use support::rig::{connect, read_line};

pub const KEYS_EACH: usize = 8;

/// The keys of one owner.
pub fn keys_of(owner: usize) -> impl Iterator<Item = String> {
    (0..KEYS_EACH).map(move |n| format!("soak{owner}:{n}"))
}

/// What all owners saw.
#[derive(Default)]
pub struct Seen {
    pub asked: usize,
    pub hits: usize,
    pub large: usize,
    /// Errors about keys of the server that flaps, and what its keys missed.
    pub refused: usize,
    pub missed: usize,
    /// Answers that may not be.
    pub wrong: Vec<String>,
    /// Errors and misses of keys whose server is well.
    pub harmed: Vec<Harm>,
    /// How long gets of keys waited whose server is well.
    pub waits: Vec<Duration>,
}

/// An error or a miss that should not be.
pub struct Harm {
    pub what: String,
    begun: Instant,
    ended: Instant,
}

impl Harm {
    fn since(begun: Instant, what: String) -> Harm {
        Harm { what, begun, ended: Instant::now() }
    }

    /// Whether it happened during this.
    pub fn met(&self, time: &Range<Instant>) -> bool {
        self.begun < time.end && time.start < self.ended
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Default)]
struct Known {
    newest: u64,
    oldest: u64,
    /// Whether the newest was acknowledged and not deleted.
    is_there: bool,
}

pub struct Owner {
    keys: Vec<(String, Known)>,
    random: Random,
    shaky: Arc<BTreeSet<String>>,
    seen: Rc<RefCell<Seen>>,
}

type Line = (BufReader<OwnedReadHalf>, OwnedWriteHalf);

impl Owner {
    /// `shaky` are the keys whose server flaps.
    pub fn new(number: usize, shaky: Arc<BTreeSet<String>>, seen: Rc<RefCell<Seen>>) -> Owner {
        let keys = keys_of(number).map(|key| (key, Known::default())).collect();
        Owner { keys, random: Random::new(number as u64 + 1), shaky, seen }
    }

    /// Acts for ever: once in each such time, or as fast as it can.
    pub async fn lives(mut self, address: String, every: Option<Duration>) {
        let mut line = connect(&address).await.expect("a connection");
        let first = every.unwrap_or_default().mul_f64(self.random.below(1000) as f64 / 1000.0);
        tokio::time::sleep(first).await;
        let mut clock = interval(every.unwrap_or(Duration::from_secs(1)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if every.is_some() {
                clock.tick().await;
            }
            if let Err(error) = self.acts(&mut line).await {
                self.seen.borrow_mut().wrong.push(format!("a connection ended: {error}"));
                line = connect(&address).await.expect("a connection");
            }
        }
    }

    async fn acts(&mut self, line: &mut Line) -> io::Result<()> {
        let key = self.random.below(KEYS_EACH);
        self.seen.borrow_mut().asked += 1;
        match self.random.below(100) {
            0..15 => self.sets(line, key).await,
            15..20 => self.deletes(line, key).await,
            _ => self.gets(line, key).await,
        }
    }

    async fn sets(&mut self, line: &mut Line, key: usize) -> io::Result<()> {
        let is_large = self.random.chance(5);
        self.seen.borrow_mut().large += usize::from(is_large);
        let length = if is_large { 100_000 + self.random.below(200_000) } else { self.random.below(2000) };
        let (name, known) = &mut self.keys[key];
        known.newest += 1;
        let value = value(name, known.newest, length);
        let head = format!("set {name} 0 0 {}\r\n", value.len());
        self.changes(line, key, [head.as_bytes(), &value, b"\r\n"].concat(), true).await
    }

    async fn deletes(&mut self, line: &mut Line, key: usize) -> io::Result<()> {
        let (name, known) = &mut self.keys[key];
        // What is written next is newer than the delete.
        known.newest += 1;
        let request = format!("delete {name}\r\n").into_bytes();
        self.changes(line, key, request, false).await
    }

    async fn changes(&mut self, line: &mut Line, key: usize, request: Vec<u8>, is_set: bool) -> io::Result<()> {
        let begun = Instant::now();
        line.1.write_all(&request).await?;
        let answer = read_line(&mut line.0).await?;
        let (name, known) = &mut self.keys[key];
        known.is_there = is_set && answer == "STORED";
        if ["STORED", "DELETED", "NOT_FOUND"].contains(&answer.as_str()) {
            known.oldest = known.newest;
        } else if !answer.starts_with("SERVER_ERROR ") {
            self.seen.borrow_mut().wrong.push(format!("{name}: a change was answered {answer:?}"));
        } else if self.shaky.contains(name) {
            self.seen.borrow_mut().refused += 1;
        } else {
            self.seen.borrow_mut().harmed.push(Harm::since(begun, format!("{name}: {answer}")));
        }
        Ok(())
    }

    async fn gets(&mut self, line: &mut Line, key: usize) -> io::Result<()> {
        let (name, known) = &mut self.keys[key];
        let begun = Instant::now();
        line.1.write_all(format!("get {name}\r\n").as_bytes()).await?;
        let found = read_value(&mut line.0).await?;
        let (mut seen, is_shaky) = (self.seen.borrow_mut(), self.shaky.contains(name));
        if !is_shaky {
            seen.waits.push(begun.elapsed());
        }
        let Some(bytes) = found else {
            match (known.is_there, is_shaky) {
                (true, true) => seen.missed += 1,
                (true, false) => seen.harmed.push(Harm::since(begun, format!("{name}: missed"))),
                (false, _) => {}
            }
            return Ok(());
        };
        seen.hits += 1;
        match version_of(name, &bytes) {
            Some(version) if (known.oldest..=known.newest).contains(&version) => known.oldest = version,
            version => {
                let Known { oldest, newest, .. } = *known;
                seen.wrong
                    .push(format!("{name}: {} bytes of version {version:?}, not {oldest}..={newest}", bytes.len()));
            }
        }
        Ok(())
    }
}

async fn read_value(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let line = read_line(reader).await?;
    if line == "END" {
        return Ok(None);
    }
    let length = line.rsplit(' ').next().and_then(|length| length.parse::<usize>().ok());
    let length = length.filter(|_| line.starts_with("VALUE ")).ok_or_else(|| io::Error::other(line))?;
    let mut bytes = vec![0; length + 7];
    reader.read_exact(&mut bytes).await?;
    let is_whole = bytes.ends_with(b"\r\nEND\r\n");
    bytes.truncate(length);
    if is_whole { Ok(Some(bytes)) } else { Err(io::Error::other("the end of a get")) }
}
