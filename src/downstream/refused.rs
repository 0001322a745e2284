//! What a refusal costs a client: it stands by before it is heard again.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::clients::Clients;
use super::connection::Connection;
use super::crowd::CrowdPlace;
use crate::protocol::Reply;

/// Calls those who stand by. Runs for as long as the worker.
pub(crate) async fn call_those_who_stand_by(clients: Rc<Clients>) {
    clients.service.crowd.run().await
}

impl Connection {
    /// Takes note of what was answered on the spot.
    pub(super) fn note(&self, reply: &Reply) {
        if matches!(reply, Reply::Failed(_)) {
            self.refused.set(Some(self.service.turn.now()));
        }
    }

    /// Ready when it is the client's turn: at once, unless it was refused, and many were. Until it is called it keeps its
    /// `place`.
    #[inline]
    pub(super) fn poll_called(&self, place: &mut Option<CrowdPlace>, cx: &mut Context<'_>) -> Poll<()> {
        let crowd = &self.service.crowd;
        // One refusal costs one wait: a client that has much more to do would else be called again before all who were refused
        // later, as often as it has turns.
        if let Some(then) = self.refused.take() {
            *place = Some(crowd.place(then));
        }
        match place {
            None => crowd.pass(),
            Some(taken) => {
                ready!(Pin::new(taken).poll(cx));
                *place = None;
            }
        }
        Poll::Ready(())
    }
}
