//! `listen` and `admin`: addresses of this machine, none taken twice.

use super::entrance;
use crate::config::address;
use crate::config::checked::{ADMIN, Entrance, LISTEN, Listen};
use crate::config::fields::{Scalar, Spelling};
use crate::config::problem::{ConfigPlace, Problems, plain};
use crate::config::written::{self, File};
use std::net::{IpAddr, SocketAddr};

/// Checks where leash listens and where its admin pages are.
pub(super) fn check(file: &File, problems: &mut Problems) -> (Vec<Listen>, Option<SocketAddr>) {
    let mut taken: Vec<(Listen, String)> = Vec::new();
    match &file.listen {
        None => taken.push((Listen::Tcp(LISTEN), "the default of listen".into())),
        Some(list) if list.is_empty() => {
            let place = file.place.key("listen", file.place.mark);
            problems.add(&place, format!("an empty list; write - tcp: {LISTEN}, or leave listen out"));
        }
        Some(list) => list.iter().for_each(|written| one(written, &mut taken, problems)),
    }
    let admin = admin(address_of(file), &taken, problems);
    if address_of(file).is_none() {
        beside_default_admin(&taken, file, problems);
    }
    (taken.into_iter().map(|(listen, _)| listen).collect(), admin)
}

/// Who may come in at each listener, and what for.
pub(super) fn entrances(file: &File, problems: &mut Problems) -> Vec<Entrance> {
    match &file.listen {
        None => vec![Entrance::default()],
        Some(list) => list.iter().map(|written| entrance::check(written, problems)).collect(),
    }
}

/// What is written of the admin address.
pub(super) fn address_of(file: &File) -> Option<&Scalar> {
    file.admin.as_ref()?.address.as_ref()
}

fn one(written: &written::Listen, taken: &mut Vec<(Listen, String)>, problems: &mut Problems) {
    let (scalar, listen) = match (&written.tcp, &written.unix) {
        (Some(tcp), None) => (tcp, socket(tcp, LISTEN.port()).map(Listen::Tcp)),
        (None, Some(unix)) => (unix, address::unix(&unix.text).map(Listen::Unix)),
        (Some(_), Some(_)) => return problems.add(&written.place, "both tcp and unix; write two elements of the list"),
        (None, None) => return problems.missing(&written.place, "tcp", &format!("write tcp: {LISTEN} or unix: /path")),
    };
    match listen {
        Ok(listen) => take(listen, &scalar.place, taken, problems),
        Err(wrong) => problems.add(&scalar.place, wrong),
    }
}

fn socket(scalar: &Scalar, usual: u16) -> Result<SocketAddr, String> {
    let port = match scalar.spelling {
        Spelling::Text | Spelling::StandIn => return address::socket(&scalar.text, usual),
        Spelling::Number => scalar.text.parse().ok().filter(|port| *port != 0).unwrap_or(usual),
        Spelling::Bool => usual,
    };
    Err(format!("{} is no address; write 127.0.0.1:{port}", plain(&scalar.text)))
}

/// Where the admin pages are, which must be none of the addresses `taken`.
pub(super) fn admin(
    written: Option<&Scalar>,
    taken: &[(Listen, String)],
    problems: &mut Problems,
) -> Option<SocketAddr> {
    let Some(scalar) = written else { return Some(ADMIN) };
    if scalar.text == "off" {
        return None;
    }
    let address = match socket(scalar, ADMIN.port()) {
        Ok(address) => address,
        Err(wrong) => {
            problems.add(&scalar.place, format!("{wrong}, or off"));
            return None;
        }
    };
    take(Listen::Tcp(address), &scalar.place, &mut taken.to_vec(), problems);
    Some(address)
}

/// The names by which the admin pages may be asked for: a name, `*.` and a name, or `*`.
pub(super) fn admin_hosts(file: &File, problems: &mut Problems) -> Vec<String> {
    let hosts = file.admin.iter().flat_map(|admin| &admin.hosts);
    let checked = hosts.map(|host| match address::name(host.text.trim_start_matches("*.")) {
        Ok(()) => Some(host.text.clone()),
        Err(_) if host.text == "*" => Some(host.text.clone()),
        Err(wrong) => {
            problems.add(&host.place, wrong);
            None
        }
    });
    checked.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Nothing is written of the admin address, so the complaint stands at the listener that is in its way.
fn beside_default_admin(taken: &[(Listen, String)], file: &File, problems: &mut Problems) {
    let admin = Listen::Tcp(ADMIN);
    let written = file.listen.iter().flatten().filter_map(|listen| listen.tcp.as_ref());
    for scalar in written {
        let listen = taken.iter().find(|(_, path)| *path == scalar.place.path).map(|(listen, _)| listen);
        if listen.is_some_and(|listen| meet(listen, &admin)) {
            let text = format!("{ADMIN} is the default of admin; write another port, or admin: off");
            problems.add(&scalar.place, text);
        }
    }
}

fn take(listen: Listen, place: &ConfigPlace, taken: &mut Vec<(Listen, String)>, problems: &mut Problems) {
    match taken.iter().find(|(other, _)| meet(other, &listen)) {
        Some((other, path)) if *other == listen => {
            problems.add(place, format!("the same address as {path}; write another"));
        }
        Some((other, path)) => {
            problems.add(place, format!("{other} ({path}) and this are one port for the kernel; write another port"));
        }
        None => taken.push((listen, place.path.clone())),
    }
}

/// Whether the kernel lets only one of them be listened on: the same, or a port on all addresses and on one of them.
/// Port 0 means "any free port", so it may come twice.
fn meet(a: &Listen, b: &Listen) -> bool {
    let (Listen::Tcp(a), Listen::Tcp(b)) = (a, b) else { return a == b };
    let (one, other) = (a.ip().to_canonical(), b.ip().to_canonical());
    // Linux listens on [::] for IPv4, too.
    let covers = |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    a.port() != 0 && a.port() == b.port() && (one == other || covers(one, other) || covers(other, one))
}
