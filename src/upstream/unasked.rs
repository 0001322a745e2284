//! Answers questions that a server must not be asked, as it is down or has not taken the delete of an outdated value.

use super::common::Common;
use super::mark::Mark;
use super::outdated::Remembered;
use super::slot::{forgotten, is_delete};
use crate::protocol::{Cause, Key, Question, Reply};

impl Common {
    /// The answer to a question that the server must not be asked now: it is down, or has a value of this key that it
    /// refused to delete. Requests that replace or delete that value are sent. `None` if the server is to be asked.
    #[cold]
    pub(super) fn unasked(&self, question: Question<'_>, mark: Mark) -> Option<Reply> {
        match (self.target.health.refusal(), question) {
            (Some(cause), _) if mark.is_once => Some(self.failed(cause)),
            (None, _) if mark.is_once => None,
            (Some(cause), question) => self.refuse(question, cause),
            (None, Question::Ask(request)) if forgotten(question).is_none() && self.target.withholds(&request.key) => {
                Some(self.failed(Cause::Down))
            }
            (None, _) => None,
        }
    }

    /// The answer to a question that is not asked because of `cause`; `None` if the server has just come back.
    fn refuse(&self, question: Question<'_>, cause: Cause) -> Option<Reply> {
        let Some(key) = forgotten(question) else { return Some(self.failed(cause)) };
        match self.target.remember(key) {
            Remembered::Up => None,
            Remembered::Kept if is_delete(question) => Some(Reply::NotFound),
            Remembered::Kept | Remembered::Late => Some(self.failed(cause)),
            Remembered::Lost(why) => {
                self.target.lose(why);
                Some(self.failed(cause))
            }
        }
    }

    /// Sees to it that what the server was asked to forget, and may not have, is forgotten after all.
    pub(super) fn catch_up_on(&self, key: &Key) {
        self.target.remember_lost(key);
    }
}
