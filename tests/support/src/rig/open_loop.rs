//! Connections of an open loop: one that waits for nothing asks when the clock says so; if all wait, one asks all the
//! same.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::keys::Keys;
use super::load::{Shared, Waiting, place};
use super::talk::{AGAIN, connect, read_get};
use super::tally::Outcome;
use crate::Random;

/// The clock.
const TICK: Duration = Duration::from_millis(1);

/// A get, and when it was due.
type Due = (Instant, String);
/// What was asked on a connection and is not answered.
type Owed = Rc<RefCell<VecDeque<Due>>>;

/// Those of the connections that wait for nothing.
type Idle = Rc<RefCell<Vec<usize>>>;

/// So many gets a second over so many connections.
pub async fn asks_by_the_clock(
    address: String,
    connections: usize,
    keys: Keys,
    rate: Arc<AtomicU64>,
    (tally, waiting): (Shared, Waiting),
) {
    let idle = Idle::default();
    let lines: Vec<UnboundedSender<Due>> = (0..connections)
        .map(|_| {
            let (place, (send, due)) = (place(&waiting), unbounded_channel());
            let line = Line { place, idle: idle.clone(), tally: tally.clone(), waiting: waiting.clone() };
            tokio::task::spawn_local(line.asks_when_told(address.clone(), due));
            send
        })
        .collect();
    let (mut random, mut turn, mut due, mut last) = (Random::new(1), 0, 0.0, Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        let now = Instant::now();
        due += rate.load(Ordering::Relaxed) as f64 * (now - last).as_secs_f64();
        last = now;
        while due >= 1.0 {
            due -= 1.0;
            turn = (turn + 1) % lines.len();
            let line = idle.borrow_mut().pop().unwrap_or(turn);
            let _ = lines[line].send((now, keys.any(&mut random).to_string()));
        }
    }
}

/// A connection that asks what it is told to.
struct Line {
    place: usize,
    idle: Idle,
    tally: Shared,
    waiting: Waiting,
}

impl Line {
    async fn asks_when_told(self, address: String, mut due: UnboundedReceiver<Due>) {
        loop {
            let Ok((mut reader, mut writer)) = connect(&address).await else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            self.idle.borrow_mut().push(self.place);
            let owed = Owed::default();
            let sends = async {
                while let Some((begun, key)) = due.recv().await {
                    let line = format!("get {key}\r\n");
                    owed.borrow_mut().push_back((begun, key));
                    self.waiting.borrow_mut()[self.place].push_back(begun);
                    if writer.write_all(line.as_bytes()).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = sends => {}
                _ = self.answers(&mut reader, &owed) => {}
            }
            for (begun, _) in owed.borrow_mut().drain(..) {
                self.tally.borrow_mut().note(begun, Outcome::Lost);
            }
            self.waiting.borrow_mut()[self.place].clear();
        }
    }

    async fn answers(&self, reader: &mut BufReader<OwnedReadHalf>, owed: &Owed) -> io::Result<()> {
        loop {
            // An answer can only come after its question.
            reader.fill_buf().await?;
            let first = owed.borrow().front().cloned();
            let Some((begun, key)) = first else { return Err(io::ErrorKind::InvalidData.into()) };
            let outcome = read_get(reader, &key, &self.tally).await?;
            owed.borrow_mut().pop_front();
            self.waiting.borrow_mut()[self.place].pop_front();
            self.tally.borrow_mut().note(begun, outcome);
            if owed.borrow().is_empty() {
                self.idle.borrow_mut().push(self.place);
            }
        }
    }
}
