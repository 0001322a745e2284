//! Clients that wait for a message of a holder elsewhere. They stand in a line, one for each queue and worker, and only the
//! first of them asks, again and again: so no client overtakes another one, a holder hears from each worker but once in a
//! while, and no connection that others share is kept from them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep_until;

use super::QueuesBehind;
use crate::protocol::Reply;
use crate::queue::{QueueAnswer, Taking};
use crate::route::Client;
use crate::route::queue::decide::pause;
use crate::route::queue::seat::Answering;
use crate::route::refresh::decide::ItemId;

impl QueuesBehind {
    /// Takes a message as soon as there is one and it is the client's turn, or nothing once it has waited for so long.
    pub(super) fn wait(
        self: &Rc<Self>,
        (queue, how): (Bytes, Taking),
        wait: Duration,
        client: &Rc<Client>,
    ) -> Answering {
        let (me, client, until) = (self.clone(), client.clone(), self.env.now() + wait);
        let line = ItemId::of_name(self.route, &queue);
        let is_first = !self.waiting.is_busy(line);
        // Before anything is asked: whoever comes meanwhile stands behind.
        let place = self.waiting.enter(line);
        let first = is_first.then(|| self.clone().open((queue.clone(), how), &client));
        Box::pin(async move {
            if let Some(first) = first {
                let answer = first.await;
                if is_decided(&answer) {
                    return answer;
                }
            }
            tokio::select! {
                biased;
                () = &place => {}
                () = client.stopped() => return Ok(QueueAnswer::Nothing),
                () = sleep_until(until.into()) => return Ok(QueueAnswer::Nothing),
            }
            me.ask_until((queue, how), until, &client).await
        })
    }

    /// Asks until there is a message, the time is over, or the client is gone.
    async fn ask_until(
        self: Rc<Self>,
        (queue, how): (Bytes, Taking),
        until: Instant,
        client: &Rc<Client>,
    ) -> Result<QueueAnswer, Reply> {
        let mut in_vain = 0;
        loop {
            self.env.wakes();
            let next = (self.env.now() + pause(in_vain, self.env.chance())).min(until);
            // Nothing interrupts a question: it may be answered with a message.
            let answer = self.clone().open((queue.clone(), how), client).await;
            if is_decided(&answer) || client.waits_no_more() || self.env.now() >= until {
                return answer;
            }
            tokio::select! {
                biased;
                () = client.stopped() => return Ok(QueueAnswer::Nothing),
                () = sleep_until(next.into()) => in_vain += 1,
            }
        }
    }
}

/// Whether it is no use to ask again: there is a message, or a refusal. A holder that does not answer may be back soon.
fn is_decided(answer: &Result<QueueAnswer, Reply>) -> bool {
    !matches!(answer, Ok(QueueAnswer::Nothing) | Err(Reply::Failed(_)))
}
