//! One application that owns its keys: nobody else writes them, so it knows of every read whether it may be.
//!
//! Versions go up. A read may miss, since servers come back empty; it may never find a version older than the last one
//! whose write or delete was acknowledged, or than one that was read. It speaks over several connections, so through
//! several workers, one request at a time. What it misses it sets, as applications do.

use std::io::{self, Write};
use std::sync::RwLock;
use std::time::Instant;

use support::{Client, Random};

use super::seen::{Answer, Sample};

/// What a key may be found to be.
#[derive(Clone, Copy, Default)]
struct Known {
    newest: u64,
    oldest: u64,
}

/// A key, the number of its server, and what is known of it.
pub struct Owned {
    name: String,
    server: usize,
    known: Known,
}

impl Owned {
    pub fn new(name: &str, server: usize) -> Owned {
        Owned { name: name.into(), server, known: Known::default() }
    }

    /// The value of a version tells both, and has a length that goes with it.
    fn value(&self, version: u64) -> String {
        let filling = "x".repeat(version as usize * 37 % 900);
        format!("{} {version} {filling}", self.name)
    }

    fn next(&mut self) -> u64 {
        self.known.newest += 1;
        self.known.newest
    }

    /// A value was read: is it one that may be?
    fn judge(&mut self, value: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(value);
        let version: Option<u64> = text.split(' ').nth(1).and_then(|version| version.parse().ok());
        let version = version.filter(|version| self.value(*version).as_bytes() == value);
        let Owned { name, known, .. } = self;
        match version {
            None => Err(format!("{name}: {text:?} is not its value")),
            Some(version) if version > known.newest => Err(format!("{name}: version {version} was never written")),
            Some(version) if version < known.oldest => {
                Err(format!("{name}: version {version} is read after {} was acknowledged or read", known.oldest))
            }
            Some(version) => {
                known.oldest = version;
                Ok(())
            }
        }
    }
}

/// A way past leash into the pool that a route moves from, open while all servers of it are well.
pub struct Planting {
    pub address: String,
    pub is_open: RwLock<bool>,
}

pub struct Owner<'a> {
    pub clients: Vec<Client>,
    pub keys: Vec<Owned>,
    pub random: Random,
    pub planting: Option<(&'a Planting, Client)>,
    pub samples: Vec<Sample>,
    pub wrong: Vec<String>,
}

impl Owner<'_> {
    /// One thing that applications do.
    pub fn acts(&mut self) -> io::Result<()> {
        let key = self.random.below(self.keys.len());
        match self.random.below(100) {
            0..10 => self.sets(key),
            10..16 => self.deletes(key).map(drop),
            16..22 if self.planting.is_some() => self.plants(key),
            _ => self.reads(key),
        }
    }

    fn reads(&mut self, key: usize) -> io::Result<()> {
        let (begun, client) = (Instant::now(), self.random.below(self.clients.len()));
        let found = self.clients[client].get(&self.keys[key].name)?;
        let answer = if found.is_some() { Answer::Hit } else { Answer::Miss };
        self.notes(key, begun, answer);
        match found {
            Some(value) => {
                self.wrong.extend(self.keys[key].judge(&value).err());
                Ok(())
            }
            None => self.sets(key),
        }
    }

    fn sets(&mut self, key: usize) -> io::Result<()> {
        let version = self.keys[key].next();
        let (name, value) = (&self.keys[key].name, self.keys[key].value(version));
        let request = format!("set {name} 0 1000 {}\r\n{value}\r\n", value.len());
        self.changes(key, &request, version).map(drop)
    }

    /// Whether it was acknowledged.
    fn deletes(&mut self, key: usize) -> io::Result<bool> {
        let version = self.keys[key].next();
        let request = format!("delete {}\r\n", self.keys[key].name);
        // What is written next is newer than the delete.
        self.changes(key, &request, version)
    }

    fn changes(&mut self, key: usize, request: &str, version: u64) -> io::Result<bool> {
        let (begun, client) = (Instant::now(), self.random.below(self.clients.len()));
        let line = exchange(&mut self.clients[client], request)?;
        let is_done = ["STORED", "DELETED", "NOT_FOUND"].contains(&line.as_str());
        self.notes(key, begun, if is_done { Answer::Done } else { Answer::Refused });
        if is_done {
            self.keys[key].known.oldest = version;
        } else if !line.starts_with("SERVER_ERROR server ") {
            self.wrong.push(format!("{request:?} was answered {line:?}"));
        }
        Ok(is_done)
    }

    /// Puts a value where a route moves from, as if it had been there all along.
    fn plants(&mut self, key: usize) -> io::Result<()> {
        let Some(planting) = self.planting.as_ref().map(|(planting, _)| *planting) else { return Ok(()) };
        let is_open = planting.is_open.read().unwrap();
        if !*is_open || !self.deletes(key)? {
            return Ok(());
        }
        let version = self.keys[key].next();
        let (name, value) = (&self.keys[key].name, self.keys[key].value(version));
        let request = format!("set {name} 0 1000 {}\r\n{value}\r\n", value.len());
        let Some((_, client)) = &mut self.planting else { return Ok(()) };
        exchange(client, &request).map(drop)
    }

    fn notes(&mut self, key: usize, begun: Instant, answer: Answer) {
        self.samples.push(Sample { begun, waited: begun.elapsed(), server: self.keys[key].server, answer });
    }
}

fn exchange(client: &mut Client, request: &str) -> io::Result<String> {
    client.stream.write_all(request.as_bytes())?;
    Ok(String::from_utf8_lossy(&client.read_line()?).trim_end().to_string())
}

#[test]
fn an_owner_notices_what_is_not_its_value_and_what_was_replaced() {
    let mut key = Owned::new("key", 0);
    key.known = Known { newest: 9, oldest: 5 };
    for (version, is_right) in [(4, false), (5, true), (7, true), (6, false), (10, false)] {
        let value = key.value(version);
        assert_eq!(key.judge(value.as_bytes()).is_ok(), is_right, "{version}");
        assert!(key.judge(&value.as_bytes()[1..]).is_err());
    }
    let other = Owned::new("other", 0).value(7);
    assert!(key.judge(other.as_bytes()).is_err());
}
