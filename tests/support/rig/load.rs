//! Clients that read, many of them, each value checked: as many as there are (a closed loop), or as often as the clock
//! says whatever becomes of it (an open loop).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;

use super::background::Background;
use super::tally::{Outcome, Tally};
use crate::support::checked_value::{value, version_of};
use crate::support::{Client, Memcached, Random};

/// The open loop's clock.
const TICK: Duration = Duration::from_millis(1);
/// How long a client whose connection was lost takes to open the next.
const AGAIN: Duration = Duration::from_millis(20);

/// Keys that are all there.
#[derive(Clone, Copy)]
pub struct Keys {
    pub prefix: &'static str,
    pub count: usize,
    /// The least length of their values.
    pub length: usize,
}

impl Keys {
    pub fn name(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Stores all of them, past leash.
    pub fn fill(&self, server: &Memcached) {
        self.fill_through(&mut Client::connect(&server.address()));
    }

    /// Stores all of them this way.
    pub fn fill_through(&self, client: &mut Client) {
        for name in (0..self.count).map(|number| self.name(number)) {
            let value = value(&name, 1, self.length);
            let head = format!("set {name} 0 0 {}\r\n", value.len());
            client.expect([head.as_bytes(), &value, b"\r\n"].concat(), "STORED\r\n");
        }
    }

    fn any(&self, random: &mut Random) -> String {
        self.name(random.below(self.count))
    }
}

/// A load that goes on until it is stopped.
pub struct Load {
    per_second: Arc<AtomicU64>,
    thread: Background<Tally>,
}

type Shared = Rc<RefCell<Tally>>;

impl Load {
    /// So many clients, each asking as soon as it was answered; after a miss it does something else for as long as `pause`.
    pub fn closed(address: &str, clients: usize, keys: Keys, pause: Duration) -> Load {
        let address = address.to_string();
        Load::running(0, move |_| {
            move |tally: &Shared, waiting: &Waiting| {
                for number in 0..clients {
                    let random = Random::new(number as u64 + 1);
                    let asks = asks_in_turn(address.clone(), keys, random, pause, tally.clone(), waiting.clone());
                    tokio::task::spawn_local(asks);
                }
            }
        })
    }

    /// So many gets a second, spread over so many connections, whether there are answers or not.
    pub fn open(address: &str, connections: usize, keys: Keys, per_second: u64) -> Load {
        let address = address.to_string();
        Load::running(per_second, move |rate| {
            move |tally: &Shared, waiting: &Waiting| {
                let all = asks_by_the_clock(address, connections, keys, rate, tally.clone(), waiting.clone());
                tokio::task::spawn_local(all);
            }
        })
    }

    fn running<B>(per_second: u64, begin: impl FnOnce(Arc<AtomicU64>) -> B + Send + 'static) -> Load
    where
        B: FnOnce(&Shared, &Waiting),
    {
        let rate = Arc::new(AtomicU64::new(per_second));
        let per_second = rate.clone();
        let thread = Background::start(move |over: oneshot::Receiver<()>| async move {
            let (tally, waiting) = (Shared::default(), Waiting::default());
            begin(rate)(&tally, &waiting);
            let _ = over.await;
            let mut tally = std::mem::take(&mut *tally.borrow_mut());
            tally.unanswered = waiting.borrow().iter().flatten().copied().collect();
            tally
        });
        Load { per_second, thread }
    }

    /// From now on so many a second; of an open loop.
    pub fn goes_on_at(&self, per_second: u64) {
        self.per_second.store(per_second, Ordering::Relaxed);
    }

    pub fn stop(self) -> Tally {
        self.thread.stop()
    }
}

/// Who waits, by connection: since when, the oldest first.
type Waiting = Rc<RefCell<Vec<VecDeque<Instant>>>>;

fn place(waiting: &Waiting) -> usize {
    let mut waiting = waiting.borrow_mut();
    waiting.push(VecDeque::new());
    waiting.len() - 1
}

async fn asks_in_turn(
    address: String,
    keys: Keys,
    mut random: Random,
    pause: Duration,
    tally: Shared,
    waiting: Waiting,
) {
    let place = place(&waiting);
    loop {
        let Ok((mut reader, mut writer)) = connect(&address).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        loop {
            let key = keys.any(&mut random);
            let begun = Instant::now();
            waiting.borrow_mut()[place].push_back(begun);
            let outcome = match writer.write_all(format!("get {key}\r\n").as_bytes()).await {
                Ok(()) => read_get(&mut reader, &key, &tally).await.unwrap_or(Outcome::Lost),
                Err(_) => Outcome::Lost,
            };
            waiting.borrow_mut()[place].clear();
            tally.borrow_mut().note(begun, outcome);
            match outcome {
                Outcome::Lost => break tokio::time::sleep(AGAIN).await,
                Outcome::Hit => {}
                _ => tokio::time::sleep(pause).await,
            }
        }
    }
}

/// What was asked on a connection and is not answered.
type Owed = Rc<RefCell<VecDeque<(Instant, String)>>>;

async fn asks_by_the_clock(
    address: String,
    connections: usize,
    keys: Keys,
    rate: Arc<AtomicU64>,
    tally: Shared,
    waiting: Waiting,
) {
    let mut lines = Vec::new();
    for _ in 0..connections {
        let (send, due) = tokio::sync::mpsc::unbounded_channel();
        tokio::task::spawn_local(asks_when_told(address.clone(), due, tally.clone(), waiting.clone()));
        lines.push(send);
    }
    let (mut random, mut turn, mut due, mut last) = (Random::new(1), 0, 0.0, Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        let now = Instant::now();
        due += rate.load(Ordering::Relaxed) as f64 * (now - last).as_secs_f64();
        last = now;
        while due >= 1.0 {
            due -= 1.0;
            turn = (turn + 1) % lines.len();
            let _ = lines[turn].send((now, keys.any(&mut random)));
        }
    }
}

async fn asks_when_told(
    address: String,
    mut due: tokio::sync::mpsc::UnboundedReceiver<(Instant, String)>,
    tally: Shared,
    waiting: Waiting,
) {
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

async fn connect(address: &str) -> io::Result<(BufReader<OwnedReadHalf>, OwnedWriteHalf)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    Ok((BufReader::new(reader), writer))
}

/// Reads the answer to a get of one key.
async fn read_get(reader: &mut BufReader<OwnedReadHalf>, key: &str, tally: &Shared) -> io::Result<Outcome> {
    let line = read_line(reader).await?;
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["END"] => Ok(Outcome::Miss),
        ["VALUE", name, "0", length] => {
            let length: usize = length.parse().map_err(io::Error::other)?;
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes).await?;
            let end = read_line(reader).await?;
            let is_right = name == key && end == "END" && version_of(key, &bytes[..length]).is_some();
            if !is_right {
                tally.borrow_mut().blame(&format!("asked for {key}: {line}"));
            }
            Ok(if is_right { Outcome::Hit } else { Outcome::Wrong })
        }
        _ => {
            tally.borrow_mut().blame(&line);
            Ok(if line.starts_with("SERVER_ERROR ") { Outcome::Error } else { Outcome::Wrong })
        }
    }
}

async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<String> {
    let mut line = Vec::new();
    match reader.read_until(b'\n', &mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(String::from_utf8_lossy(&line).trim_end().to_string()),
    }
}
