//! How the servers of a pool are found, checked. Asking is done elsewhere.

use std::net::SocketAddr;
use std::time::Duration;

/// How the servers of a pool are found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Discover {
    /// Who knows them.
    pub source: DiscoverSource,
    /// How often that one is asked.
    pub every: Duration,
    /// How long a server must be missing from every answer before it is taken out of the pool.
    pub shrink_after: Duration,
}

/// Who knows the servers of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiscoverSource {
    /// The configuration endpoint of ElastiCache or Memorystore.
    ElastiCache {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// SRV records: names of servers, with ports.
    DnsSrv {
        /// The name that has them.
        name: String,
        /// Whom to ask, in place of the system's name servers.
        nameserver: Option<SocketAddr>,
    },
    /// A and AAAA records: each address is a server.
    Dns {
        /// The name that has them.
        host: String,
        /// The port of all servers.
        port: u16,
        /// Whom to ask, in place of the system's name servers.
        nameserver: Option<SocketAddr>,
    },
}

/// How often it is asked, where nothing is written.
pub(crate) const EVERY: Duration = Duration::from_secs(60);
/// How long a server must be missing, where nothing is written.
pub(crate) const SHRINK_AFTER: Duration = Duration::from_secs(300);
