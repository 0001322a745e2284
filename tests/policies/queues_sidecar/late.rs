//! What a holder hands out when the client was told already that there is no answer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use support::figures::{metric, reaches};
use support::{BOUND, Leash, pause, wait_until};

use super::house::{Holder, get, put, sidecar_yaml};

/// What happens to a give-back on its way to the holder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GiveBacks {
    Pass,
    /// As if nobody had sent it.
    AreEaten,
}

/// A link before a holder, over which nothing comes back while it is held up.
struct Link {
    address: SocketAddr,
    gate: Arc<Gate>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Gate {
    /// Whether it is shut, and whether the link is over.
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, is_shut: bool, is_over: bool) {
        *self.state.lock().unwrap() = (is_shut, is_over);
        self.changed.notify_all();
    }

    fn pass(&self) {
        let shut = |state: &mut (bool, bool)| state.0 && !state.1;
        drop(self.changed.wait_while(self.state.lock().unwrap(), shut).unwrap());
    }
}

impl Link {
    fn before(holder: &Holder, give_backs: GiveBacks) -> Link {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, gate, to) = (listener.local_addr().unwrap(), Arc::<Gate>::default(), holder.address());
        let own = gate.clone();
        let accepting = spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if own.state.lock().unwrap().1 {
                    return;
                }
                let far = TcpStream::connect(&to).unwrap();
                let (near_too, far_too, gate) = (near.try_clone().unwrap(), far.try_clone().unwrap(), own.clone());
                spawn(move || copy(near, far, |said| if is_eaten(said, give_backs) { &[] } else { said }));
                spawn(move || {
                    copy(far_too, near_too, |said| {
                        gate.pass();
                        said
                    });
                });
            }
        });
        Link { address, gate, accepting: Some(accepting) }
    }

    fn hold_up(&self) {
        self.gate.set(true, false);
    }

    fn let_go(&self) {
        self.gate.set(false, false);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.gate.set(false, true);
        // It accepts this one, and sees that it is over.
        drop(TcpStream::connect(self.address));
        self.accepting.take().into_iter().for_each(|accepting| drop(accepting.join()));
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(&[u8]) -> &[u8]) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(passes(&buffer[..read])).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Each question of this test is a write of its own.
fn is_eaten(said: &[u8], give_backs: GiveBacks) -> bool {
    give_backs == GiveBacks::AreEaten && said.starts_with(b"md ") && said.windows(3).any(|word| word == b" I ")
}

/// A sidecar whose client hears nothing of a message in time; whether the message is there for others soon after it came.
fn goes_back_at_once(give_backs: GiveBacks, message: &str) -> bool {
    let holder = Holder::start(", reserve: 10m");
    let link = Link::before(&holder, give_backs);
    let yaml = sidecar_yaml(&[&link.address.to_string()], ", reserve: 10m", ", request_timeout: 300ms");
    let leash = Leash::with_config(&yaml);
    let (mut client, mut other) = (leash.client(), holder.leash.client());
    put(&mut other, "q", message);
    assert_eq!(get(&mut client, "q/len").as_deref(), Some("1"), "the link is there");
    link.hold_up();
    assert_eq!(get(&mut client, "q"), None, "nothing came in time");
    wait_until("the holder has reserved it", BOUND, || get(&mut other, "q/len").as_deref() == Some("0"));
    assert_eq!(metric(&leash, "leash_upstream_late_messages_total", ""), 0.0);
    link.let_go();
    reaches(&leash, "leash_upstream_late_messages_total", "", 1.0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        if get(&mut other, "q").as_deref() == Some(message) {
            other.expect("delete q\r\n", "DELETED\r\n");
            assert_eq!(get(&mut client, "q"), None, "it is in the queue once");
            return true;
        }
        pause(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_message_that_comes_too_late_goes_back_at_once() {
    assert!(goes_back_at_once(GiveBacks::Pass, "a"));
    assert!(goes_back_at_once(GiveBacks::Pass, &"large".repeat(20_000)), "one that is dropped as it arrives");
}

#[test]
fn a_message_that_is_not_given_back_is_missed() {
    assert!(!goes_back_at_once(GiveBacks::AreEaten, "a"));
}
