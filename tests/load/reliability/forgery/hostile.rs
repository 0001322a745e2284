//! A client that means harm: it writes replies into keys, values, flags and lengths, has servers tell them again,
//! counts wrong, and hangs up in the middle. It reads what it is told, for there must be nothing in it of anybody else.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use support::{Client, Random};

use super::victim::MARK;
use super::{ROUTES, Tally};

/// Keys each hostile client writes to: few, so that what one command leaves behind is what the next one is about.
const KEYS: usize = 12;
/// The most bytes of a key that is sent in base64, whatever stands before it.
const LONGEST: usize = 186;

pub(super) struct Hostile<'a> {
    id: u64,
    random: Random,
    address: &'a str,
    tally: &'a Tally,
    /// What its keys in base64 hold, beginning with a route.
    keys: Vec<Vec<u8>>,
    batches: u64,
}

impl<'a> Hostile<'a> {
    pub(super) fn new(id: u64, address: &'a str, tally: &'a Tally) -> Hostile<'a> {
        Hostile { id, random: Random::new(id), address, tally, keys: Vec::new(), batches: 0 }
    }

    pub(super) fn attacks(mut self) {
        let mut client = Client::connect(self.address);
        while self.tally.goes_on() {
            self.keys = (0..KEYS).map(|_| self.forged_key()).collect();
            self.batches += 1;
            match self.attack(&mut client) {
                Ok(true) => {}
                // It left, or what it said is of a kind that ends its connection.
                Ok(false) | Err(_) => client = Client::connect(self.address),
            }
        }
    }

    /// One pipeline, and whether the connection is still good after it.
    fn attack(&mut self, client: &mut Client) -> io::Result<bool> {
        let count = 1 + self.random.below(100);
        let mut bytes: Vec<u8> = (0..count).flat_map(|_| self.command()).collect();
        self.tally.asked(count);
        // Whatever it said before, this ends a value that it announced and did not send.
        let end = format!("{}-{}", self.id, self.batches);
        bytes.extend([b"\r\n".repeat(2), format!("mg plain:none O{end}\r\n").into_bytes()].concat());
        client.stream.write_all(&bytes)?;
        if self.random.chance(3) {
            return Ok(false);
        }
        let end = format!("EN O{end}");
        loop {
            let line = client.read_line()?;
            if line.windows(MARK.len()).any(|part| part == MARK.as_bytes()) {
                self.tally.blame(format!("somebody else is told {}", line.escape_ascii()));
            }
            if line.starts_with(end.as_bytes()) {
                return Ok(true);
            }
        }
    }

    /// What could pass for the replies to somebody's next questions.
    fn forged(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            let token = match self.random.below(4) {
                0..2 => self.random.below(64).to_string(),
                2 => "?".repeat(8),
                _ => (0..8).map(|_| char::from(b'?' + self.random.below(64) as u8)).collect(),
            };
            let line = match self.random.below(9) {
                0..3 => format!("VA 4 f0 O{token}\r\nEVIL\r\n"),
                3 => format!("VA 4 f0 t50 O{token}\r\nEVIL\r\n"),
                4 => format!("HD O{token}\r\n"),
                5 => format!("NF O{token}\r\n"),
                6 => "EN\r\n".repeat(1 + self.random.below(30)),
                7 => "MN\r\nOK\r\nVERSION 1\r\n".into(),
                _ => "ERROR\r\nSERVER_ERROR EVIL\r\n".into(),
            };
            all.extend(line.bytes());
        }
        all
    }

    /// A route, and behind it a line end and forged replies.
    fn forged_key(&mut self) -> Vec<u8> {
        // With a fact behind it, it may be all that a line of `me` has to be.
        let (route, word) = (self.route(), self.random.of(&["a=1", "y", "O1", ""]));
        let name = format!("{route}h{} {word}\r\n", self.id);
        let mut key = [name.into_bytes(), self.forged()].concat();
        key.truncate(self.random.of(&["40", "100", "170", "186"]).parse().unwrap_or(LONGEST));
        key
    }

    /// Most often one where a request is just passed on: there it takes the least time.
    fn route(&mut self) -> &'static str {
        if self.random.chance(60) { self.random.of(&ROUTES[..3]) } else { self.random.of(&ROUTES) }
    }

    fn binary(&mut self) -> String {
        let place = self.random.below(KEYS);
        STANDARD.encode(&self.keys[place])
    }

    /// A text key that could be a word of a reply, or of just the length that is allowed, or one more.
    fn text(&mut self) -> String {
        let route = self.route();
        match self.random.below(8) {
            0 => format!("{route}O{}", self.random.below(64)),
            1 => self.random.of(&["VA", "HD", "EN", "4", "f0", "MN", "ERROR", "b", "k"]).to_string(),
            2 => format!("{route:x<width$}", width = 244 + self.random.below(8)),
            _ => format!("{route}h{}", self.random.below(KEYS)),
        }
    }

    fn flags(&mut self) -> String {
        let choices = [
            "k",
            "v",
            "f",
            "t",
            "c",
            "s",
            "h",
            "l",
            "q",
            "u",
            "b",
            "I",
            "x",
            "N30",
            "T30",
            "R30",
            "MA",
            "MP",
            "ME",
            "MS",
            "MR",
            "M",
            "MSS",
            "F4294967295",
            "F4294967296",
            "F18446744073709551615",
            "F-1",
            "Fx",
            "T-1",
            "T4294967297",
            "D18446744073709551615",
            "D1",
            "J9",
            "Jx",
            "C0",
            "C18446744073709551615",
            "E7",
            "E18446744073709551615",
            "O",
            "O1",
            "O2",
            "O????????",
            "O VA",
            "O\u{7f}",
            "Ok",
            "P1",
            "Lx",
            "\u{80}",
            "z",
        ];
        let long = format!("O{}", "o".repeat(29 + self.random.below(5)));
        let mut flags = String::new();
        for _ in 0..self.random.of(&["1", "3", "5", "18", "22"]).parse().unwrap_or(1) {
            let flag = if self.random.chance(3) { &long } else { self.random.of(&choices) };
            flags.push(' ');
            flags.push_str(flag);
        }
        flags
    }

    fn command(&mut self) -> Vec<u8> {
        match self.random.below(20) {
            0..7 => self.repeats_a_key(),
            7..11 => self.odd_meta(),
            11..15 => self.stores(),
            15..18 => self.reads(),
            _ => self.junk(),
        }
    }

    /// Items whose keys memcached takes for text, and questions whose answers hold the key.
    fn repeats_a_key(&mut self) -> Vec<u8> {
        let key = self.binary();
        let line = match self.random.below(12) {
            0 => format!("ma {key} b N0 J9\r\n"),
            1 => format!("ma {key} b N30 k v q\r\n"),
            2 => format!("ma {key} b D9999999999 k\r\n"),
            3 => format!("mg {key} b N30 k\r\n"),
            4 => format!("mg {key} b k v f t\r\n"),
            5 => format!("mg {key} k b\r\n"),
            6 => format!("ms {key} 1 b k\r\n9\r\n"),
            7 => format!("ms {key} 1 b MA k N30\r\n9\r\n"),
            8 => format!("md {key} b k I T30\r\n"),
            9 => format!("md {key} b k\r\n"),
            _ => format!("me {key} b\r\n"),
        };
        line.into_bytes()
    }

    fn odd_meta(&mut self) -> Vec<u8> {
        let (key, flags) = (if self.random.chance(50) { self.binary() } else { self.text() }, self.flags());
        let verb = self.random.of(&["mg", "ms", "md", "ma", "me", "mn"]);
        if verb == "ms" {
            let value = self.forged();
            let length = value.len() + usize::from(self.random.chance(3));
            return [format!("ms {key} {length}{flags}\r\n").as_bytes(), &value, b"\r\n"].concat();
        }
        format!("{verb} {key}{flags}\r\n").into_bytes()
    }

    /// Values that look like replies, and lengths that are not theirs.
    fn stores(&mut self) -> Vec<u8> {
        let (key, value) = (self.text(), self.forged());
        let verb = self.random.of(&["set", "set", "add", "replace", "append", "prepend", "cas"]);
        let flags = self.random.of(&["0", "0", "5", "4294967295", "4294967296", "-1", "x"]);
        let time = self.random.of(&["0", "100", "-1", "x"]);
        let length = match self.random.below(30) {
            0 => "-1".into(),
            1 => "2147483647x".into(),
            2 => (value.len() - 1).to_string(),
            _ => value.len().to_string(),
        };
        let more = if verb == "cas" { " 1" } else { self.random.of(&["", "", " noreply", " x"]) };
        [format!("{verb} {key} {flags} {time} {length}{more}\r\n").as_bytes(), &value, b"\r\n"].concat()
    }

    fn reads(&mut self) -> Vec<u8> {
        let (one, other) = (self.text(), self.text());
        let line = match self.random.below(7) {
            0 => format!("get {one} {other}\r\n"),
            1 => format!("gets {one}\r\n"),
            2 => format!("gat 100 {one} {other}\r\n"),
            3 => format!("touch {one} 100\r\n"),
            4 => format!("incr {one} 99999999999\r\n"),
            5 => format!("delete {one}\r\n"),
            _ => format!("me {one}\r\n"),
        };
        line.into_bytes()
    }

    fn junk(&mut self) -> Vec<u8> {
        match self.random.below(8) {
            0 => b"flush_all\r\n".to_vec(),
            1 => b"stats\r\n".to_vec(),
            2 => b"version\r\n".to_vec(),
            3 => b"mn\r\n".to_vec(),
            4 => format!("mg {} b v\r\n", "A".repeat(248 + self.random.below(5))).into_bytes(),
            5 => format!("get plain:a\rb{}\n", self.text()).into_bytes(),
            6 => format!("mg plain:h0 O{} O1 v\r\n", self.random.below(64)).into_bytes(),
            _ => self.forged(),
        }
    }
}
