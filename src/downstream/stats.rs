//! Who answers `stats`: one answer at a time in the whole process, made on a thread that serves no client.
//!
//! An answer adds up the counters of all workers and asks the kernel, a hundred times the work of a get. Whoever asks for
//! one after the other waits for himself, and all who ask together take a small part of one processor. Every answer is
//! made after it was asked for, so it knows of all that its client was told before.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::sleep_until;

/// After an answer, so many times what it took goes by before the next one is begun.
const REST: u32 = 4;
/// What a client is told that asks while leash ends.
const ENDING: &[u8] = b"SERVER_ERROR leash is stopping\r\n";

/// What stands behind `stats` in, the whole reply out.
type Answer = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// Whom all workers ask.
pub struct Stats {
    answer: Box<Answer>,
    /// When the next answer may be begun; held by whoever waits for his.
    next: Mutex<Instant>,
}

impl Stats {
    /// Answers as `answer` does.
    pub fn new(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Arc<Stats> {
        Arc::new(Stats { answer: Box::new(answer), next: Mutex::new(Instant::now()) })
    }

    /// Answers once those who came before have their answers.
    pub(super) async fn ask(self: Arc<Self>, arguments: Bytes) -> Vec<u8> {
        let mut next = self.next.lock().await;
        if *next > Instant::now() {
            sleep_until((*next).into()).await;
        }
        let (stats, begun) = (self.clone(), Instant::now());
        let text = spawn_blocking(move || (stats.answer)(&arguments)).await;
        let now = Instant::now();
        *next = now + (now - begun) * REST;
        text.unwrap_or_else(|_| ENDING.to_vec())
    }
}
