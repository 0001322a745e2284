//! Lets a client in, or puts it out, that says in packets who it is. What it says is judged in [`super::login`]; lines are
//! heard in [`super::gate`].

use std::rc::Rc;

use super::connection::Connection;
use crate::protocol::{Door, Form, SaslAnswer, SaslWord, encode_sasl};

impl Connection {
    /// What is asked of the client before anything else.
    pub(super) fn door(&self) -> Door {
        match (self.has_users.get(), self.is_let_in.get()) {
            (false, _) => Door::Open,
            (true, false) => Door::Locked,
            (true, true) => Door::Unlocked,
        }
    }

    /// Hears in packets who a client is; it may be put out, too.
    pub(super) fn log_in(self: &Rc<Self>, word: &SaslWord, form: &Form) {
        let users = self.entrance.borrow().users.clone();
        let answer = users.map_or(SaslAnswer::Refused, |users| self.login.borrow_mut().hear(word, &users));
        self.is_let_in.set(answer == SaslAnswer::LetIn);
        self.tell_written(encode_sasl(form, answer));
    }
}
