//! Random packets, the same ones for one seed: every opcode, quiet or not, over few keys, so that each finds what others
//! left.

use support::Random;
use support::packets::Question;

use super::scenes::Scene;

/// A packet whose CAS unique is known only once those before it were answered.
pub struct Asked {
    pub question: Question,
    pub cas: CasOf,
}

/// Which CAS unique stands in a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CasOf {
    /// None.
    Nothing,
    /// The one that was told last for this key.
    TheKey,
    /// One that no item has.
    NoItem,
}

/// Some packets that are sent together. A count is the first of them: memcached changes an item in its place only where no
/// reply with it is still on its way, and only then pads the number with spaces.
pub fn batch(random: &mut Random, scene: &Scene) -> Vec<Asked> {
    let mut batch: Vec<Asked> = Vec::new();
    for opaque in 0..=random.below(40) as u32 {
        let asked = asked(random, opaque, scene);
        if !batch.is_empty() && matches!(asked.question.opcode, 0x05 | 0x06 | 0x15 | 0x16) {
            break;
        }
        batch.push(asked);
    }
    batch
}

fn asked(random: &mut Random, opaque: u32, scene: &Scene) -> Asked {
    let question = match random.below(100) {
        0..32 => read(random),
        32..55 => store(random, scene),
        55..63 => piece(random),
        63..71 => delete(random),
        71..90 => count(random),
        _ => other(random, scene),
    };
    let compares = matches!(question.opcode, 0x01..=0x06 | 0x0e | 0x0f | 0x11..=0x16 | 0x19 | 0x1a);
    let cas = match random.below(10) {
        0 | 1 if compares => CasOf::TheKey,
        2 if compares => CasOf::NoItem,
        _ => CasOf::Nothing,
    };
    Asked { question: Question { opaque, ..question }, cas }
}

/// Places at which a stream of so many bytes is cut.
pub fn cuts(random: &mut Random, len: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..random.below(6)).map(|_| random.below(len)).collect();
    cuts.sort_unstable();
    cuts
}

fn opcode(random: &mut Random, opcodes: &[u8]) -> u8 {
    opcodes[random.below(opcodes.len())]
}

fn key(random: &mut Random) -> String {
    match random.below(12) {
        0 => "with space\r\nand line end".into(),
        1 => "k".repeat(240),
        2 => "\u{e9}\u{1}".into(),
        _ => format!("key{}", random.below(5)),
    }
}

fn counter(random: &mut Random) -> String {
    if random.chance(85) { format!("count{}", random.below(3)) } else { key(random) }
}

fn any_key(random: &mut Random) -> String {
    if random.chance(20) { counter(random) } else { key(random) }
}

/// A date in 1970.
const PAST: u32 = 2_592_001;

/// No time that could pass in a test: none, long ones, dates before and behind 2^31, and one that is past.
fn ttl(random: &mut Random) -> u32 {
    const TTLS: [u32; 8] = [0, 0, 100, 2_592_000, PAST, 2_000_000_000, 3_000_000_000, u32::MAX];
    TTLS[random.below(TTLS.len())]
}

fn value(random: &mut Random) -> String {
    match random.below(12) {
        0 => String::new(),
        1 => random.below(100_000).to_string(),
        2 => String::from_utf8_lossy(&Question::new(0x04, "key1").bytes()).into_owned(),
        3 => "v".repeat(random.below(30_000)),
        _ => "value".repeat(1 + random.below(8)),
    }
}

fn read(random: &mut Random) -> Question {
    let key = any_key(random);
    if random.chance(70) {
        return Question::new(opcode(random, &[0x00, 0x09, 0x0c, 0x0d]), &key);
    }
    let opcode = opcode(random, &[0x1c, 0x1d, 0x1e, 0x23, 0x24]);
    Question::touch(opcode, &key, ttl(random))
}

fn store(random: &mut Random, scene: &Scene) -> Question {
    let opcode = opcode(random, &[0x01, 0x01, 0x02, 0x03, 0x11, 0x12, 0x13]);
    let (key, value, ttl) = (any_key(random), value(random), ttl(random));
    let ttl = if scene.moves && ttl == PAST { 0 } else { ttl };
    // Not the bit that a route with `refresh` keeps for itself.
    Question::store(opcode, &key, &value, ((random.number() >> 16) as u32 & 0x7fff_ffff, ttl))
}

fn piece(random: &mut Random) -> Question {
    let opcode = opcode(random, &[0x0e, 0x0f, 0x19, 0x1a]);
    Question { value: b"-piece"[..random.below(7)].to_vec(), ..Question::new(opcode, &key(random)) }
}

fn delete(random: &mut Random) -> Question {
    Question::new(opcode(random, &[0x04, 0x14]), &any_key(random))
}

/// Nothing that reaches 2^63: of such a number memcached looks for a minus sign beyond the end of the value.
fn count(random: &mut Random) -> Question {
    let opcode = opcode(random, &[0x05, 0x06, 0x15, 0x16]);
    let (delta, initial) = (random.below(1000) as u64, random.below(1_000_000_000_000) as u64);
    Question::count(opcode, &counter(random), (delta, initial, ttl(random)))
}

fn other(random: &mut Random, scene: &Scene) -> Question {
    match random.below(12) {
        // Not later: until then memcached has back what an earlier flush took and it has not yet cleared away.
        0 if scene.flushes => {
            Question { extras: vec![0; random.below(2) * 4], ..Question::new(opcode(random, &[0x08, 0x18]), "") }
        }
        2 => Question::new(0x0b, ""),
        3 => Question::new(0x10, "no such subject"),
        4 => Question::new(0x20, ""),
        5 => Question { value: b"\0user\0secret".into(), ..Question::new(opcode(random, &[0x21, 0x22]), "PLAIN") },
        // memcached swallows too much of one with a key or extras: see the deviations.
        6 => Question { value: b"junk".into(), ..Question::new(opcode(random, &[0x1b, 0x1f, 0x30, 0x42, 0xff]), "") },
        _ => Question::new(0x0a, ""),
    }
}
