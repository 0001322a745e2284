//! Who answers `stats`: one answer at a time in the whole process, made beside the workers.
//!
//! An answer adds up the counters of all workers and asks the kernel, a hundred times the work of a get. A client that
//! asks for one after the other delays only itself. Every answer is made after its client asked, so it counts all that
//! the client was told before.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::runtime::side_thread::SideThread;

/// After an answer, so many times what it took goes by before the next one is begun.
const REST: u32 = 4;
/// What a client is told that asks while leash ends.
const ENDING: &[u8] = b"SERVER_ERROR leash is stopping\r\n";

/// What stands behind `stats` in, the whole reply out.
type Answer = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// Whom all workers ask.
pub(crate) struct Stats {
    answer: Arc<Answer>,
    aside: SideThread,
}

impl Stats {
    /// Answers as `answer` does.
    pub(crate) fn new(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> io::Result<Arc<Stats>> {
        Ok(Arc::new(Stats { answer: Arc::new(answer), aside: SideThread::start("stats", REST)? }))
    }

    /// Answers once those who came before have their answers.
    pub(super) async fn ask(&self, arguments: Bytes) -> Vec<u8> {
        let answer = self.answer.clone();
        let text = self.aside.work(move || answer(&arguments)).await;
        text.unwrap_or_else(|| ENDING.to_vec())
    }
}
