//! Whether a client of the binary protocol is who it says it is, where the listener has users: SASL PLAIN, as memcached
//! decides with Cyrus SASL (`-S`). Pure: words and users in, an answer out.
//!
//! Each word but a version puts the client out that was let in before, as in memcached.

use crate::config::Users;
use crate::protocol::{SaslAnswer, SaslWord};

/// How far a client has come.
#[derive(Default)]
pub(super) struct Login {
    /// Whether its message is waited for.
    is_asked: bool,
    /// Whether it was ever let in on this connection: then nothing that it says lets it in again.
    was_let_in: bool,
}

impl Login {
    /// Hears what a client says of itself.
    pub(super) fn hear(&mut self, word: &SaslWord, users: &Users) -> SaslAnswer {
        match word {
            SaslWord::Mechanisms => SaslAnswer::Mechanisms,
            SaslWord::Start(mechanism, message) => {
                let is_plain = mechanism.eq_ignore_ascii_case(b"PLAIN");
                self.is_asked = is_plain && message.is_empty();
                match is_plain {
                    true if message.is_empty() => SaslAnswer::GoOn,
                    true => self.judge(message, users),
                    false => SaslAnswer::Refused,
                }
            }
            SaslWord::Step(message) if self.is_asked => self.judge(message, users),
            SaslWord::Step(_) | SaslWord::TooLong => SaslAnswer::Refused,
        }
    }

    fn judge(&mut self, message: &[u8], users: &Users) -> SaslAnswer {
        let is_known = !self.was_let_in && plain(message).is_some_and(|(name, password)| users.know(name, password));
        if is_known {
            self.was_let_in = true;
        }
        if is_known { SaslAnswer::LetIn } else { SaslAnswer::Refused }
    }
}

/// Name and password of a message of PLAIN (RFC 4616): on whose behalf, a zero byte, the name, a zero byte, the password.
/// No user may act for another.
fn plain(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = message.split(|&b| b == 0);
    let (for_whom, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && (for_whom.is_empty() || for_whom == name);
    is_whole.then_some((name, password))
}
