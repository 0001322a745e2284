//! Connections of an open loop: each asks when the clock says so, whether it was answered or not.

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
use crate::support::Random;

/// The clock.
const TICK: Duration = Duration::from_millis(1);

/// A get, and when it was due.
type Due = (Instant, String);
/// What was asked on a connection and is not answered.
type Owed = Rc<RefCell<VecDeque<Due>>>;

/// A connection that asks what it is told to.
pub fn line(address: &str, tally: &Shared, waiting: &Waiting) -> UnboundedSender<Due> {
    let (send, due) = unbounded_channel();
    tokio::task::spawn_local(asks_when_told(address.to_string(), due, tally.clone(), waiting.clone()));
    send
}

/// So many gets a second, each on the next line.
pub async fn asks_by_the_clock(lines: Vec<UnboundedSender<Due>>, keys: Keys, rate: Arc<AtomicU64>) {
    let (mut random, mut turn, mut due, mut last) = (Random::new(1), 0, 0.0, Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        let now = Instant::now();
        due += rate.load(Ordering::Relaxed) as f64 * (now - last).as_secs_f64();
        last = now;
        while due >= 1.0 {
            due -= 1.0;
            turn = (turn + 1) % lines.len();
            let _ = lines[turn].send((now, keys.any(&mut random).to_string()));
        }
    }
}

async fn asks_when_told(address: String, mut due: UnboundedReceiver<Due>, tally: Shared, waiting: Waiting) {
    let place = place(&waiting);
    loop {
        let Ok((mut reader, mut writer)) = connect(&address).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let owed = Owed::default();
        let sends = async {
            while let Some((begun, key)) = due.recv().await {
                let line = format!("get {key}\r\n");
                owed.borrow_mut().push_back((begun, key));
                waiting.borrow_mut()[place].push_back(begun);
                if writer.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = sends => {}
            _ = answers(&mut reader, &owed, &tally, &waiting, place) => {}
        }
        for (begun, _) in owed.borrow_mut().drain(..) {
            tally.borrow_mut().note(begun, Outcome::Lost);
        }
        waiting.borrow_mut()[place].clear();
    }
}

async fn answers(
    reader: &mut BufReader<OwnedReadHalf>,
    owed: &Owed,
    tally: &Shared,
    waiting: &Waiting,
    place: usize,
) -> io::Result<()> {
    loop {
        // An answer can only come after its question.
        reader.fill_buf().await?;
        let Some((begun, key)) = owed.borrow().front().cloned() else { return Err(io::ErrorKind::InvalidData.into()) };
        let outcome = read_get(reader, &key, tally).await?;
        owed.borrow_mut().pop_front();
        waiting.borrow_mut()[place].pop_front();
        tally.borrow_mut().note(begun, outcome);
    }
}
