//! Replies arrive for a client: those that came together are put in their places, and leave together.

use std::rc::Rc;

use super::connection::{Connection, NO_ROOM};
use crate::protocol::Reply;
use crate::runtime::memory::Shed;
use crate::runtime::turn::{Flush, MUCH};
use crate::upstream::{Arrived, ReplyRun};

impl Connection {
    /// Puts one reply in its place.
    pub(super) fn put(self: &Rc<Self>, token: u64, reply: Reply) {
        self.put_all(ReplyRun::without_chunk(&mut [Arrived::new(token, reply)]));
    }

    /// Puts replies that came together in their places.
    #[inline(always)]
    pub(super) fn put_all(self: &Rc<Self>, run: ReplyRun<'_>) {
        let mut state = self.state.borrow_mut();
        if state.broken {
            return;
        }
        let mut size = 0;
        for arrived in &*run.replies {
            state.expect_more_like(arrived.value_len());
            size += arrived.value_len();
        }
        if size > 0 && !self.holder.may_take(size) {
            self.refuse_what_has_no_room(run.replies);
        }
        let is_blocked = state.blocked;
        if !state.replies.fill_all(run, is_blocked, self.service.turn.now(), &**self) {
            state.count_parked();
            return self.ask_on_later(&state);
        }
        self.write_replies(&mut state);
        let is_much = !state.blocked && state.output.len() >= MUCH;
        drop(state);
        if is_much {
            self.flush();
        }
    }

    /// Takes the values out of replies that cannot be kept for the client. One get may ask for more than fits anywhere.
    #[cold]
    fn refuse_what_has_no_room(&self, replies: &mut [Arrived]) {
        let mut kept = 0;
        for arrived in replies {
            let size = arrived.value_len();
            if size == 0 || self.holder.may_take(kept + size) {
                kept += size;
            } else {
                self.service.memory.shed(Shed::Reply);
                *arrived = Arrived::new(arrived.token, Reply::Error(NO_ROOM.into()));
            }
        }
    }
}
