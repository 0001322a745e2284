//! Connecting to whichever address of a name answers first (RFC 8305 in small): the next one is tried when the one before
//! has failed, or has not answered for a moment. So an address that swallows what it is sent costs that moment only.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Within these bounds, a fifth of the time for a connection passes before the next address is tried as well.
const LEAST_HEAD_START: Duration = Duration::from_millis(10);
const MOST_HEAD_START: Duration = Duration::from_millis(250);

/// Connects to one of `addresses`, of which there may be `patience` for all together.
pub(super) async fn connect(addresses: Vec<SocketAddr>, patience: Duration) -> io::Result<TcpStream> {
    if let [only] = addresses[..] {
        return TcpStream::connect(only).await;
    }
    let head_start = (patience / 5).clamp(LEAST_HEAD_START, MOST_HEAD_START);
    let mut waiting = in_turns(&addresses).into_iter();
    let mut tries = JoinSet::new();
    let mut refused = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    loop {
        match waiting.next() {
            Some(address) => drop(tries.spawn_local(TcpStream::connect(address))),
            None if tries.is_empty() => return Err(refused),
            None => {}
        }
        let ended = match waiting.len() {
            0 => tries.join_next().await,
            _ => timeout(head_start, tries.join_next()).await.ok().flatten(),
        };
        match ended {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => refused = error,
            Some(Err(error)) => refused = io::Error::other(error),
            // It is the next one's turn.
            None => {}
        }
    }
}

/// The families by turns, the first one's first, since one of them may lead nowhere as a whole.
fn in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (same, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let turns = std::iter::from_fn(|| {
        let turn = [same.next(), other.next()];
        (turn != [None, None]).then_some(turn)
    });
    turns.flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;
    use tokio::runtime::{Builder, LocalOptions};

    fn at(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
        let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(connect(addresses, Duration::from_millis(250)))
    }

    #[test]
    fn families_take_turns() {
        let mixed = at(&["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1"]);
        let turns = at(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "127.0.0.3:1"]);
        assert_eq!(in_turns(&mixed), turns);
        assert_eq!(in_turns(&[]), []);
    }

    #[test]
    fn an_address_that_swallows_everything_costs_a_moment() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // Its queue is full with two connections, so the kernel drops what comes next.
        let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        full.listen(0).unwrap();
        let dead = full.local_addr().unwrap().as_socket().unwrap();
        let _taken = std::net::TcpStream::connect(dead).unwrap();
        let begun = Instant::now();
        let stream = race(vec![dead, listener.local_addr().unwrap()]).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
        assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
    }

    #[test]
    fn an_address_that_refuses_is_passed_at_once_and_the_last_reason_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(race(vec![closed, listener.local_addr().unwrap()]).is_ok());
        assert_eq!(race(vec![closed, closed]).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(race(vec![]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
