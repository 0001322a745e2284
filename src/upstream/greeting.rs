//! What is asked of a server before anything else: does it understand what leash is going to say?
//!
//! A server that does not would take a value for commands. memcached before 1.6.0 knows no meta commands, and before
//! 1.6.10 wanted the length of a value in a flag (`ms <key> S<length>`), so both are told from newer ones before a value
//! is sent.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};

use super::target::Target;
use super::tokens::Tokens;
use crate::net::{Reader, Writer};
use crate::protocol::{AnswerDecoder, Cause, Output, Question, Reply};

/// The first release of memcached 1.6 that takes a value's length where leash says it.
const OLDEST: u32 = 10;

/// Asks `mn`, then `version`, within the request timeout.
pub(super) async fn greet(target: &Target, reader: &mut Reader, writer: &Writer) -> Result<(), Cause> {
    let greeted = async {
        match ask(Question::Noop, reader, writer).await? {
            Reply::Done => {}
            Reply::Error(line) if line.starts_with(b"ERROR") => return Err(Cause::Outdated),
            _ => return Err(Cause::Desync),
        }
        match ask(Question::Version, reader, writer).await? {
            Reply::Version(version) if is_outdated(&version) => Err(Cause::Outdated),
            // Whoever speaks meta and numbers its versions in another way is not memcached, and may well be understood.
            Reply::Version(_) | Reply::Error(_) => Ok(()),
            _ => Err(Cause::Desync),
        }
    };
    tokio::time::timeout(target.options.request_timeout, greeted).await.unwrap_or(Err(Cause::Timeout))
}

/// Asks one thing of a server that owes nothing else.
async fn ask(question: Question<'_>, reader: &mut Reader, writer: &Writer) -> Result<Reply, Cause> {
    let (mut output, token) = (Output::default(), Tokens::new().draw());
    question.encode(token, &mut output);
    writer.write(&mut output).map_err(|_| Cause::Disconnected)?;
    let (mut buffer, mut decoder) = (BytesMut::with_capacity(256), AnswerDecoder::default());
    loop {
        let read = poll_fn(|cx| reader.poll_read(cx, &mut buffer)).await;
        if read.map_or(true, |n| n == 0) {
            return Err(Cause::Disconnected);
        }
        match decoder.next(&mut buffer, question.expected(), token) {
            Ok(None) => {}
            Ok(Some(reply)) if buffer.is_empty() => return Ok(reply),
            Ok(Some(_)) | Err(_) => return Err(Cause::Desync),
        }
    }
}

/// Whether `version` is of a memcached that leash cannot talk to.
fn is_outdated(version: &Bytes) -> bool {
    let mut numbers = version.split(|&b| b == b'.').map(|part| {
        let digits = part.iter().take_while(|b| b.is_ascii_digit());
        digits.fold(None, |n: Option<u32>, b| Some(n.unwrap_or(0).saturating_mul(10) + u32::from(b - b'0')))
    });
    match (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten()) {
        (Some(1), Some(minor), Some(patch)) => (minor, patch) < (6, OLDEST),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memcached_is_outdated_before_1_6_10_and_others_are_not_judged() {
        for outdated in ["1.4.33", "1.5.22", "1.6.0", "1.6.9", "1.6.9_3_gdeadbee"] {
            assert!(is_outdated(&Bytes::from(outdated)), "{outdated}");
        }
        for fine in ["1.6.10", "1.6.18", "1.6.18-leash-0.1.0", "1.7.0", "2.0.0", "df-v1.2.3", "", "1.6", "dragonfly"] {
            assert!(!is_outdated(&Bytes::from(fine)), "{fine}");
        }
    }
}
