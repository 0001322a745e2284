//! What a holder is asked for, what it answers, and the terms on which it keeps messages.

use std::time::Duration;

use bytes::Bytes;

use super::fifo::{Consumer, id_of_receipt};
use super::figures::HolderFigures;
use super::record::Message;

/// When something is asked for: both clocks of one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since the start of the process: never goes back.
    pub up: Duration,
    /// Since 1970.
    pub unix: Duration,
}

/// What a holder is asked for. It keeps the names of queues as they are given, so these must be no slices of something
/// larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueOrder {
    /// Takes a message into a queue.
    Put {
        /// The name of the queue.
        queue: Bytes,
        /// The client flags of the message.
        client_flags: u32,
        /// When it is over, in seconds since 1970; 0 for never.
        expires: u64,
        /// The message.
        body: Bytes,
    },
    /// Hands out the oldest message.
    Take {
        /// The name of the queue.
        queue: Bytes,
        /// To whom.
        by: Consumer,
        /// On what terms.
        how: Taking,
        /// For so long the caller waits for one.
        wait: Duration,
    },
    /// Ends a reservation.
    Settle {
        /// The name of the queue.
        queue: Bytes,
        /// Who ends it.
        by: Consumer,
        /// Which, by what `Message` told of it; the oldest that `by` has, if not said.
        id: Option<u64>,
        /// How.
        how: Settling,
    },
    /// Shows the oldest message.
    Peek {
        /// The name of the queue.
        queue: Bytes,
    },
    /// Counts the messages that wait.
    Count {
        /// The name of the queue.
        queue: Bytes,
    },
    /// Looks for a message: at what place in the line is it?
    Find {
        /// The name of the queue.
        queue: Bytes,
        /// The message.
        body: Bytes,
    },
    /// Shows the oldest messages.
    List {
        /// The name of the queue.
        queue: Bytes,
        /// So many at most.
        most: usize,
    },
    /// Takes a message out of the line, wherever it stands.
    Withdraw {
        /// The name of the queue.
        queue: Bytes,
        /// The message.
        body: Bytes,
    },
    /// Drops all messages of a queue.
    Empty {
        /// The name of the queue.
        queue: Bytes,
    },
    /// Drops all messages of all queues.
    EmptyAll,
    /// A consumer waits for no message any more.
    StopWaiting(Consumer),
    /// A consumer is gone: it waits no more, and what it has is given back.
    Leave(Consumer),
    /// Tells how all queues are.
    Figures,
}

impl QueueOrder {
    /// The queue that it is about, if it is about one.
    pub(crate) fn queue(&self) -> Option<&Bytes> {
        match self {
            QueueOrder::Put { queue, .. }
            | QueueOrder::Take { queue, .. }
            | QueueOrder::Settle { queue, .. }
            | QueueOrder::Peek { queue }
            | QueueOrder::Count { queue }
            | QueueOrder::Find { queue, .. }
            | QueueOrder::List { queue, .. }
            | QueueOrder::Withdraw { queue, .. }
            | QueueOrder::Empty { queue } => Some(queue),
            QueueOrder::EmptyAll | QueueOrder::StopWaiting(_) | QueueOrder::Leave(_) | QueueOrder::Figures => None,
        }
    }
}

/// On what terms a message is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It is gone at once, unless the consumer has one of this queue.
    Remove,
    /// It is reserved; the consumer may have others.
    Reserve,
    /// It is reserved, unless the consumer has one of this queue already.
    ReserveOne,
}

impl Taking {
    /// What a client knows a message by that it took so, with this receipt: its id, which stays the same however often it comes
    /// again, unless the client may have several and so must be able to say which reservation it means.
    pub(crate) fn told(self, receipt: u64) -> u64 {
        if self == Taking::Reserve { receipt } else { id_of_receipt(receipt) }
    }
}

/// What becomes of a message that was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// It is done with.
    Acknowledge,
    /// It is given back into its place.
    GiveBack,
}

/// What a holder answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueAnswer {
    /// The message is in the queue.
    Stored(u64),
    /// The message of this id; where it is reserved, with the receipt of that, by which it is settled.
    Message(u64, Message),
    /// There is none.
    Nothing,
    /// The reservation is ended, or the queue is empty now.
    Done,
    /// A number of messages, or a place in the line that begins with 1.
    Number(u64),
    /// Messages in their order.
    Listed(Vec<Bytes>),
    /// How all queues are.
    Figures(HolderFigures),
    /// Nothing was done.
    Refused(QueueRefusal),
}

impl QueueAnswer {
    /// The bytes of the messages in it.
    pub(crate) fn len(&self) -> usize {
        match self {
            QueueAnswer::Message(_, message) => message.body.len(),
            QueueAnswer::Listed(bodies) => bodies.iter().map(Bytes::len).sum(),
            _ => 0,
        }
    }
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueRefusal {
    /// The queue has all messages or bytes that it may have.
    Full,
    /// The message is longer than one may be.
    TooLong,
    /// The disk does not take it.
    Disk,
    /// The holder has too much to do, or ends.
    Busy,
    /// The consumer has a message of this queue, and may have one only.
    HasOne,
}

/// On what terms a holder keeps messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderTerms {
    /// For so long a consumer may have a message.
    pub reserve: Duration,
    /// Queues at most, whose names are memory and come from clients.
    pub max_queues: usize,
    /// Messages of a queue at most.
    pub max_items: u64,
    /// Bytes of a queue at most.
    pub max_bytes: u64,
    /// Bytes of a message at most.
    pub max_message: usize,
    /// Whether the disk has what is answered. Otherwise it has it a moment later.
    pub sync: bool,
    /// A message that was given back more often goes to the queue of the same name with `+dead` behind it.
    pub max_redeliveries: Option<u16>,
    /// Bytes after which a file is full. Read when the directory is opened.
    pub segment: u64,
}

impl Default for HolderTerms {
    fn default() -> HolderTerms {
        HolderTerms {
            reserve: Duration::from_secs(30),
            max_queues: 1_000_000,
            max_items: u64::MAX,
            max_bytes: u64::MAX,
            max_message: 1 << 20,
            sync: true,
            max_redeliveries: None,
            segment: 64 << 20,
        }
    }
}
