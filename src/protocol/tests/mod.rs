//! Tables of the protocol: bytes in, calls or bytes out.
//!
//! A call is shown by what it makes leash say: upstream, the question without its token; downstream, the line.

mod answer;
mod binary;
mod classic;
mod decoder;
mod encode;
mod long_read;
mod meta;
mod question;

use bytes::BytesMut;

use super::{Call, Decoder, Form, Key, Output, Question, Request, RequestLimits, Token};

/// `FFFFFFFF`.
const TOKEN: Token = Token::new(0x0707_0707_0707_0707);
const LIMITS: RequestLimits = RequestLimits { line: 2048, value: 64, keys: 4, queues: false };

/// All calls in `bytes`, shown; `…` where the last one is not whole.
fn shown(bytes: &[u8]) -> Vec<String> {
    let (mut decoder, mut buffer, mut shown) = (Decoder::new(LIMITS), BytesMut::from(bytes), Vec::new());
    while let Some(call) = decoder.next(&mut buffer) {
        shown.push(show(&call));
        if shown.last().is_some_and(|call| call.ends_with("(fatal)")) {
            return shown;
        }
    }
    if decoder.is_midway(&buffer) {
        shown.push("…".into());
    }
    shown
}

fn show(call: &Call) -> String {
    match call {
        Call::One(request, form) => asked(request) + unsaid(form.quiet),
        Call::Many(keys, get, Form { quiet, .. }) => {
            let ask = |key: &Key| asked(&Request { key: key.clone(), command: super::Command::Get(get.clone()) });
            keys.iter().map(ask).collect::<Vec<_>>().join(" + ") + unsaid(*quiet)
        }
        Call::Spoilt(keys, get, form) => show(&Call::Many(keys.clone(), get.clone(), form.clone())) + ", then: bad",
        Call::FlushQueue(request, form) => format!("flush: {}{}", asked(request), unsaid(form.quiet)),
        Call::FlushAll(delay, form) => format!("flush_all {delay}{}", unsaid(form.quiet)),
        Call::TooLarge(drops, form) => {
            let drops = drops.as_ref().map_or("nothing".into(), asked);
            format!("too large, {drops}{}", unsaid(form.quiet))
        }
        Call::Local(local, form) => format!("{local:?}{}", unsaid(form.quiet)),
        Call::Refused(refusal) => {
            let fatal = if refusal.kind.is_fatal() { " (fatal)" } else { "" };
            format!("{}{}{fatal}", refusal.line, unsaid(refusal.form.quiet))
        }
    }
}

fn unsaid(quiet: bool) -> &'static str {
    if quiet { " (quiet)" } else { "" }
}

/// A question without its token and last line end, escaped.
fn asked(request: &Request) -> String {
    let bytes = written(|out| Question::Ask(request).encode(TOKEN, out));
    let text = bytes.strip_suffix(b"\r\n").expect("a line end").escape_ascii().to_string();
    text.replacen(" OFFFFFFFF", "", 1)
}

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    write(&mut out);
    // Values are small here, so all of it is text.
    out.text().clone()
}

/// Holds a table of client bytes and the calls they are.
fn table(rows: &[(&[u8], &[&str])]) {
    for (bytes, calls) in rows {
        assert_eq!(&shown(bytes), calls, "{}", bytes.escape_ascii());
    }
}
