//! What a holder writes down: one record for each thing that happens to a message, in the [frame](frames) that it has in
//! a segment.
//!
//! ```text
//!   kind (1) │ length of the queue's name (1) │ name │ id (8) │ what belongs to the kind      numbers: little-endian
//!
//!   1 put      client flags (4) │ expires (8) │ since (8) │ body      seconds and milliseconds since 1970
//!   2 gone
//!   3 back     times (2)
//!   4 emptied                              the id is the first that stays
//!   5 begun                                no name; no message of a lower id comes any more
//!   6 buried   id there (8) │ as of a put      it came from the queue of the name without `+dead`, where it is gone
//! ```

use bytes::Bytes;

use crate::runtime::frames;

/// The longest name of a queue, in bytes: that of a key.
pub const LONGEST_NAME: usize = 250;
/// The longest message, in bytes, whatever the configuration allows.
pub const LONGEST_MESSAGE: usize = 64 << 20;

const PUT: u8 = 1;
const GONE: u8 = 2;
const BACK: u8 = 3;
const EMPTIED: u8 = 4;
const BEGUN: u8 = 5;
const BURIED: u8 = 6;
/// Bytes before the body of a message at most.
pub(super) const LONGEST_HEAD: usize = 2 + LONGEST_NAME + 8 + 8 + 20;
/// What the name of a queue ends with where messages go that were given back too often.
pub(super) const DEAD: &[u8] = b"+dead";

/// What happened to a message, or to its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueueRecord {
    /// The name of the queue.
    pub queue: Bytes,
    /// The number of the message in it.
    pub id: u64,
    /// What happened.
    pub event: QueueEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum QueueEvent {
    /// The message came in, or was moved to another segment.
    Put(Message),
    /// The message of this id in the queue of the name without [`DEAD`] came in here, and is gone there: both at once,
    /// so that none of it can be lost without the other.
    Buried(u64, Message),
    /// It was acknowledged, or is over.
    Gone,
    /// It was given back, for the so-manieth time.
    Back(u16),
    /// All messages of lower ids are gone.
    Emptied,
    /// Ids of all queues begin here.
    Begun,
}

/// What a producer put into a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The client flags.
    pub client_flags: u32,
    /// When it is over, in seconds since 1970; 0 for never.
    pub expires: u64,
    /// When it came, in milliseconds since 1970.
    pub since: u64,
    /// The value.
    pub body: Bytes,
}

impl Message {
    /// Whether it is over at this second since 1970.
    pub(super) fn is_over(&self, unix: u64) -> bool {
        self.expires != 0 && self.expires <= unix
    }
}

impl QueueRecord {
    /// That ids begin at `id`.
    pub(super) fn begun(id: u64) -> QueueRecord {
        QueueRecord { queue: Bytes::new(), id, event: QueueEvent::Begun }
    }

    /// Whether it says nothing that is not said by all messages of its queue below `first` being gone.
    pub(super) fn is_about_gone(&self, first: u64) -> bool {
        match self.event {
            QueueEvent::Gone | QueueEvent::Back(_) => self.id < first,
            QueueEvent::Emptied => self.id <= first,
            QueueEvent::Put(_) | QueueEvent::Buried(..) | QueueEvent::Begun => false,
        }
    }

    /// When the message came that comes in with this, told by its first [`LONGEST_HEAD`] bytes.
    pub(super) fn since(body: &[u8]) -> Option<u64> {
        let (kind, rest) = body.split_first()?;
        let (length, rest) = rest.split_first()?;
        let before = usize::from(*length) + 8 + if *kind == BURIED { 8 } else { 0 } + 12;
        let since = rest.get(before..)?.first_chunk().filter(|_| matches!(*kind, PUT | BURIED))?;
        Some(u64::from_le_bytes(*since))
    }

    /// The message that came in with this.
    pub(super) fn message(self) -> Option<Message> {
        match self.event {
            QueueEvent::Put(message) | QueueEvent::Buried(_, message) => Some(message),
            _ => None,
        }
    }
}

impl frames::Framed for QueueRecord {
    const LONGEST: usize = LONGEST_HEAD + LONGEST_MESSAGE;

