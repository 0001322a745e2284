//! What is wrong with a way, and what it does to the replies of a connection.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{mpsc, watch};

use super::frames::Piece;
use super::lie::{Liar, Lie};
use super::way::{CHUNK, Way};

/// What somebody who never ends says at most, so that a test that fails does not take the machine with it.
const ENDLESS: usize = 600 << 20;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Trouble {
    #[default]
    None,
    /// Connections stay open and are accepted, nothing is passed on until it is over.
    Frozen,
    /// As if its machine had lost its power: the same, and what was under way never arrives.
    Vanished,
    /// One byte of replies after each such time, on each connection.
    Drips(Duration),
    /// Replies arrive in pieces of so many bytes.
    Pieces(usize),
    /// Connections end after so many bytes of replies, by FIN.
    Cut(usize),
    /// The same, by RST.
    Reset(usize),
    /// Something else than the replies is said.
    Lies(Lie),
}

/// The replies of one connection on their way to the client.
pub struct Replies {
    way: Rc<Way>,
    trouble: watch::Receiver<Trouble>,
    to: OwnedWriteHalf,
    said: usize,
    liar: Liar,
}

impl Replies {
    pub fn new(way: Rc<Way>, trouble: watch::Receiver<Trouble>, to: OwnedWriteHalf, number: u64) -> Replies {
        Replies { way, trouble, to, said: 0, liar: Liar::new(number) }
    }

    /// Passes them on until the connection ends.
    pub async fn pass(mut self, mut arrived: mpsc::Receiver<(Instant, Vec<Piece>)>) {
        while let Some((since, pieces)) = arrived.recv().await {
            // Also a wait for what is past lasts until the timer's next millisecond.
            if !self.way.latency.is_zero() {
                tokio::time::sleep_until((since + self.way.latency).into()).await;
            }
            if self.says_all(pieces).await.is_none() {
                return;
            }
        }
    }

    /// What is all right takes its turn as it came, so that a small reply waits for one turn whatever it is made of.
    async fn says_all(&mut self, pieces: Vec<Piece>) -> Option<()> {
        let trouble = self.suffered().await?;
        if trouble == Trouble::None {
            let parts: Vec<Vec<u8>> = pieces.into_iter().map(|piece| piece.bytes).collect();
            return self.send(&parts.concat()).await;
        }
        for piece in pieces {
            let trouble = self.suffered().await?;
            self.says(trouble, piece).await?;
        }
        Some(())
    }

    /// What is wrong, as soon as something can be passed on.
    async fn suffered(&mut self) -> Option<Trouble> {
        self.trouble.wait_for(|now| *now != Trouble::Frozen).await.ok().map(|now| *now)
    }

    /// `None` at the end of the connection.
    async fn says(&mut self, trouble: Trouble, piece: Piece) -> Option<()> {
        match trouble {
            Trouble::None | Trouble::Frozen => self.send(&piece.bytes).await,
            Trouble::Vanished => Some(()),
            Trouble::Pieces(size) => self.in_pieces(&piece.bytes, size, Duration::ZERO).await,
            Trouble::Drips(every) => self.in_pieces(&piece.bytes, 1, every).await,
            Trouble::Cut(most) => self.at_most(&piece.bytes, most).await,
            Trouble::Reset(most) => {
                let sent = self.at_most(&piece.bytes, most).await;
                if sent.is_none() {
                    let _ = socket2::SockRef::from(self.to.as_ref()).set_linger(Some(Duration::ZERO));
                }
                sent
            }
            Trouble::Lies(lie) => {
                let told = self.liar.tells(lie, &piece);
                let is_told = told != piece.bytes;
                self.send(&told).await?;
                let filling = [b'x'; CHUNK];
                for _ in 0..if lie.is_endless() && is_told { ENDLESS / CHUNK } else { 0 } {
                    self.send(&filling).await?;
                }
                Some(())
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        if let Some(rate) = &self.way.bytes {
            rate.take(bytes.len()).await;
        }
        self.said += bytes.len();
        self.to.write_all(bytes).await.ok()
    }

    async fn in_pieces(&mut self, bytes: &[u8], size: usize, every: Duration) -> Option<()> {
        for part in bytes.chunks(size) {
            // Trouble that is over lets the rest go as it is.
            let is_over = *self.trouble.borrow() == Trouble::None;
            if !every.is_zero() && !is_over {
                tokio::time::sleep(every).await;
            }
            self.send(part).await?;
            tokio::task::yield_now().await;
        }
        Some(())
    }

    /// The whole if it is not too much by now; else what is not, and then the end.
    async fn at_most(&mut self, bytes: &[u8], most: usize) -> Option<()> {
        let may = most.saturating_sub(self.said).min(bytes.len());
        self.send(&bytes[..may]).await?;
        (may == bytes.len()).then_some(())
    }
}
