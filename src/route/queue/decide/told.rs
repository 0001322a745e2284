//! What a client is told: the answer of a holder as a reply to its command.

use bytes::Bytes;

use super::wish::QueueWishKind;
use crate::config::QueueMode;
use crate::protocol::{Cause, Command, Failure, Get, Item, Reply, Returns};
use crate::queue::{Message, QueueAnswer, QueueRefusal, Taking};

/// All that is remembered of a command until its answer can be told.
#[derive(Clone, Copy, Debug)]
pub struct QueueTelling {
    mode: QueueMode,
    is_read: bool,
    returns: Returns,
    /// Whether it ends a reservation by words behind the name.
    ends: bool,
    /// On what terms a message goes out, if one does.
    takes: Option<Taking>,
}

impl QueueTelling {
    /// That of `command`, which was read as this wish.
    pub fn of(command: &Command, what: &QueueWishKind, mode: QueueMode) -> QueueTelling {
        let (is_read, returns) = match command {
            Command::Get(Get { returns, .. }) => (true, *returns),
            _ => (false, Returns::NONE),
        };
        let takes = if let QueueWishKind::Take { how, .. } = what { Some(*how) } else { None };
        QueueTelling { mode, is_read, returns, ends: matches!(what, QueueWishKind::End(_)), takes }
    }

    /// The reply to a command that is answered so at `now`.
    pub fn told(self, answer: QueueAnswer, now: i64) -> Reply {
        match answer {
            QueueAnswer::Refused(QueueRefusal::HasOne) if self.mode == QueueMode::Reserve => Reply::Miss,
            QueueAnswer::Refused(why) => refused(why),
            // Kestrel's words tell nothing of what they ended.
            _ if self.ends => Reply::Miss,
            QueueAnswer::Message(receipt, message) => {
                let number = self.takes.map_or(receipt, |how| how.told(receipt));
                Reply::Hit(item(number, message, self.returns, now))
            }
            QueueAnswer::Stored(id) => Reply::Hit(Item { cas: id, ..Item::default() }),
            QueueAnswer::Done => Reply::Hit(Item::default()),
            QueueAnswer::Number(number) => text(number.to_string().into(), self.returns),
            QueueAnswer::Listed(messages) if !messages.is_empty() => {
                text(messages.join(&b"\n"[..]).into(), self.returns)
            }
            _ if self.is_read => Reply::Miss,
            _ => Reply::NotFound,
        }
    }

    /// The same where the holder gave no answer: `instead` is told, so that no client takes a message for done with that is
    /// not.
    pub fn untold(self, instead: Reply) -> Reply {
        match instead {
            // A read that failed is nothing, but Kestrel's words are commands that look like reads.
            Reply::Failed(failure) if self.ends => Reply::Error(format!("SERVER_ERROR {failure}").into()),
            instead => instead,
        }
    }
}

/// What a client is told when nothing was done.
pub fn refused(why: QueueRefusal) -> Reply {
    let line = match why {
        QueueRefusal::Full => "SERVER_ERROR out of memory storing object",
        QueueRefusal::TooLong => "SERVER_ERROR object too large for cache",
        QueueRefusal::Disk => "SERVER_ERROR the disk of the queues refuses to work",
        QueueRefusal::Busy => "SERVER_ERROR the queues have too much to do",
        QueueRefusal::HasOne => "ERROR",
    };
    Reply::Error(line.into())
}

/// What stands for an answer that did not come in time.
pub(in crate::route) fn no_answer() -> Reply {
    Reply::Failed(Failure { cause: Cause::Timeout, server: "of the queues".into(), said: None })
}

fn item(number: u64, message: Message, returns: Returns, now: i64) -> Item {
    let ttl = if message.expires == 0 { -1 } else { (message.expires.cast_signed() - now).max(0) };
    let size = message.body.len() as u32;
    let value = returns.has(Returns::VALUE).then_some(message.body);
    Item { value, client_flags: message.client_flags, cas: number, ttl, size, ..Item::default() }
}

fn text(text: Bytes, returns: Returns) -> Reply {
    let (size, value) = (text.len() as u32, returns.has(Returns::VALUE).then_some(text));
    Reply::Hit(Item { value, size, ttl: -1, ..Item::default() })
}
