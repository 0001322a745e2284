//! The binary protocol as its clients write and read it: packets, and a client that speaks in them.
//!
//! Deliberately not leash's own encoder: what this takes for a packet is one, whatever leash thinks.

use std::{fmt, io};

use super::Client;

/// A packet that asks something. Lengths are those of its parts, unless a test says otherwise.
#[derive(Clone, Default, PartialEq)]
pub struct Question {
    pub opcode: u8,
    pub extras: Vec<u8>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub cas: u64,
    pub opaque: u32,
}

/// A packet that answers.
#[derive(Clone, Default, PartialEq)]
pub struct Told {
    pub opcode: u8,
    pub status: u16,
    pub extras: Vec<u8>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub cas: u64,
    pub opaque: u32,
}

/// Behind everything else, since it is always answered.
pub const NOOP: u8 = 0x0a;

impl Question {
    /// Asks about a key, with no more than that.
    pub fn new(opcode: u8, key: &str) -> Question {
        Question { opcode, key: key.into(), ..Question::default() }
    }

    /// A store with these client flags and this TTL.
    pub fn store(opcode: u8, key: &str, value: &str, (flags, ttl): (u32, u32)) -> Question {
        let extras = [flags.to_be_bytes(), ttl.to_be_bytes()].concat();
        Question { extras, value: value.into(), ..Question::new(opcode, key) }
    }

    /// A touch of any kind.
    pub fn touch(opcode: u8, key: &str, ttl: u32) -> Question {
        Question { extras: ttl.to_be_bytes().into(), ..Question::new(opcode, key) }
    }

    /// Counts by `delta`, from `initial` on where there is nothing, unless `ttl` says to make nothing.
    pub fn count(opcode: u8, key: &str, (delta, initial, ttl): (u64, u64, u32)) -> Question {
        let extras = [&delta.to_be_bytes()[..], &initial.to_be_bytes(), &ttl.to_be_bytes()].concat();
        Question { extras, ..Question::new(opcode, key) }
    }

    pub fn cas(self, cas: u64) -> Question {
        Question { cas, ..self }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let body = self.extras.len() + self.key.len() + self.value.len();
        let mut bytes = vec![0x80, self.opcode];
        bytes.extend((self.key.len() as u16).to_be_bytes());
        bytes.extend([self.extras.len() as u8, 0, 0, 0]);
        bytes.extend((body as u32).to_be_bytes());
        bytes.extend(self.opaque.to_be_bytes());
        bytes.extend(self.cas.to_be_bytes());
        [&bytes[..], &self.extras, &self.key, &self.value].concat()
    }
}

impl Told {
    /// The value as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }

    /// The client flags that stand in the extras of a hit.
    pub fn flags(&self) -> u32 {
        u32::from_be_bytes(self.extras[..].try_into().expect("four bytes of flags"))
    }
}

/// A client that speaks in packets.
pub struct BinaryClient(pub Client);

impl BinaryClient {
    pub fn connect(address: &str) -> BinaryClient {
        BinaryClient(Client::connect(address))
    }

    /// The next packet; an error where the connection ends instead.
    pub fn read(&mut self) -> io::Result<Told> {
        let header = self.0.read_exactly(24)?;
        let number = |at: usize, len: usize| header[at..at + len].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        assert_eq!(header[0], 0x81, "no packet: {}", header.escape_ascii());
        let mut body = self.0.read_exactly(number(8, 4) as usize)?;
        let value = body.split_off(usize::from(header[4]) + number(2, 2) as usize);
        let key = body.split_off(header[4].into());
        let (status, opaque) = (number(6, 2) as u16, number(12, 4) as u32);
        Ok(Told { opcode: header[1], status, extras: body, key, value, cas: number(16, 8), opaque })
    }

    /// Asks, and reads the one answer.
    #[track_caller]
    pub fn ask(&mut self, question: &Question) -> Told {
        self.0.send(question.bytes());
        self.read().expect("an answer")
    }

    /// Asks all of it, and reads what is answered until there is no more. What is sent is cut at these places.
    pub fn ask_all(&mut self, questions: &[Question], cuts: &[usize]) -> io::Result<Vec<Told>> {
        let end = Question { opaque: u32::MAX, ..Question::new(NOOP, "") };
        let bytes: Vec<u8> = questions.iter().chain([&end]).flat_map(Question::bytes).collect();
        let mut from = 0;
        for cut in cuts.iter().copied().filter(|cut| *cut < bytes.len()).chain([bytes.len()]) {
            self.0.send(&bytes[from..cut.max(from)]);
            from = cut.max(from);
        }
        let mut told = Vec::new();
        loop {
            let next = self.read()?;
            if next.opaque == end.opaque {
                return Ok(told);
            }
            told.push(next);
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}", self.opcode)?;
        parts(f, [&self.extras, &self.key, &self.value], self.cas, self.opaque)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x} status {:#x}", self.opcode, self.status)?;
        parts(f, [&self.extras, &self.key, &self.value], self.cas, self.opaque)
    }
}

/// What both kinds of packets have, the long parts shortened.
fn parts(f: &mut fmt::Formatter<'_>, [extras, key, value]: [&[u8]; 3], cas: u64, opaque: u32) -> fmt::Result {
    let shown = |bytes: &[u8]| bytes[..bytes.len().min(60)].escape_ascii().to_string();
    let (len, extras, key, value) = (value.len(), shown(extras), shown(key), shown(value));
    write!(f, " \"{extras}\" {key:?} {value:?} ({len} bytes), cas {cas}, opaque {opaque}")
}
