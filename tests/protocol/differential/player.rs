//! Plays a script to a server and gives back every byte it said.
//!
//! Each play is one connection. It ends with `quit` and an end of sending, so the reply stream is complete when the
//! other side closes: nothing is guessed from silence. Waits inside a script are a `version` whose answer is awaited.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Random};

use super::replies::last_cas;
use super::script::render;

/// More than this is written by a thread of its own, so that neither side waits for the other to read.
const SMALL: usize = 16 << 10;
const BOUND: Duration = Duration::from_secs(20);

/// How the bytes of a step reach the server.
#[derive(Clone, Copy, Debug)]
pub enum Delivery {
    /// In one write.
    Whole,
    /// One byte a write.
    Bytewise,
    /// In pieces of random length.
    Split(u64),
}

/// What came back.
#[derive(Debug)]
pub struct Output {
    pub bytes: Vec<u8>,
    /// The server closed although nobody asked it to.
    pub closed_early: bool,
    /// It said nothing more and did not close either.
    pub hung: bool,
}

/// Plays the steps and collects the replies.
pub fn play(address: &str, steps: &[Vec<String>], run: usize, delivery: Delivery) -> Output {
    let stream = Client::connect(address).stream;
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let mut output = Output { bytes: Vec::new(), closed_early: false, hung: false };
    let (mut cas, mut looked_at) = (999_999_999_999, 0);
    for (index, step) in steps.iter().enumerate() {
        cas = last_cas(&output.bytes[looked_at..]).unwrap_or(cas);
        looked_at = output.bytes.len();
        let mut bytes = render(step, run, cas);
        let last = index + 1 == steps.len();
        bytes.extend_from_slice(if last { b"quit\r\n" } else { b"version\r\n" });
        exchange(&stream, &bytes, delivery, last, &mut output);
        if output.hung || output.closed_early {
            break;
        }
    }
    output
}

/// Sends one step and reads what answers it: up to the version line, after the last step up to the end.
fn exchange(stream: &TcpStream, bytes: &[u8], delivery: Delivery, last: bool, output: &mut Output) {
    if bytes.len() <= SMALL {
        deliver(stream, bytes, delivery, last);
        return collect(stream, last, output);
    }
    thread::scope(|scope| {
        scope.spawn(|| deliver(stream, bytes, delivery, last));
        collect(stream, last, output);
    });
}

/// Write errors are not ours to judge: a server may close first, and the comparison tells whether it should have.
fn deliver(mut stream: &TcpStream, bytes: &[u8], delivery: Delivery, last: bool) {
    let mut rest = bytes;
    let mut random = match delivery {
        Delivery::Split(seed) => Random::new(seed),
        _ => Random::new(1),
    };
    while !rest.is_empty() {
        let length = match delivery {
            Delivery::Whole => rest.len(),
            Delivery::Bytewise => 1,
            Delivery::Split(_) if random.chance(50) => 1 + random.below(8),
            Delivery::Split(_) => 1 + random.below(300),
        };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        if stream.write_all(piece).is_err() {
            return;
        }
        rest = after;
    }
    if last {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

fn collect(mut stream: &TcpStream, last: bool, output: &mut Output) {
    let (start, before) = (Instant::now(), output.bytes.len());
    let mut chunk = vec![0; 1 << 16];
    while last || !ends_with_version(&output.bytes[before..]) {
        match stream.read(&mut chunk) {
            Ok(0) => return output.closed_early = !last,
            Ok(count) => output.bytes.extend_from_slice(&chunk[..count]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return output.hung = true,
            Err(_) => return output.closed_early = !last,
        }
        if start.elapsed() > BOUND {
            return output.hung = true;
        }
    }
}

/// Whether the last line is the answer to the `version` that ends a step.
fn ends_with_version(output: &[u8]) -> bool {
    let Some(lines) = output.strip_suffix(b"\r\n") else { return false };
    let start = lines.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    lines[start..].starts_with(b"VERSION ")
}
