//! Answers of the queues' thread: told to those who wait, or taken back where that is too late.

use std::future::poll_fn;
use std::rc::Weak;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use slab::Slab;
use tokio::time::sleep_until;

use super::{DISK, KEEP, OwedAnswer, QueuesHere};
use crate::queue::{Consumer, Message, QueueAnswer, QueueMailbox, QueueOrder, Settling, Taking};
use crate::route::queue::decide::no_answer;
use crate::route::queue::room::no_memory;
use crate::runtime::env::Env;
use crate::runtime::turn::give_way;

/// So many answers are told before others have their turn.
const TOGETHER: usize = 256;

/// Reads the mailbox of a worker for as long as there are the queues.
pub(super) async fn attend(here: Weak<QueuesHere>, mailbox: Arc<QueueMailbox>) {
    let mut answers = Vec::new();
    poll_fn(|cx| poll_mailbox(&here, &mailbox, &mut answers, cx)).await;
}

fn poll_mailbox(
    here: &Weak<QueuesHere>,
    mailbox: &QueueMailbox,
    answers: &mut Vec<(u64, QueueAnswer)>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    while let Some(here) = here.upgrade() {
        if answers.is_empty() {
            ready!(mailbox.poll(cx, answers));
        }
        here.heard.set(here.turn.tick());
        let some = answers.len().min(TOGETHER);
        answers.drain(..some).for_each(|(number, answer)| here.hear(number, answer));
        answers.shrink_to(KEEP);
        if some == TOGETHER {
            return give_way(cx);
        }
    }
    Poll::Ready(())
}

/// The one timer: it runs for what is owed longest, or a while longer.
pub(super) async fn watch(here: Weak<QueuesHere>) {
    let mut next = Instant::now() + DISK;
    loop {
        sleep_until(next.into()).await;
        let Some(here) = here.upgrade() else { return };
        match here.expire(here.turn.tick()) {
            Some(due) => next = due,
            None => return here.is_watched.set(false),
        }
    }
}

impl QueuesHere {
    fn hear(&self, number: u64, answer: QueueAnswer) {
        let Some(owed) = self.take(number) else { return };
        let OwedAnswer { ticket, client, telling, takes, turn, .. } = owed;
        let is_told = self.room.learns(&answer, &client) && ticket.is_some();
        let left = if is_told { None } else { back(&answer, takes, client.queues.consumer()) };
        drop(turn);
        match (left, ticket) {
            (None, Some(ticket)) => ticket.answer(telling.told(answer, self.turn.unix())),
            (left, ticket) => {
                left.into_iter().for_each(|order| self.gather(order, None));
                ticket.into_iter().for_each(|ticket| ticket.answer(no_memory(&client)));
            }
        }
    }

    fn take(&self, number: u64) -> Option<OwedAnswer> {
        let mut all = self.owed.borrow_mut();
        let owed = all.try_remove(number as usize);
        debug_assert!(owed.is_some(), "an answer that no order waits for");
        if all.is_empty() && all.capacity() > KEEP {
            *all = Slab::new();
        }
        owed
    }

    /// Tells those who have waited for too long that there is no answer; a message that comes all the same goes back.
    /// When there is to be another look, if any wait: no later than what is ordered until then may be due.
    pub(super) fn expire(&self, now: Instant) -> Option<Instant> {
        let (mut late, mut next) = (Vec::new(), None);
        for (_, owed) in self.owed.borrow_mut().iter_mut().filter(|(_, owed)| owed.ticket.is_some()) {
            if owed.until <= now {
                (owed.turn, owed.waiting) = (None, None);
                late.extend(owed.ticket.take().map(|ticket| (ticket, owed.telling)));
            } else {
                next = Some(owed.until.min(next.unwrap_or(now + DISK)));
            }
        }
        late.into_iter().for_each(|(ticket, telling)| ticket.answer(telling.untold(no_answer())));
        next
    }
}

/// What gives a message back of which its client is not told. One that was taken for good is put anew.
fn back(answer: &QueueAnswer, takes: Option<(Bytes, Taking)>, by: Consumer) -> Option<QueueOrder> {
    let (QueueAnswer::Message(receipt, message), Some((queue, how))) = (answer, takes) else { return None };
    Some(match how {
        Taking::Remove => {
            let Message { client_flags, expires, ref body, .. } = *message;
            QueueOrder::Put { queue, client_flags, expires, body: body.clone() }
        }
        // By its receipt: the client may have ended this reservation meanwhile, and have another message.
        Taking::Reserve | Taking::ReserveOne => {
            QueueOrder::Settle { queue, by, id: Some(*receipt), how: Settling::GiveBack }
        }
    })
}