    fn write(&self, body: &mut Vec<u8>) {
        let kind = match &self.event {
            QueueEvent::Put(_) => PUT,
            QueueEvent::Buried(..) => BURIED,
            QueueEvent::Gone => GONE,
            QueueEvent::Back(_) => BACK,
            QueueEvent::Emptied => EMPTIED,
            QueueEvent::Begun => BEGUN,
        };
        body.extend_from_slice(&[kind, self.queue.len() as u8]);
        body.extend_from_slice(&self.queue);
        body.extend_from_slice(&self.id.to_le_bytes());
        match &self.event {
            QueueEvent::Put(message) => message.write(body),
            QueueEvent::Buried(from, message) => {
                body.extend_from_slice(&from.to_le_bytes());
                message.write(body);
            }
            QueueEvent::Back(times) => body.extend_from_slice(&times.to_le_bytes()),
            QueueEvent::Gone | QueueEvent::Emptied | QueueEvent::Begun => {}
        }
    }

    fn read(body: &[u8]) -> Option<QueueRecord> {
        let ([kind, length], rest) = body.split_first_chunk()?;
        let (queue, rest) = rest.split_at_checked(usize::from(*length))?;
        let (id, rest) = rest.split_first_chunk()?;
        let event = match (*kind, rest) {
            (PUT, rest) => QueueEvent::Put(Message::read(rest)?),
            (BURIED, rest) => {
                let (from, rest) = rest.split_first_chunk()?;
                QueueEvent::Buried(u64::from_le_bytes(*from), Message::read(rest)?)
            }
            (BACK, rest) => QueueEvent::Back(u16::from_le_bytes(*rest.as_array()?)),
            (GONE, []) => QueueEvent::Gone,
            (EMPTIED, []) => QueueEvent::Emptied,
            (BEGUN, []) => QueueEvent::Begun,
            _ => return None,
        };
        Some(QueueRecord { queue: Bytes::copy_from_slice(queue), id: u64::from_le_bytes(*id), event })
    }
}

impl Message {
    fn write(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(&self.client_flags.to_le_bytes());
        body.extend_from_slice(&self.expires.to_le_bytes());
        body.extend_from_slice(&self.since.to_le_bytes());
        body.extend_from_slice(&self.body);
    }

    fn read(bytes: &[u8]) -> Option<Message> {
        let (client_flags, rest) = bytes.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        Some(Message {
            client_flags: u32::from_le_bytes(*client_flags),
            expires: u64::from_le_bytes(*expires),
            since: u64::from_le_bytes(*since),
            body: Bytes::copy_from_slice(rest),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::frames::{Records, framed};

    fn message() -> impl Strategy<Value = Message> {
        let body = prop::collection::vec(any::<u8>(), 0..300);
        (any::<u32>(), any::<u64>(), any::<u64>(), body).prop_map(|(client_flags, expires, since, body)| Message {
            client_flags,
            expires,
            since,
            body: body.into(),
        })
    }

    fn record() -> impl Strategy<Value = QueueRecord> {
        let event = prop_oneof![
            message().prop_map(QueueEvent::Put),
            (any::<u64>(), message()).prop_map(|(from, message)| QueueEvent::Buried(from, message)),
            Just(QueueEvent::Gone),
            any::<u16>().prop_map(QueueEvent::Back),
            Just(QueueEvent::Emptied),
            Just(QueueEvent::Begun),
        ];
        let queue = prop::collection::vec(any::<u8>(), 0..=LONGEST_NAME);
        (queue, any::<u64>(), event).prop_map(|(queue, id, event)| QueueRecord { queue: queue.into(), id, event })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..20)) {
            for record in &records {
                let mut body = Vec::new();
                frames::Framed::write(record, &mut body);
                body.truncate(LONGEST_HEAD);
                prop_assert_eq!(QueueRecord::since(&body), record.clone().message().map(|message| message.since));
            }
            let bytes = framed(&records);
            prop_assert_eq!(Records::new(&bytes[..], 0).all().unwrap(), (records, bytes.len() as u64));
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = <QueueRecord as frames::Framed>::read(&bytes);
            let _ = Records::<_, QueueRecord>::new(&bytes[..], 0).all().unwrap();
        }
    }
}
