//! What the whole process knows of a server: its name, how to reach it, its health, and the deletes that wait for it.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::blackout::{Peers, PoolSeat};
use super::health::Health;
use super::outage::Outage;
use super::own_words::OwnWords;
use super::spool::Spool;
use crate::config::{Address, Credentials, ServerConfig};
use crate::runtime::dns::Addresses;
use crate::tls::ClientTls;

/// How a server is treated.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a reply, from when it was asked for.
    pub request_timeout: Duration,
    /// How long a connection may rest before it ends; `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// How long a connection rests at least before it ends: for so long the server may keep for it what it loses with it.
    pub least_rest: Duration,
    /// The most requests one connection may owe.
    pub queue: usize,
    /// Failures in a row that make it down.
    pub failures: u32,
    /// For how long after it was down others may hold what it missed.
    pub linger: Duration,
    /// Whether its name may have several addresses, any of which leash may use.
    pub any_address: bool,
    /// Whether what it said may be logged: it may hold keys and values.
    pub show_keys: bool,
    /// How TLS is spoken with it, if it is.
    pub tls: Option<Arc<ClientTls>>,
    /// As whom leash asks to be let in, if it must.
    pub auth: Option<Arc<Credentials>>,
}

/// A connection beside the first one of a worker rests no longer than this.
const SPARE_REST: Duration = Duration::from_secs(60);

/// One server of one pool.
pub struct Target {
    /// Its name and address for people: `m1 (10.0.0.7:11211)`.
    pub label: Arc<str>,
    /// How it is treated.
    pub options: Options,
    /// Whether it is up.
    pub health: Health,
    /// The deletes that it must be told before it serves again. It belongs to the server's name, so another target of
    /// that name shares it.
    pub spool: Arc<Spool>,
    pub(super) me: Weak<Target>,
    pub(super) address: Address,
    /// The addresses that its name stands for.
    pub(super) addresses: Addresses,
    /// What it last said of itself.
    pub(super) own_words: OwnWords,
    /// How many connections the process has to it.
    pub(super) open: AtomicUsize,
    /// Whether a worker [tends](super::tending) it.
    pub(super) is_tended: AtomicBool,
}

impl Options {
    /// How long a connection may rest; `None`: for ever.
    pub(super) fn longest_rest(&self, is_spare: bool) -> Option<Duration> {
        let spare = is_spare.then_some(SPARE_REST);
        self.idle_timeout.into_iter().chain(spare).min().map(|longest| longest.max(self.least_rest))
    }
}

impl Target {
    /// A server thought to be up, one of `peers`, for which `spool` has what waits.
    pub fn new(server: &ServerConfig, options: Options, peers: &Arc<Peers>, spool: Arc<Spool>) -> Arc<Target> {
        let (name, place) = (&*server.name, server.address.to_string());
        let label: Arc<str> = if name == place { name.into() } else { format!("{name} ({place})").into() };
        Target::of(label, server.address.clone(), options, (peers.join(false), None), (spool, Addresses::default()))
    }

    /// The version of memcached that it is, as far as it has told.
    pub fn version(&self) -> Option<Arc<str>> {
        self.own_words.version()
    }

    /// The same server treated otherwise: as up or down as this one looks now.
    pub fn treated(&self, options: Options) -> Arc<Target> {
        self.alike(options, (self.health.seat().for_successor(), self.health.outage()), self.spool.clone())
    }

    /// The same server for a caller that only looks, such as `leash route`: waits at most `patience`, never marks the
    /// server down, and leaves the health that the process keeps of it alone.
    pub fn apart(&self, patience: Duration) -> Arc<Target> {
        let options = Options {
            connect_timeout: self.options.connect_timeout.min(patience),
            request_timeout: self.options.request_timeout.min(patience),
            queue: usize::MAX,
            failures: u32::MAX,
            linger: Duration::ZERO,
            ..self.options.clone()
        };
        self.alike(options, (PoolSeat::alone(), None), Spool::in_memory(0))
    }

    fn alike(&self, options: Options, looks: (PoolSeat, Option<Outage>), spool: Arc<Spool>) -> Arc<Target> {
        let addresses = Addresses::of(self.addresses.known());
        Target::of(self.label.clone(), self.address.clone(), options, looks, (spool, addresses))
    }

    fn of(
        label: Arc<str>,
        address: Address,
        options: Options,
        (seat, outage): (PoolSeat, Option<Outage>),
        (spool, addresses): (Arc<Spool>, Addresses),
    ) -> Arc<Target> {
        let health =
            Health::new(label.clone(), options.failures, options.linger, seat, Instant::now()).going_on(outage);
        Arc::new_cyclic(|me| Target {
            label,
            options,
            health,
            spool,
            me: me.clone(),
            address,
            addresses,
            own_words: OwnWords::default(),
            open: AtomicUsize::new(0),
            is_tended: AtomicBool::new(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(idle_timeout: Option<Duration>, least_rest: Duration) -> Options {
        let second = Duration::from_secs(1);
        Options {
            connect_timeout: second,
            request_timeout: second,
            idle_timeout,
            least_rest,
            queue: 1,
            failures: 1,
            linger: Duration::ZERO,
            any_address: false,
            show_keys: false,
            tls: None,
            auth: None,
        }
    }

    #[test]
    fn a_connection_rests_for_as_long_as_its_server_keeps_something_for_it() {
        let seconds = Duration::from_secs;
        let table = [
            (None, 0, None, Some(60)),
            (Some(300), 0, Some(300), Some(60)),
            (Some(30), 20, Some(30), Some(30)),
            (Some(30), 90, Some(90), Some(90)),
            (None, 90, None, Some(90)),
        ];
        for (idle, least, first, spare) in table {
            let options = options(idle.map(seconds), seconds(least));
            let rests = [false, true].map(|is_spare| options.longest_rest(is_spare));
            assert_eq!(rests, [first.map(seconds), spare.map(seconds)], "{idle:?}, {least}");
        }
    }
}
