//! What systemd is told (`sd_notify`): ready, reloading, stopping, and one line about how things are.
//!
//! Without `NOTIFY_SOCKET` in the environment there is no service manager to tell. A failure to tell never stops leash:
//! it is logged.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::time::{ClockId, clock_gettime};

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It serves.
    Ready,
    /// It reads its configuration again; `Ready` follows.
    Reloading,
    /// It is about to end.
    Stopping,
}

/// Tells systemd, with a line for `systemctl status`.
pub(super) fn tell(state: State, status: &str) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, &message(state, status)) {
        tracing::warn!(%error, socket = %socket.display(), "cannot tell systemd");
    }
}

fn message(state: State, status: &str) -> String {
    let head = match state {
        State::Ready => "READY=1".to_string(),
        State::Reloading => format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()),
        State::Stopping => "STOPPING=1".to_string(),
    };
    // A line break would begin another assignment.
    format!("{head}\nSTATUS={}\n", status.replace('\n', "; "))
}

/// By this systemd tells a `READY=1` before the reload from one after it.
fn monotonic_micros() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

/// A path, or after an `@` a name in the abstract namespace.
fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    // A full queue must not stop leash from serving.
    sender.set_nonblocking(true)?;
    sender.connect_addr(&address)?;
    sender.send(message.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line() {
        assert_eq!(message(State::Ready, "a\nREADY=0"), "READY=1\nSTATUS=a; READY=0\n");
        assert_eq!(message(State::Stopping, ""), "STOPPING=1\nSTATUS=\n");
    }

    #[test]
    fn a_reload_says_when_it_began() {
        let text = message(State::Reloading, "x");
        let micros = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|rest| rest.split_once('\n')).unwrap();
        assert!(micros.0.parse::<i64>().unwrap() <= monotonic_micros());
    }

    #[test]
    fn names_in_the_abstract_namespace_begin_with_an_at() {
        let name = format!("leash-test-{}", std::process::id());
        let heard = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        send(OsStr::new(&format!("@{name}")), "READY=1\n").unwrap();
        let mut bytes = [0; 64];
        let n = heard.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..n], b"READY=1\n");
    }
}
