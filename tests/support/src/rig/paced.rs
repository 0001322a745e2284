//! A way to a real memcached that is slow, saturated, broken or cut.
//!
//! ```text
//!   leash ──requests──▶ split ──▶ rate ──────────────────────▶ memcached
//!         ◀─────── rate ◀── trouble ◀── latency ◀── split ◀───
//! ```
//! What is not passed on is not read, so that it waits where it would wait before a real server: in sockets.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::background::Background;
use super::frames::{Frames, Piece};
use super::trouble::{Replies, Trouble};
use super::way::{CHUNK, Pace, Way};
use crate::Memcached;

/// What is under way at once, as often as something was read.
const UNDER_WAY: usize = 64;

/// A running proxy.
pub struct Paced {
    address: String,
    trouble: watch::Sender<Trouble>,
    accepted: Arc<AtomicUsize>,
    _thread: Background<()>,
}

impl Paced {
    /// In front of a server.
    pub fn before(server: &Memcached, pace: Pace) -> Paced {
        let (trouble, to_suffer) = watch::channel(Trouble::None);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (server, count) = (server.address(), accepted.clone());
        let thread = Background::start(move |over| async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            let way = Rc::new(Way::new(pace, server));
            tokio::select! {
                () = accept(listener, way, to_suffer, count) => {}
                _ = over => {}
            }
        });
        Paced { address, trouble, accepted, _thread: thread }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// From now on, on all connections.
    pub fn suffers(&self, trouble: Trouble) {
        self.trouble.send_replace(trouble);
    }

    /// How many connections it has had.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, way: Rc<Way>, trouble: watch::Receiver<Trouble>, count: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = count.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_local(pass(stream, way.clone(), trouble.clone(), number as u64));
    }
}

/// One connection, until one of its ends closes.
async fn pass(client: TcpStream, way: Rc<Way>, trouble: watch::Receiver<Trouble>, number: u64) {
    let Ok(server) = TcpStream::connect(&way.server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let (under_way, arrived) = mpsc::channel(UNDER_WAY);
    let replies = Replies::new(way.clone(), trouble.clone(), to_client, number);
    tokio::select! {
        () = requests(from_client, to_server, &way, trouble) => {}
        () = read_replies(from_server, under_way) => {}
        () = replies.pass(arrived) => {}
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: &Way, mut trouble: watch::Receiver<Trouble>) {
    let (mut chunk, mut frames) = ([0; CHUNK], Frames::default());
    loop {
        let Ok(_) = trouble.wait_for(|now| !matches!(now, Trouble::Frozen | Trouble::Vanished)).await else { return };
        let count = match from.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        let Some(rate) = &way.requests else {
            if to.write_all(&chunk[..count]).await.is_err() {
                return;
            }
            continue;
        };
        for piece in frames.split(&chunk[..count]) {
            if piece.is_line {
                rate.take(1).await;
            }
            if to.write_all(&piece.bytes).await.is_err() {
                return;
            }
        }
    }
}

async fn read_replies(mut from: OwnedReadHalf, under_way: mpsc::Sender<(Instant, Vec<Piece>)>) {
    let (mut chunk, mut frames) = ([0; CHUNK], Frames::default());
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        let pieces = frames.split(&chunk[..count]);
        if under_way.send((Instant::now(), pieces)).await.is_err() {
            return;
        }
    }
    // What is under way still arrives before the end does.
    under_way.closed().await;
}
