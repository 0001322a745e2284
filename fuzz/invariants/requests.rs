//! The downstream decoder, and what is said upstream because of it.

use super::model::plain;
use super::wire::{is_one_command, is_one_packet, is_one_reply, written};
use super::{pieces, splits};
use bytes::{Bytes, BytesMut};
use leash::protocol::{
    Call, Cause, Command, Decoder, Failure, Form, Get, Internals, Item, Key, Local, MAX_KEY, MetaVerb, Output,
    Question, Reply, Request, RequestLimits, Style, Token, encode_reply,
};

/// Small enough that inputs of a few hundred bytes reach them.
pub const LIMITS: RequestLimits = RequestLimits { line: 600, value: 300, keys: 12, queues: false };

/// Whatever a client says: any split of it gives the same calls, and each of them is safe to act on.
pub fn hold(bytes: &[u8]) {
    let [whole, others @ ..] = splits(bytes).map(|lengths| decode(&pieces(bytes, &lengths)));
    for other in others {
        assert_eq!(other, whole, "the split into reads matters");
    }
    whole.calls.iter().for_each(is_safe);
}

/// What a decoder made of a stream.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    /// The calls, up to the one after which the connection cannot go on.
    pub calls: Vec<Call>,
    /// Whether that one came, or else whether a request is under way and what of it is kept.
    pub end: Option<(bool, Vec<u8>)>,
}

/// A get whose line is long is taken in pieces of so many bytes.
const PIECE: usize = 4096;

/// Decodes what comes in these reads. Every call takes bytes off the stream, and what is kept stays within the limits.
pub fn decode(reads: &[&[u8]]) -> Decoded {
    let (mut decoder, mut buffer, mut calls) = (Decoder::new(LIMITS), BytesMut::new(), Vec::new());
    for read in reads {
        buffer.extend_from_slice(read);
        let mut before = buffer.len();
        while let Some(call) = decoder.next(&mut buffer) {
            let fatal = matches!(&call, Call::Refused(refusal) if refusal.kind.is_fatal());
            calls.push(call);
            if fatal {
                return Decoded { calls, end: None };
            }
            assert!(buffer.len() < before, "a call out of nothing");
            before = buffer.len();
        }
        let most = (LIMITS.line + 1).max(LIMITS.value + 2).max(PIECE);
        assert!(buffer.len() <= most, "{} bytes are kept", buffer.len());
        assert!(decoder.wanted(&buffer) <= LIMITS.value + 2, "more is wanted than a value may have");
    }
    Decoded { calls, end: Some((decoder.is_midway(&buffer), buffer.to_vec())) }
}

/// Nothing a call carries can become a second command upstream or a second reply downstream.
pub fn is_safe(call: &Call) {
    match call {
        Call::One(request, form) => {
            request_is_safe(request);
            replies_are_whole(form, request);
        }
        Call::FlushQueue(request, _) => request_is_safe(request),
        Call::Many(keys, get, form) => {
            assert!(keys.len() != 1 && keys.len() <= LIMITS.keys, "{} keys", keys.len());
            assert!(matches!(form.style, Style::Get { .. }));
            keys.iter().for_each(|key| many_is_safe(key, get));
        }
        Call::Spoilt(keys, get, _) => {
            assert!((1..=LIMITS.keys).contains(&keys.len()), "{} keys", keys.len());
            keys.iter().for_each(|key| many_is_safe(key, get));
        }
        Call::TooLarge(replaced, _) => replaced.iter().for_each(request_is_safe),
        Call::FlushAll(delay, _) => {
            let bytes = question(Question::FlushAll(*delay));
            is_one_command(&bytes);
        }
        Call::Refused(refusal) => {
            let line = refusal.line.as_bytes();
            assert!(!line.is_empty() && line.iter().all(|b| *b >= b' '), "a refusal that is not one line");
        }
        Call::Local(Local::Stats(words), Form { style: Style::Ok, .. }) => assert!(!words.contains(&b'\n')),
        Call::Local(..) => {}
    }
}

fn many_is_safe(key: &Key, get: &Get) {
    assert!(!key.is_binary(), "classic commands have no binary keys");
    request_is_safe(&Request { key: key.clone(), command: Command::Get(get.clone()) });
}

/// As asked of a server, with and without a namespace: exactly one command, which says exactly what was meant.
pub fn request_is_safe(request: &Request) {
    key_is_checked(&request.key);
    is_asked_once(request);
    for namespace in [b"n:".as_slice(), &[b'n'; 100]] {
        if let Ok(key) = request.key.prefixed(namespace) {
            is_asked_once(&Request { key, command: request.command.clone() });
        }
    }
}

fn key_is_checked(key: &Key) {
    let bytes = key.as_bytes();
    assert!((1..=MAX_KEY).contains(&bytes.len()));
    assert!(key.is_binary() || bytes.iter().all(|&b| b > b' ' && b != 0x7f), "a text key with {bytes:?}");
}

fn is_asked_once(request: &Request) {
    let bytes = question(Question::Ask(request));
    is_one_command(&bytes);
    let mut buffer = BytesMut::from(&bytes[..]);
    let roomy = RequestLimits { line: 2048, value: 1 << 30, keys: 1, queues: false };
    let call = Decoder::new(roomy).next(&mut buffer).expect("a whole command");
    assert!(buffer.is_empty());
    let Call::One(again, form) = call else { panic!("{call:?} was made of {request:?}") };
    assert_eq!(again, plain(request), "it does not say what was meant");
    assert!(!form.quiet, "a question has exactly one answer");
}

fn question(question: Question<'_>) -> Vec<u8> {
    let mut out = Output::default();
    question.encode(Token::new(u64::MAX), &mut out);
    written(out)
}

/// Whatever the answer is, the client gets one reply, or none if it asked for none.
pub fn replies_are_whole(form: &Form, request: &Request) {
    let value = Bytes::from_static(b"7\r\nEND\r\n");
    let counted = Bytes::from_static(b"7");
    let hit = |value| Reply::Hit(Item { value, marks: *b"WXZ", ..Item::default() });
    let failed = Reply::Failed(Failure { cause: Cause::Timeout, server: "m1".into(), said: None });
    let value = if matches!(request.command, Command::Arithmetic(_)) { counted } else { value };
    let hits = [hit(None), hit(Some(value))];
    let others = [
        Reply::Miss,
        Reply::NotFound,
        Reply::NotStored,
        Reply::Exists,
        Reply::Debug(Internals { binary_key: false, facts: "x=y".into() }),
        failed,
    ];
    let error = Reply::Error("SERVER_ERROR out of memory".into());
    for reply in hits.iter().chain(&others).chain([&error]) {
        let mut out = Output::default();
        encode_reply(form, &request.key, reply, &mut out);
        match written(out) {
            silence if silence.is_empty() => assert!(form.quiet, "no reply to {request:?}"),
            bytes => match &form.style {
                Style::Binary(packet) => is_one_packet(&bytes, packet),
                _ => is_one_reply(&bytes),
            },
        }
    }
    if let Style::Meta { verb: MetaVerb::Get, flags } = &form.style {
        assert!(!flags.contains(&b'\n'));
    }
}
