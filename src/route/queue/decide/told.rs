//! What a client is told: the answer of a holder as a reply to its command.

use bytes::Bytes;

use super::wish::QueueWishKind;
use crate::config::QueueMode;
use crate::protocol::{Command, Get, Item, Reply, Returns};
use crate::queue::{Message, QueueAnswer, QueueRefusal};

/// The reply to `command`, which was read as this wish and answered so at `now`.
pub fn told(command: &Command, what: &QueueWishKind, mode: QueueMode, answer: QueueAnswer, now: i64) -> Reply {
    match (answer, what) {
        (QueueAnswer::Refused(QueueRefusal::HasOne), _) if mode == QueueMode::Reserve => Reply::Miss,
        (QueueAnswer::Refused(why), _) => refused(why),
        // Kestrel's words tell nothing of what they ended.
        (_, QueueWishKind::End(_)) => Reply::Miss,
        (QueueAnswer::Message(id, message), _) => Reply::Hit(item(id, message, returns(command), now)),
        (QueueAnswer::Stored(id), _) => Reply::Hit(Item { cas: id, ..Item::default() }),
        (QueueAnswer::Done, _) => Reply::Hit(Item::default()),
        (QueueAnswer::Number(number), _) => text(number.to_string().into(), returns(command)),
        (QueueAnswer::Listed(messages), _) if !messages.is_empty() => {
            text(messages.join(&b"\n"[..]).into(), returns(command))
        }
        _ if matches!(command, Command::Get(_)) => Reply::Miss,
        _ => Reply::NotFound,
    }
}

/// The same where the holder gave no answer: `instead` is told, so that no client takes a message for done with that is not.
pub fn untold(what: &QueueWishKind, instead: Reply) -> Reply {
    match (what, instead) {
        // A read that failed is nothing, but Kestrel's words are commands that look like reads.
        (QueueWishKind::End(_), Reply::Failed(failure)) => Reply::Error(format!("SERVER_ERROR {failure}").into()),
        (_, instead) => instead,
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

fn returns(command: &Command) -> Returns {
    if let Command::Get(Get { returns, .. }) = command { *returns } else { Returns::NONE }
}

fn item(id: u64, message: Message, returns: Returns, now: i64) -> Item {
    let ttl = if message.expires == 0 { -1 } else { (message.expires.cast_signed() - now).max(0) };
    let size = message.body.len() as u32;
    let value = returns.has(Returns::VALUE).then_some(message.body);
    Item { value, client_flags: message.client_flags, cas: id, ttl, size, ..Item::default() }
}

fn text(text: Bytes, returns: Returns) -> Reply {
    let (size, value) = (text.len() as u32, returns.has(Returns::VALUE).then_some(text));
    Reply::Hit(Item { value, size, ttl: -1, ..Item::default() })
}
