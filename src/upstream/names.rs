//! What a server's name means: the addresses of its last good look-up, and how often they have changed.
//!
//! Asked at each connect and every 30 seconds. A look-up that fails, takes too long or finds nothing changes nothing: a
//! name service in trouble must not take servers away. Keys are placed by names, so a new address moves none.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{sleep, timeout};

use super::target::Target;
use crate::config::Address;

/// Time between two look-ups of a name.
const PERIOD: Duration = Duration::from_secs(30);
/// How long one of them may take; nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The addresses of one server.
#[derive(Default)]
pub struct Names {
    known: Mutex<Vec<SocketAddr>>,
    changes: AtomicU32,
}

impl Names {
    /// These addresses, until more is learned.
    pub fn of(known: Vec<SocketAddr>) -> Names {
        Names { known: Mutex::new(known), changes: AtomicU32::new(0) }
    }

    /// The last good answer.
    pub fn known(&self) -> Vec<SocketAddr> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it has changed.
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Takes an answer, if it is one, and returns the last good one.
    fn learn(&self, answer: io::Result<Vec<SocketAddr>>) -> io::Result<Vec<SocketAddr>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(found) if !found.is_empty() => {
                // Name services turn the order around at will.
                let is_new = found.len() != known.len() || found.iter().any(|address| !known.contains(address));
                if is_new && !known.is_empty() {
                    self.changes.fetch_add(1, Ordering::Relaxed);
                }
                *known = found;
            }
            Err(error) if known.is_empty() => return Err(error),
            _ => {}
        }
        Ok(known.clone())
    }

    /// Looks the name up, for no longer than `patience` if there is an answer from before.
    pub async fn resolve(&self, host: &str, port: u16, patience: Duration) -> io::Result<Vec<SocketAddr>> {
        let asked = async { lookup_host((host, port)).await.map(Iterator::collect::<Vec<_>>) };
        let answer = timeout(patience, asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        self.learn(answer)
    }
}

/// Looks the name of a server up again and again, for as long as there is the server. On a local runtime.
pub(super) fn keep_up(target: &Target) {
    let Address::Tcp { host, port } = target.address.clone() else { return };
    if host.parse::<std::net::IpAddr>().is_ok() {
        return;
    }
    let target = target.me.clone();
    tokio::task::spawn_local(async move {
        loop {
            sleep(PERIOD).await;
            let Some(target) = target.upgrade() else { return };
            let before = target.names.changes();
            // What went wrong is told when somebody wants to connect.
            let _ = target.names.resolve(&host, port, PATIENCE).await;
            if target.names.changes() != before {
                let addresses = format!("{:?}", target.names.known());
                tracing::info!(server = %target.label, addresses, "the name of a server means other addresses now");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_last_good_answer_is_kept_and_an_empty_one_never_empties() {
        let names = Names::default();
        let unknown = || Err(io::Error::other("no such name"));
        assert!(names.learn(unknown()).is_err());
        assert_eq!(names.learn(Ok(vec![])).unwrap(), []);
        let first = addresses(&["10.0.0.1:1", "10.0.0.2:1"]);
        assert_eq!(names.learn(Ok(first.clone())).unwrap(), first);
        assert_eq!(names.learn(unknown()).unwrap(), first);
        assert_eq!(names.learn(Ok(vec![])).unwrap(), first);
        assert_eq!(names.changes(), 0);
    }

    #[test]
    fn another_order_is_no_change_and_another_address_is() {
        let names = Names::of(addresses(&["10.0.0.1:1", "10.0.0.2:1"]));
        names.learn(Ok(addresses(&["10.0.0.2:1", "10.0.0.1:1"]))).unwrap();
        assert_eq!(names.changes(), 0);
        names.learn(Ok(addresses(&["10.0.0.3:1", "10.0.0.1:1"]))).unwrap();
        assert_eq!(names.changes(), 1);
        names.learn(Ok(addresses(&["10.0.0.3:1"]))).unwrap();
        assert_eq!((names.changes(), names.known()), (2, addresses(&["10.0.0.3:1"])));
    }
}
