//! The queues of a route, checked: how clients take messages, and which leash keeps them.

use std::path::PathBuf;
use std::time::Duration;

/// Every key of the route is the name of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queues {
    /// What clients may expect of `get` and `delete`.
    pub mode: QueueMode,
    /// For so long a consumer may have a message; then another one gets it.
    pub reserve: Duration,
    /// Where the messages are.
    pub kept: QueuesKept,
}

/// Which leash keeps the messages of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueuesKept {
    /// This one: it is their holder.
    Here(QueueDirectory),
    /// The holders of a pool, an index into [`super::Config::pools`].
    Behind(usize),
}

/// A directory of queues, and what they may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDirectory {
    /// The directory, which belongs to this process alone.
    pub dir: PathBuf,
    /// Messages of one queue; `None`: as many as the disk takes.
    pub max_items: Option<usize>,
    /// Bytes of one queue on the disk; `None`: as many as it takes.
    pub max_bytes: Option<usize>,
    /// Bytes of one message.
    pub max_message: usize,
    /// Whether the disk has a message before its producer is told so; otherwise a tenth of a second later.
    pub sync: bool,
    /// A message that was given back more often goes to the queue of the same name with `+dead` behind it; `None`: it
    /// never does.
    pub max_redeliveries: Option<usize>,
}

/// How clients take messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueMode {
    /// As with RedQueue: `get` reserves, `delete` acknowledges.
    #[default]
    Reserve,
    /// As with Kestrel: `get` removes, and what else is wanted stands behind the name.
    Kestrel,
}

impl QueueMode {
    /// Both, as they are written.
    pub(crate) const WORDS: [(&str, QueueMode); 2] = [("reserve", QueueMode::Reserve), ("kestrel", QueueMode::Kestrel)];

    /// As it is written.
    pub fn word(self) -> &'static str {
        QueueMode::WORDS[self as usize].0
    }
}

impl QueueDirectory {
    /// The longest message that any holder takes.
    pub(crate) const LONGEST_MESSAGE: usize = 64 << 20;
    /// How `sync` is written.
    pub(crate) const SYNC: [(&str, bool); 2] = [("always", true), ("100ms", false)];

    /// A directory in which everything else is the default.
    pub fn at(dir: PathBuf) -> QueueDirectory {
        let (max_items, max_bytes, max_redeliveries) = (None, None, None);
        QueueDirectory { dir, max_items, max_bytes, max_message: 1 << 20, sync: true, max_redeliveries }
    }
}

impl Queues {
    /// For so long a consumer may have a message, unless something else is written.
    pub(crate) const RESERVE: Duration = Duration::from_secs(30);

    /// The directory, if the messages are here.
    pub fn directory(&self) -> Option<&QueueDirectory> {
        match &self.kept {
            QueuesKept::Here(directory) => Some(directory),
            QueuesKept::Behind(_) => None,
        }
    }
}
