//! A client between being accepted and being served: the TLS handshake, where its listener has TLS. For as long as a
//! request may take to arrive, and not while leash ends or memory is tight: who has not said who it is goes first.

use std::io;
use std::time::Instant;

use tokio::time::timeout;

use super::service::Service;
use crate::config::Entrance;
use crate::runtime::memory::{Share, Shed};
use crate::runtime::secured::SecuredStream;
use crate::runtime::socket::SocketStream;
use crate::runtime::stream::Stream;

/// The connection of a client with whom leash can speak; `None` if there is none.
pub(super) async fn admitted(socket: SocketStream, entrance: &Entrance, service: &Service) -> Option<Stream> {
    let Some(tls) = &entrance.tls else { return Some(Stream::Plain(socket)) };
    let patience = service.limits().request_time;
    // In a box, since most of what the task of a client can be is this, of which one without TLS needs nothing.
    let agreed = Box::pin(async {
        let session = tls.session().map_err(io::Error::other)?;
        let mut share = Share::new(&service.memory);
        let held = |bytes| {
            share.set(bytes);
            if service.memory.is_tight() { Err(no_room(service)) } else { Ok(()) }
        };
        let agreed = timeout(patience, SecuredStream::agree(socket, session, held)).await;
        agreed.unwrap_or_else(|_| Err(io::Error::other(format!("it did not finish the handshake within {patience:?}"))))
    });
    let agreed = tokio::select! {
        agreed = agreed => agreed,
        () = service.ending() => return None,
    };
    match agreed {
        Ok(stream) => Some(Stream::Secured(Box::new(stream))),
        // Whoever asks only whether the port is open does that.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
        Err(error) => {
            if let Some(suppressed) = service.no_tls.allow(Instant::now()) {
                tracing::warn!(why = %error, suppressed, "no TLS with a client");
            }
            None
        }
    }
}

/// Why a handshake does not go on.
fn no_room(service: &Service) -> io::Error {
    service.memory.shed(Shed::Client);
    io::Error::other("memory is short (limits.memory)")
}
