//! How something is: good, fair or bad. Page and terminal give each a shape and a colour beside its word, so that none
//! of them has to be seen for it to be understood.

use crate::metrics::ServerState;

/// How something is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Good,
    /// Worth a look.
    Fair,
    /// Users notice.
    Bad,
}

impl Grade {
    /// How a server is that is in this state.
    pub fn of(server: ServerState) -> Grade {
        match server {
            ServerState::Up => Grade::Good,
            ServerState::Suspect => Grade::Fair,
            ServerState::Down | ServerState::Probing => Grade::Bad,
        }
    }

    /// The shape that stands before a word.
    pub fn shape(self) -> &'static str {
        match self {
            Grade::Good => "●",
            Grade::Fair => "▲",
            Grade::Bad => "■",
        }
    }
}
