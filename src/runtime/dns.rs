//! What a name means: the addresses of its last good look-up, and how often they have changed.
//!
//! Looked up at each connect, and every 30 seconds while it is tended. A look-up that fails,
//! takes too long or finds nothing changes nothing: a name service in trouble must not take servers away. Keys are
//! placed by names, so a new address moves none.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

/// The addresses of one server.
#[derive(Default)]
pub(crate) struct Addresses {
    known: Mutex<Vec<SocketAddr>>,
    changes: AtomicU32,
}

impl Addresses {
    /// These addresses, until more is learned.
    pub(crate) fn of(known: Vec<SocketAddr>) -> Addresses {
        Addresses { known: Mutex::new(known), changes: AtomicU32::new(0) }
    }

    /// The last good answer.
    pub(crate) fn known(&self) -> Vec<SocketAddr> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it has changed.
    pub(crate) fn changes(&self) -> u32 {
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
    pub(crate) async fn resolve(&self, host: &str, port: u16, patience: Duration) -> io::Result<Vec<SocketAddr>> {
        let asked = async { lookup_host((host, port)).await.map(Iterator::collect::<Vec<_>>) };
        let answer = timeout(patience, asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        self.learn(answer)
    }
}

/// Whether a name means one server: with one address of each family. Of several, each connection would take another, and
/// where a key is would be left to chance.
pub(crate) fn one_server(host: &str, port: u16, addresses: &[SocketAddr]) -> Result<(), String> {
    let of_family = |is_ipv4: bool| addresses.iter().filter(move |address| address.is_ipv4() == is_ipv4);
    let family = [true, false].into_iter().find(|is_ipv4| of_family(*is_ipv4).count() > 1);
    let Some(is_ipv4) = family else { return Ok(()) };
    let shown: Vec<String> = of_family(is_ipv4).take(3).map(|address| address.ip().to_string()).collect();
    let (count, shown) = (of_family(is_ipv4).count(), shown.join(", "));
    Err(format!(
        "{host} has {count} addresses ({shown}{}), and which of them has a key would be left to chance; for a pool of all \
         of them write servers: [dns+{host}:{port}], or any_address: true if each of them has every key",
        if count > 3 { ", …" } else { "" }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_several_addresses_of_a_family_is_not_one_server() {
        for one in [&["10.0.0.1:1"][..], &["10.0.0.1:1", "[::1]:1"], &[]] {
            assert_eq!(one_server("m", 1, &at(one)), Ok(()));
        }
        let told = one_server("m", 1, &at(&["10.0.0.1:1", "[::1]:1", "10.0.0.2:1"])).unwrap_err();
        assert!(
            told.starts_with("m has 2 addresses (10.0.0.1, 10.0.0.2), and") && told.contains("[dns+m:1]"),
            "{told}"
        );
    }

    fn at(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_last_good_answer_is_kept_and_an_empty_one_never_empties() {
        let name = Addresses::default();
        let unknown = || Err(io::Error::other("no such name"));
        assert!(name.learn(unknown()).is_err());
        assert_eq!(name.learn(Ok(vec![])).unwrap(), []);
        let first = at(&["10.0.0.1:1", "10.0.0.2:1"]);
        assert_eq!(name.learn(Ok(first.clone())).unwrap(), first);
        assert_eq!(name.learn(unknown()).unwrap(), first);
        assert_eq!(name.learn(Ok(vec![])).unwrap(), first);
        assert_eq!(name.changes(), 0);
    }

    #[test]
    fn another_order_is_no_change_and_another_address_is() {
        let name = Addresses::of(at(&["10.0.0.1:1", "10.0.0.2:1"]));
        name.learn(Ok(at(&["10.0.0.2:1", "10.0.0.1:1"]))).unwrap();
        assert_eq!(name.changes(), 0);
        name.learn(Ok(at(&["10.0.0.3:1", "10.0.0.1:1"]))).unwrap();
        assert_eq!(name.changes(), 1);
        name.learn(Ok(at(&["10.0.0.3:1"]))).unwrap();
        assert_eq!((name.changes(), name.known()), (2, at(&["10.0.0.3:1"])));
    }
}
