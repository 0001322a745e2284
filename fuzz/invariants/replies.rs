//! The upstream decoder: a server may say anything.
//!
//! An input is what was asked, one letter each (see [`expected`]), on a line of its own, and then the server's bytes.
//! Question number n carries the token of [`token`]: `OAAAAAAAA` is the third.

use super::wire::{is_one_reply, written};
use super::{pieces, splits};
use bytes::BytesMut;
use leash::protocol::{AnswerDecoder, Expected, Form, Item, Key, MetaVerb, Output, Reply, Style, Token, encode_reply};

/// Whatever a server says: any split of it gives the same replies, each answers its question, and none can become
/// somebody else's.
pub fn hold(input: &[u8]) {
    let Some(end) = input.iter().position(|&b| b == b'\n') else { return };
    let asked: Vec<Expected> = input[..end].iter().filter_map(|letter| expected(*letter)).take(64).collect();
    holds_for(&asked, &input[end + 1..]);
}

/// The same, for these questions.
pub fn holds_for(asked: &[Expected], bytes: &[u8]) {
    let [whole, others @ ..] = splits(bytes).map(|lengths| decode(asked, &pieces(bytes, &lengths)));
    for other in others {
        assert_eq!(other, whole, "the split into reads matters");
    }
    for (n, (reply, raw)) in whole.replies.iter().enumerate() {
        answers(reply, raw, token(n));
        is_passed_on_whole(reply, &asked[n], token(n));
    }
}

/// The token of question number `n`: one character, eight times.
fn token(n: usize) -> Token {
    Token::new(u64::from_ne_bytes([n as u8; Token::LEN]))
}

/// As it stands on the wire.
pub fn spelt(token: Token) -> String {
    String::from_utf8(token.as_bytes().to_vec()).expect("printable characters")
}

fn expected(letter: u8) -> Option<Expected> {
    Some(match letter {
        b'g' => Expected::Value,
        b'h' => Expected::Facts,
        b's' => Expected::Store,
        b'd' => Expected::Delete,
        b'a' => Expected::Arithmetic,
        b'e' => Expected::Debug(Box::new(Key::text("a".into()).expect("a key"))),
        b'n' => Expected::Noop,
        b'f' => Expected::Ok,
        _ => return None,
    })
}

/// What a decoder made of a server's stream.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    /// Replies, each with the bytes it was made of.
    pub replies: Vec<(Reply, Vec<u8>)>,
    /// What is left of a stream that fits the questions so far.
    pub rest: Option<Vec<u8>>,
}

/// Decodes what comes in these reads as the answers to `asked`.
pub fn decode(asked: &[Expected], reads: &[&[u8]]) -> Decoded {
    let (mut decoder, mut buffer, mut replies, mut asked) =
        (AnswerDecoder::new(true), BytesMut::new(), vec![], asked.iter().enumerate());
    let all = reads.concat();
    let (mut received, mut taken) = (0, 0);
    let mut question = asked.next();
    for read in reads {
        buffer.extend_from_slice(read);
        received += read.len();
        while let Some((n, expected)) = question {
            match decoder.next(&mut buffer, expected, token(n)) {
                Err(_) => return Decoded { replies, rest: None },
                Ok(None) => break,
                Ok(Some(reply)) => {
                    let end = received - buffer.len();
                    assert!(end > taken, "a reply out of nothing");
                    replies.push((reply, all[taken..end].to_vec()));
                    taken = end;
                }
            }
            question = asked.next();
        }
        let most = (1 << 30) + 2;
        assert!(decoder.wanted(&buffer) <= most, "more is wanted than a value can have");
    }
    Decoded { replies, rest: Some(all[taken..].to_vec()) }
}

