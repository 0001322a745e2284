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

    /// Ready when it is the client's turn: at once, unless it was refused when it was last heard. Until it is called it
    /// keeps its `place`.
    #[inline]
    pub(super) fn poll_called(&self, place: &mut Option<CrowdPlace>, cx: &mut Context<'_>) -> Poll<()> {
        let crowd = &self.service.crowd;
        match self.refused.get() {
            None => crowd.pass(),
            Some(then) => {
                ready!(Pin::new(place.get_or_insert_with(|| crowd.place(then))).poll(cx));
                *place = None;
            }
        }
        Poll::Ready(())
    }
}
