//! The first questions on a connection: does the server understand what leash is going to say?
//!
//! A server that does not understand would take a value for commands. memcached before 1.6.0 knows no meta commands,
//! and before 1.6.10 wanted the length of a value in a flag (`ms <key> S<length>`), so both are told from newer ones
//! before a value is sent.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};

use super::password::lost;
use super::target::Target;
use super::tokens::Tokens;
use super::unusable::Unusable;
use crate::protocol::{AnswerDecoder, Cause, Output, Question, Reply};
use crate::runtime::stream::{Reader, Writer};

/// The first release of memcached 1.6 that takes a value's length where leash says it.
const OLDEST: u32 = 10;
/// The first one that repeats the token of a read that finds nothing.
const REPEATS_ON_A_MISS: u32 = 18;

/// What a server says to everything that asks for a password (`-Y`).
const UNAUTHENTICATED: &[u8] = b"CLIENT_ERROR unauthenticated";
/// How a server that speaks TLS answers a question in plain: an alert of any TLS version.
const TLS_ALERT: &[u8] = &[21, 3];

/// What a server is, by its own words.
pub(super) struct Greeting {
    /// The decoder of all that it says from now on.
    pub decoder: AnswerDecoder,
    /// Its version, if it says one.
    pub version: Option<Bytes>,
}

/// Asks `mn`, then `version`, within the request timeout.
pub(super) async fn greet(target: &Target, reader: &mut Reader, writer: &Writer) -> Result<Greeting, Unusable> {
    let greeted = async {
        match ask(Question::Noop, reader, writer).await? {
            Reply::Done => {}
            Reply::Error(line) if *line == b"ERROR"[..] => return Err(Cause::Outdated.into()),
            Reply::Error(line) if line.starts_with(UNAUTHENTICATED) => {
                target.own_words.refused(Cause::Auth, &line);
                return Err(wants_password(&line));
            }
            // It has no place for one more connection.
            Reply::Error(line) => {
                target.own_words.refused(Cause::TurnedAway, &line);
                return Err(turned_away(&line));
            }
            _ => return Err(Cause::Desync.into()),
        }
        target.own_words.forget_refusal();
        match ask(Question::Version, reader, writer).await? {
            Reply::Version(version) if is_before(OLDEST, &version) == Some(true) => Err(outdated(&version)),
            // A server that speaks meta but numbers its versions differently is not memcached; leash can still use it.
            Reply::Version(version) => {
                target.own_words.is_of_version(Some(&version));
                let decoder = AnswerDecoder::new(is_before(REPEATS_ON_A_MISS, &version) == Some(false));
                Ok(Greeting { decoder, version: Some(version) })
            }
            Reply::Error(_) => {
                target.own_words.is_of_version(None);
                Ok(Greeting { decoder: AnswerDecoder::new(false), version: None })
            }
            _ => Err(Cause::Desync.into()),
        }
    };
    tokio::time::timeout(target.options.request_timeout, greeted).await.unwrap_or_else(|_| Err(silent(target)))
}

/// Asks one thing of a server that owes nothing else.
async fn ask(question: Question<'_>, reader: &mut Reader, writer: &Writer) -> Result<Reply, Unusable> {
    let (mut output, token) = (Output::default(), Tokens::new().draw());
    question.encode(token, &mut output);
    writer.write(&mut output).map_err(|_| Cause::Disconnected)?;
    let (mut buffer, mut decoder) = (BytesMut::with_capacity(256), AnswerDecoder::new(false));
    loop {
        let read = poll_fn(|cx| reader.poll_read(cx, &mut buffer)).await;
        if read.map_err(|error| lost(&error))? == 0 {
            return Err(Cause::Disconnected.into());
        }
        if buffer.starts_with(TLS_ALERT) {
            return Err(Unusable::no_tls("it speaks TLS on this port, and its pool has no tls: write tls: {} there"));
        }
        match decoder.next(&mut buffer, &question.expected(), token) {
            Ok(None) => {}
            Ok(Some(reply)) if buffer.is_empty() => return Ok(reply),
            Ok(Some(_)) | Err(_) => return Err(Cause::Desync.into()),
        }
    }
}

/// It is of this version, which is too old.
pub(super) fn outdated(version: &[u8]) -> Unusable {
    let why = format!("{}: it is {}", Cause::Outdated.text(), String::from_utf8_lossy(version));
    Unusable { cause: Cause::Outdated, why: why.into() }
}

/// A server that speaks TLS waits for the rest of what it takes for a handshake.
fn silent(target: &Target) -> Unusable {
    let cure = match target.options.tls {
        Some(_) => "",
        None => ": does it speak TLS on this port? Then write tls: {} on its pool",
    };
    let why = format!("it says nothing within {:?}{cure}", target.options.request_timeout);
    Unusable { cause: Cause::Timeout, why: why.into() }
}

fn turned_away(line: &[u8]) -> Unusable {
    let said = String::from_utf8_lossy(line);
    Unusable { cause: Cause::TurnedAway, why: format!("it {}, it says \"{said}\"", Cause::TurnedAway.text()).into() }
}

fn wants_password(line: &[u8]) -> Unusable {
    let said = String::from_utf8_lossy(line);
    Unusable::not_let_in(format!("it wants a password ({said}): write auth: {{user, password_file}} on its pool"))
}

/// Whether `version` is of a memcached before 1.6.`release`; `None` if it is not of memcached.
fn is_before(release: u32, version: &Bytes) -> Option<bool> {
    let mut numbers = version.split(|&b| b == b'.').map(|part| {
        let digits = part.iter().take_while(|b| b.is_ascii_digit());
        digits.fold(None, |n: Option<u32>, b| Some(n.unwrap_or(0).saturating_mul(10) + u32::from(b - b'0')))
    });
    match (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten()) {
        (Some(1), Some(minor), Some(patch)) => Some((minor, patch) < (6, release)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_memcached_are_told_apart_and_others_are_not_judged() {
        for before in ["1.4.33", "1.5.22", "1.6.0", "1.6.9", "1.6.9_3_gdeadbee"] {
            assert_eq!(is_before(OLDEST, &Bytes::from(before)), Some(true), "{before}");
        }
        for since in ["1.6.10", "1.6.18", "1.6.18-rc1", "1.7.0", "1.10.0"] {
            assert_eq!(is_before(OLDEST, &Bytes::from(since)), Some(false), "{since}");
        }
        assert_eq!(is_before(REPEATS_ON_A_MISS, &Bytes::from("1.6.17")), Some(true));
        for other in ["2.0.0", "df-v1.2.3", "", "1.6", "dragonfly"] {
            assert_eq!(is_before(OLDEST, &Bytes::from(other)), None, "{other}");
        }
    }
}
