//! How the peers of leash find the ends of what it writes. Models of them, deliberately not leash's own parsers: what
//! these take for one command or one reply is one, whatever leash thinks.

use leash::protocol::{MAX_SLICES, Output, Packet, Token};
use std::io::IoSlice;

/// Everything `output` holds, as a socket would see it.
pub fn written(mut output: Output) -> Vec<u8> {
    let mut all = Vec::with_capacity(output.len());
    while !output.is_empty() {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = output.slices(&mut slices);
        let start = all.len();
        slices[..count].iter().for_each(|slice| all.extend_from_slice(slice));
        let n = all.len() - start;
        assert!(n > 0, "output that is not empty has nothing to write");
        output.consume(n);
    }
    all
}

/// Holds that memcached reads exactly one command in `bytes`, whatever it answers.
///
/// The limits are those at which it refuses a line without swallowing the value behind it, which it would then take for
/// commands (memcached 1.6, `process_mset_command`).
pub fn is_one_command(bytes: &[u8]) {
    let (line, rest) = line(bytes);
    assert!(line.iter().all(|&b| b >= b' '), "a control character in a command");
    let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
    assert!(words.iter().all(|word| !word.is_empty()), "two spaces in a row");
    assert!(words.len() <= 19, "more words than memcached takes: {}", words.len());
    let value = match (words[0], words.len()) {
        (b"mn", 1) | (b"flush_all", 2) | (b"me", 2) => None,
        (b"mg" | b"md" | b"ma", 2..) => None,
        (b"ms", 3..) => Some(number(words[2])),
        _ => panic!("no command leash uses"),
    };
    if words[0].starts_with(b"m") && words.len() > 1 {
        assert!(words[1].len() <= 250, "a key longer than memcached takes: {}", words[1].len());
    }
    match words[0] {
        b"mg" | b"md" | b"ma" => is_answered_with_its_token_alone(&words[2..]),
        b"ms" => is_answered_with_its_token_alone(&words[3..]),
        _ => {}
    }
    match value {
        None => assert!(rest.is_empty(), "bytes behind the command"),
        Some(len) => is_value(rest, len),
    }
}

/// Holds that whoever is asked with these flags answers once, repeats the token, and nothing else that was written by
/// somebody: not the key (`k`), of which memcached forgets whether it is text.
fn is_answered_with_its_token_alone(flags: &[&[u8]]) {
    let letters: Vec<u8> = flags.iter().map(|flag| flag[0]).collect();
    for (place, letter) in letters.iter().enumerate() {
        assert!(b"bcfhlstuvxCDEFIJMNORT".contains(letter), "the flag {}", letter.escape_ascii());
        assert!(!letters[..place].contains(letter), "{} twice", letter.escape_ascii());
    }
    let token = flags.iter().find(|flag| flag[0] == b'O').expect("a token");
    assert!(token.len() == 1 + Token::LEN && token.iter().all(u8::is_ascii_graphic), "no token: {token:?}");
}

/// Holds that a client reads exactly one reply in `bytes`: a line, a value, or what a get of one key is answered.
pub fn is_one_reply(bytes: &[u8]) {
    let (line, rest) = line(bytes);
    let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
    match words[0] {
        b"VA" => is_value(rest, number(words[1])),
        b"VALUE" => {
            let len = number(words[3]);
            let (value, end) = rest.split_at(len + 2);
            is_value(value, len);
            assert_eq!(end, b"END\r\n");
        }
        _ => assert!(rest.is_empty(), "bytes behind the reply"),
    }
}

/// Holds that a client reads exactly one packet in `bytes`, and knows that it answers `packet`.
pub fn is_one_packet(bytes: &[u8], packet: &Packet) {
    let (header, body) = bytes.split_at(24);
    assert_eq!(header[..2], [0x81, packet.opcode]);
    assert_eq!(header[12..16], packet.opaque);
    assert_eq!(u32::from_be_bytes([header[8], header[9], header[10], header[11]]) as usize, body.len());
    assert!(usize::from(u16::from_be_bytes([header[2], header[3]])) + usize::from(header[4]) <= body.len());
}

fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&b| b == b'\n').expect("a line end");
    let line = bytes[..end].strip_suffix(b"\r").expect("CR before LF");
    (line, &bytes[end + 1..])
}

fn number(word: &[u8]) -> usize {
    std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).expect("a number")
}

fn is_value(bytes: &[u8], len: usize) {
    assert_eq!(bytes.len(), len + 2, "a value is as long as was said");
    assert!(bytes.ends_with(b"\r\n"));
}
