//! The reading side of a client's connection: bytes to calls, and when to read more.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::{Connection, End};
use super::service::Service;
use super::stint::{Stint, give_way};
use crate::memory::Share;
use crate::metrics::{Downstream as Count, ProtocolError};
use crate::net::{Reader, make_room};
use crate::protocol::{Decoder, Form, Request};

/// What a client said that is not yet a whole request.
pub(super) struct Intake {
    decoder: Decoder,
    buffer: BytesMut,
    /// When the request that has begun to arrive must be whole.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    /// What is counted of the buffer.
    held: Share,
}

impl Intake {
    pub fn new(service: &Service) -> Intake {
        let decoder = Decoder::new(service.limits().request);
        let held = Share::new(&service.memory);
        Intake { decoder, buffer: BytesMut::new(), timer: None, ended: false, held }
    }

    /// Reads and dispatches until the client must wait or is done.
    pub fn poll(&mut self, connection: &Rc<Connection>, reader: &mut Reader, cx: &mut Context<'_>) -> Poll<End> {
        let mut stint = Stint::default();
        loop {
            if let Err(end) = ready!(connection.poll_output(cx)) {
                return Poll::Ready(end);
            }
            connection.resume();
            if let Some(end) = self.dispatch(connection, &mut stint) {
                return Poll::Ready(end);
            }
            if connection.is_full() {
                connection.pause();
                // The client waits for itself; what it has begun to say has all the time again once it is heard.
                self.timer = None;
                return Poll::Pending;
            }
            if stint.is_over() {
                return give_way(cx);
            }
            if self.ended {
                return Poll::Ready(End::Orderly);
            }
            match self.poll_read(&connection.service, reader, cx) {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Err(_)) => return Poll::Ready(End::Broken),
                Poll::Ready(Ok(n)) => {
                    stint.read(n, connection.service.turn.tick());
                    connection.service.shard().downstream(Count::BytesRead, n as u64);
                }
                // Pending may also mean that it is somebody else's turn, with more to read.
                Poll::Pending if connection.service.is_stopping() && has_budget_remaining() => {
                    return Poll::Ready(End::Orderly);
                }
                Poll::Pending => {
                    ready!(self.poll_timer(connection, cx));
                    return Poll::Ready(End::Fatal);
                }
            }
        }
    }

    /// Sends whole requests on their way, as far as the client may have more in flight and its stint goes.
    fn dispatch(&mut self, connection: &Rc<Connection>, stint: &mut Stint) -> Option<End> {
        if self.buffer.is_empty() {
            return None;
        }
        self.decoder.set_limits(connection.service.limits().request);
        while !connection.is_full() && !stint.is_over() {
            if let Some(call) = self.decoder.next(&mut self.buffer) {
                self.timer = None;
                stint.request();
                if let Some(end) = connection.dispatch(call, &self.buffer) {
                    return Some(end);
                }
            } else if let Some((replaced, form)) = self.refuse_value(&connection.service) {
                connection.no_memory(replaced, form);
            } else {
                break;
            }
        }
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        self.held.set(self.buffer.len());
        None
    }

    /// Gives up the value that is being received if there is no memory for the rest of it.
    fn refuse_value(&mut self, service: &Service) -> Option<(Option<Request>, Form)> {
        let wanted = self.decoder.wanted(&self.buffer);
        if wanted == 0 || service.memory.has_room(wanted) { None } else { self.decoder.give_up_value() }
    }

    fn poll_read(
        &mut self,
        service: &Service,
        reader: &mut Reader,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        if !self.buffer.is_empty() {
            let wanted = self.decoder.wanted(&self.buffer);
            make_room(&mut self.buffer, wanted);
            return reader.poll_read(cx, &mut self.buffer);
        }
        let mut scratch = service.scratch.borrow_mut();
        make_room(&mut scratch, 0);
        let n = ready!(reader.poll_read(cx, &mut scratch))?;
        self.buffer = scratch.split();
        Poll::Ready(Ok(n))
    }

    /// Ready when a request that has begun to arrive took too long; never while none has.
    fn poll_timer(&mut self, connection: &Rc<Connection>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.decoder.is_midway(&self.buffer) {
            self.timer = None;
            return Poll::Pending;
        }
        let patience = connection.service.limits().request_time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(timer.as_mut().poll(cx));
        connection.service.shard().protocol_error(ProtocolError::Timeout);
        connection.say(&format!("CLIENT_ERROR the request was not complete within {patience:?}"));
        Poll::Ready(())
    }
}
