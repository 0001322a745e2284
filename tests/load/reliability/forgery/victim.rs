//! A client whose values say whose they are. It knows the one that each of its keys may have, and takes nothing else.

use std::io;
use std::sync::atomic::Ordering;

use support::checked_value::{value, version_of};
use support::{Client, Random};

use super::{ROUTES, Tally};

/// What all its keys, and so all its values, have in them.
pub(super) const MARK: &str = "victim";
const KEYS: usize = 20;

pub(super) struct Victim<'a> {
    id: u64,
    random: Random,
    address: &'a str,
    tally: &'a Tally,
    version: u64,
}

/// One question, and whose value its answer may hold.
enum Asked {
    Line(&'static [&'static str]),
    Get(Vec<String>),
    Meta(String, u64),
}

impl<'a> Victim<'a> {
    pub(super) fn new(id: u64, address: &'a str, tally: &'a Tally) -> Victim<'a> {
        Victim { id, random: Random::new(1000 + id), address, tally, version: 0 }
    }

    pub(super) fn asks(mut self) {
        let mut client = Client::connect(self.address);
        while self.tally.goes_on() {
            let (bytes, asked) = self.batch();
            self.tally.asked(asked.len());
            client.send(bytes);
            let answered = asked.iter().try_for_each(|asked| self.is_answered(&mut client, asked));
            if let Err(error) = answered {
                self.tally.blame(format!("a victim's connection: {error}"));
            }
        }
    }

    fn key(&mut self) -> String {
        format!("{}{MARK}{}-{}", self.random.of(&ROUTES), self.id, self.random.below(KEYS))
    }

    fn batch(&mut self) -> (Vec<u8>, Vec<Asked>) {
        let (mut bytes, mut asked) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.random.below(20) {
            let key = self.key();
            let question = match self.random.below(20) {
                0..5 => {
                    self.version += 1;
                    let value = value(&key, self.version, self.random.below(300));
                    let head = format!("set {key} 0 100 {}\r\n", value.len());
                    bytes.extend([head.as_bytes(), &value, b"\r\n"].concat());
                    Asked::Line(&["STORED"])
                }
                5 => {
                    bytes.extend(format!("delete {key}\r\n").bytes());
                    Asked::Line(&["DELETED", "NOT_FOUND"])
                }
                6 => {
                    bytes.extend(format!("touch {key} 100\r\n").bytes());
                    Asked::Line(&["TOUCHED", "NOT_FOUND"])
                }
                7..10 => {
                    let mine = self.random.number();
                    bytes.extend(format!("mg {key} O{mine} v\r\n").bytes());
                    Asked::Meta(key, mine)
                }
                10 => {
                    let mut keys: Vec<String> = (0..10).map(|_| self.key()).collect();
                    keys.sort();
                    keys.dedup();
                    bytes.extend(format!("get {}\r\n", keys.join(" ")).bytes());
                    Asked::Get(keys)
                }
                _ => {
                    bytes.extend(format!("get {key}\r\n").bytes());
                    Asked::Get(vec![key])
                }
            };
            asked.push(question);
        }
        (bytes, asked)
    }

    fn is_answered(&self, client: &mut Client, asked: &Asked) -> io::Result<()> {
        match asked {
            Asked::Line(fitting) => {
                let line = line(client)?;
                if line.starts_with("SERVER_ERROR ") {
                    self.tally.errors.fetch_add(1, Ordering::Relaxed);
                } else if !fitting.contains(&line.as_str()) {
                    self.tally.blame(format!("{line:?} instead of {fitting:?}"));
                }
                Ok(())
            }
            Asked::Get(keys) => self.is_answered_with_values_of(client, keys),
            Asked::Meta(key, mine) => {
                let line = line(client)?;
                let words: Vec<&str> = line.split(' ').collect();
                match words[..] {
                    ["EN", opaque] | ["EN", opaque, "W" | "Z"] if opaque == format!("O{mine}") => Ok(()),
                    ["VA", length, opaque, ..] if opaque == format!("O{mine}") => self.is_value_of(client, key, length),
                    _ => Err(io::Error::other(line)),
                }
            }
        }
    }

    fn is_answered_with_values_of(&self, client: &mut Client, keys: &[String]) -> io::Result<()> {
        loop {
            let line = line(client)?;
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["END"] => return Ok(()),
                ["VALUE", key, "0", length] if keys.iter().any(|asked| asked == key) => {
                    self.is_value_of(client, key, length)?;
                }
                _ => return Err(io::Error::other(line)),
            }
        }
    }

    fn is_value_of(&self, client: &mut Client, key: &str, length: &str) -> io::Result<()> {
        let length = length.parse().map_err(io::Error::other)?;
        let value = client.read_exactly(length)?;
        if client.read_exactly(2)? != b"\r\n" || version_of(key, &value).is_none_or(|version| version > self.version) {
            self.tally.blame(format!("{key} is told {}", value.escape_ascii()));
        }
        self.tally.hits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn line(client: &mut Client) -> io::Result<String> {
    let line = client.read_line()?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_string())
}
