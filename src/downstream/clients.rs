//! The clients of one worker: who is here, from when one is accepted until it is gone.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::admitted::admitted;
use super::connection::{Connection, End};
use super::intake::Intake;
use super::service::{ClientLimits, Service};
use crate::config::Entrance;
use crate::metrics::{DownstreamCount, Shard};
use crate::route::Tree;
use crate::runtime::net::LEAST_ROOM;
use crate::runtime::socket::SocketStream;
use crate::runtime::stream::Reader;

/// How long a client that must go is read from, so that it sees why before its connection is reset.
const LINGER: Duration = Duration::from_secs(1);

/// All clients of one worker.
pub(crate) struct Clients {
    /// What they share.
    pub(super) service: Rc<Service>,
    connections: RefCell<HashMap<u64, Rc<Connection>>>,
    next: Cell<u64>,
}

impl Clients {
    /// No clients so far.
    pub(crate) fn new(service: Rc<Service>) -> Rc<Clients> {
        Rc::new(Clients { service, connections: RefCell::default(), next: Cell::new(0) })
    }

    /// Serves one client until it is gone.
    pub(crate) async fn serve(&self, socket: SocketStream, listener: usize) {
        let entrance = self.service.entrance(listener);
        let Some(stream) = admitted(socket, &entrance, &self.service).await else { return };
        let (mut reader, writer) = stream.into_split();
        let connection = Connection::new(writer, self.service.clone(), listener);
        let number = self.enter(connection.clone());
        self.service.shard().downstream(DownstreamCount::Accepted, 1);
        let mut intake = Intake::new(&connection);
        let mut place = None;
        let end = poll_fn(|cx| {
            ready!(connection.poll_called(&mut place, cx));
            let polled = intake.poll(&connection, &mut reader, cx);
            connection.send_if_whole();
            polled
        });
        let end = end.await;
        drop(intake);
        // A client that has hung up looks like one that only sends no more. So both count as gone: what they would wait
        // for, such as a cold value, is a miss.
        if end != End::Quit {
            connection.client.leave();
        }
        if end != End::Broken {
            poll_fn(|cx| connection.poll_drained(cx)).await;
        }
        connection.state.borrow_mut().close();
        // One that said it would quit has all replies now, and gives back the messages it has.
        connection.client.leave();
        self.connections.borrow_mut().remove(&number);
        self.service.shard().downstream(DownstreamCount::Closed, 1);
        drop(connection);
        if end == End::Fatal {
            linger(&self.service, reader).await;
        }
    }

    fn enter(&self, connection: Rc<Connection>) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        self.connections.borrow_mut().insert(number, connection);
        number
    }

    /// Shows each connection.
    pub(super) fn each(&self, show: impl FnMut(&Rc<Connection>)) {
        self.connections.borrow().values().for_each(show);
    }

    /// Goes on under another configuration. Called between two requests; those in flight end on the tree they began on.
    pub(crate) fn change(&self, tree: Rc<Tree>, guarded: (ClientLimits, Vec<Rc<Entrance>>), shard: Arc<Shard>) {
        let moves = self.service.shard().layout().routes_in(shard.layout());
        self.service.change(tree, guarded, shard);
        self.each(|connection| connection.change(&moves));
    }

    /// Answers what has arrived and closes every connection.
    pub(crate) fn stop(&self) {
        self.service.stop();
        self.each(|connection| connection.wake());
    }
}

/// Reads on for a while without listening: closing with bytes unread would reset the connection, and take the last
/// reply with it.
async fn linger(service: &Service, mut reader: Reader) {
    let discard = async { while poll_fn(|cx| poll_discard(service, &mut reader, cx)).await.is_ok_and(|n| n > 0) {} };
    // Running out of time is as good an end as any.
    let _ = tokio::time::timeout(LINGER, discard).await;
}

/// Reads what nobody needs, into the buffer that all connections share: a crowd that is sent away takes no memory.
fn poll_discard(service: &Service, reader: &mut Reader, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut scratch = service.scratch.borrow_mut();
    service.memory.buffers.make_room(&mut scratch, LEAST_ROOM);
    let read = reader.poll_read(cx, &mut scratch);
    scratch.clear();
    read
}
