//! Servers that are leash itself: a request would come back to it, and go round for ever.

use crate::config::address;
use crate::config::checked::{Address, Config, Listen};
use crate::config::problem::{Problems, plain};
use crate::config::written::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Complains of each server at an address where leash listens, or has its admin pages.
pub(super) fn check(file: &File, listen: &[Listen], admin: Option<SocketAddr>, problems: &mut Problems) {
    let written = file.pools.iter().flatten().flat_map(|pool| pool.servers.iter().flatten());
    for scalar in written.filter_map(|server| server.address.as_ref()) {
        // One that is no address is complained about already.
        let Ok(address) = address::server(&scalar.text) else { continue };
        let own = listen.iter().find(|listen| leads_to(&address, listen)).cloned();
        let own = own.or_else(|| admin.map(Listen::Tcp).filter(|admin| leads_to(&address, admin)));
        if let Some(own) = own {
            let text = format!("{} is leash itself, which listens on {own}", plain(&scalar.text));
            problems
                .add(&scalar.place, format!("{text}; write the memcached's address, or let leash listen elsewhere"));
        }
    }
}

impl Config {
    /// Whether leash itself would listen at `address`, were this its machine.
    pub fn is_own(&self, address: SocketAddr) -> bool {
        let own = self.listen.iter().filter_map(|listen| match listen {
            Listen::Tcp(own) => Some(*own),
            Listen::Unix(_) => None,
        });
        own.chain(self.admin).any(|own| meets(address, own))
    }
}

fn leads_to(address: &Address, listen: &Listen) -> bool {
    match (address, listen) {
        (Address::Unix(path), Listen::Unix(own)) => path == own,
        (Address::Tcp { host, port }, Listen::Tcp(own)) => {
            let localhost = (host == "localhost").then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let ip = host.parse::<IpAddr>().ok().or(localhost);
            ip.is_some_and(|ip| meets(SocketAddr::new(ip, *port), *own))
        }
        _ => false,
    }
}

/// Whether connecting to `address` reaches a socket of this machine that listens on `own`.
fn meets(address: SocketAddr, own: SocketAddr) -> bool {
    let is_own_ip = || own.ip() == address.ip() || (own.ip().is_unspecified() && is_of_this_machine(address.ip()));
    address.port() == own.port() && is_own_ip()
}

/// The kernel lends its own addresses only.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
}
