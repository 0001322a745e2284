//! How something is: a colour, a shape and a word, so that none of them has to be seen for it to be understood.

use super::Html;
use crate::metrics::ServerState;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Worth a look.
    Fair,
    /// Users notice.
    Bad,
}

impl State {
    /// How a server is that is in this state.
    pub fn of(server: ServerState) -> State {
        match server {
            ServerState::Up => State::Good,
            ServerState::Suspect => State::Fair,
            ServerState::Down | ServerState::Probing => State::Bad,
        }
    }

    /// What gives it its colour.
    pub fn class(self) -> &'static str {
        match self {
            State::Good => "good",
            State::Fair => "fair",
            State::Bad => "bad",
        }
    }

    /// Writes its shape and a word for it.
    pub fn write(self, html: &mut Html, word: &str) {
        html.element("span", &[("class", &format!("state {}", self.class()))], |html| {
            html.words("span", &[("aria-hidden", "true")], self.shape());
            html.text(&format!(" {word}"));
        });
    }

    fn shape(self) -> &'static str {
        match self {
            State::Good => "●",
            State::Fair => "▲",
            State::Bad => "■",
        }
    }
}