/// The bytes of a reply, read another way: it repeats the token of its question, and its value is what was announced.
fn answers(reply: &Reply, raw: &[u8], token: Token) {
    let end = raw.windows(2).position(|two| two == b"\r\n").expect("a line");
    let words: Vec<&[u8]> = raw[..end].split(|&b| b == b' ').collect();
    let flags = match (words[0], reply) {
        (b"VA", Reply::Hit(Item { value: Some(value), .. })) => {
            assert_eq!(&raw[end..], [b"\r\n", &value[..], b"\r\n"].concat());
            assert_eq!(digits(words[1]), value.len() as u64);
            &words[2..]
        }
        (b"HD", Reply::Hit(Item { value: None, .. })) => &words[1..],
        (b"NF", Reply::NotFound) | (b"NS", Reply::NotStored) | (b"EX", Reply::Exists) => &words[1..],
        (b"EN", Reply::Miss)
        | (b"ME", Reply::Debug(_))
        | (b"MN" | b"OK", Reply::Done)
        | (b"VERSION", Reply::Version(_)) => {
            return;
        }
        (b"ERROR" | b"CLIENT_ERROR" | b"SERVER_ERROR", Reply::Error(line)) => return assert_eq!(line, &raw[..end]),
        _ => panic!("{reply:?} was made of {:?}", raw.escape_ascii().to_string()),
    };
    let tokens: Vec<&[u8]> = flags.iter().filter(|flag| flag.first() == Some(&b'O')).map(|flag| &flag[1..]).collect();
    assert!(!tokens.is_empty() && tokens.iter().all(|said| said == token.as_bytes()), "the token is not repeated");
}

fn digits(word: &[u8]) -> u64 {
    std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).expect("a number")
}

/// In whatever words a client gets it, it is one reply; and to a meta client it says the same again.
fn is_passed_on_whole(reply: &Reply, expected: &Expected, token: Token) {
    let verb = match expected {
        Expected::Value | Expected::Facts => MetaVerb::Get,
        Expected::Store => MetaVerb::Store,
        Expected::Delete => MetaVerb::Delete,
        Expected::Arithmetic => MetaVerb::Arithmetic,
        Expected::Debug(_) => MetaVerb::Debug,
        Expected::Noop | Expected::Version | Expected::Ok => return,
    };
    let text = Key::text("a".into()).expect("a key");
    let binary = Key::binary("k\r\ney".into()).expect("a key");
    let classic = match expected {
        Expected::Value | Expected::Facts => vec![Style::Get { cas: true }, Style::Get { cas: false }],
        Expected::Store => vec![Style::Store],
        Expected::Delete => vec![Style::Delete],
        _ => vec![Style::Arithmetic],
    };
    for style in classic {
        is_one_reply(&encode(style, &text, reply));
    }
    let flags = if verb == MetaVerb::Debug { String::new() } else { format!("O{} k c t s f l h v", spelt(token)) };
    let meta = Style::Meta { verb, flags: flags.into() };
    // `me` has no binary keys.
    for key in [&text, &binary].into_iter().take(if verb == MetaVerb::Debug { 1 } else { 2 }) {
        let bytes = encode(meta.clone(), key, reply);
        is_one_reply(&bytes);
        let again = AnswerDecoder::new(true).next(&mut BytesMut::from(&bytes[..]), expected, token);
        let again = again.expect("an answer to the same question").expect("a whole answer");
        assert_eq!(said(&again, expected), said(reply, expected));
    }
}

/// What of a reply a client can learn: facts about the item are only told about one that was read.
fn said(reply: &Reply, expected: &Expected) -> Reply {
    match reply {
        Reply::Hit(item) if matches!(expected, Expected::Value | Expected::Facts) => Reply::Hit(item.clone()),
        Reply::Hit(Item { value, marks, .. }) => {
            Reply::Hit(Item { value: value.clone(), marks: *marks, ..Item::default() })
        }
        other => other.clone(),
    }
}

fn encode(style: Style, key: &Key, reply: &Reply) -> Vec<u8> {
    let mut out = Output::default();
    encode_reply(&Form { style, quiet: false }, key, reply, &mut out);
    written(out)
}
