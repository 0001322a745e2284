//! Clients that say the same over and over, as fast as it is taken.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::background::Background;

/// How long a client that was hung up on takes to come again.
const AGAIN: Duration = Duration::from_millis(20);

/// What a client does with what it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    All,
    Nothing,
}

/// What became of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flooded {
    /// Bytes that were taken from them, and told them.
    pub taken: usize,
    pub told: usize,
    /// How often they were hung up on.
    pub ended: usize,
}

/// A flood that goes on until it is stopped.
pub struct Flood(Background<Flooded>);

impl Flood {
    /// So many clients say this, each again when it was taken.
    pub fn start(address: &str, clients: usize, words: impl Into<Vec<u8>>, reading: Reading) -> Flood {
        let (address, words) = (address.to_string(), words.into());
        Flood(Background::start(move |over: oneshot::Receiver<()>| async move {
            let (words, seen) = (Rc::new(words), Rc::new(Cell::new(Flooded::default())));
            for _ in 0..clients {
                tokio::task::spawn_local(floods(address.clone(), words.clone(), reading, seen.clone()));
            }
            let _ = over.await;
            seen.get()
        }))
    }

    pub fn stop(self) -> Flooded {
        self.0.stop()
    }
}

async fn floods(address: String, words: Rc<Vec<u8>>, reading: Reading, seen: Rc<Cell<Flooded>>) {
    loop {
        if let Ok(stream) = TcpStream::connect(&address).await {
            let (mut reader, mut writer) = stream.into_split();
            let says = async {
                while writer.write_all(&words).await.is_ok() {
                    seen.update(|seen| Flooded { taken: seen.taken + words.len(), ..seen });
                }
            };
            let hears = async {
                let mut chunk = vec![0; 256 * 1024];
                if reading == Reading::Nothing {
                    return std::future::pending().await;
                }
                while let Ok(count @ 1..) = reader.read(&mut chunk).await {
                    seen.update(|seen| Flooded { told: seen.told + count, ..seen });
                }
            };
            tokio::select! {
                () = says => {}
                () = hears => {}
            }
        }
        seen.update(|seen| Flooded { ended: seen.ended + 1, ..seen });
        tokio::time::sleep(AGAIN).await;
    }
}
