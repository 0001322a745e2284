//! An answer to `stats`, made of lines, as the packets that say the same: one for each figure, and an empty one behind
//! the last.

use super::encode::encode;
use super::header::push_response;
use super::opcode::Packet;
use super::status::BinaryStatus;
use crate::protocol::output::Output;
use crate::protocol::reply::Reply;

/// The packets for `lines`. Where the answer is an error, memcached says that there is no such subject.
pub(in crate::protocol) fn stats(packet: &Packet, lines: &[u8]) -> Vec<u8> {
    let mut out = Output::default();
    for line in lines.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()) {
        match line.strip_prefix(b"STAT ") {
            Some(figure) => push_figure(packet, figure, out.text()),
            None if line.starts_with(b"SERVER_ERROR") => {
                encode(packet, false, b"", &Reply::Error(line.to_vec().into()), &mut out);
            }
            None if is_end(line) => encode(packet, false, b"", &Reply::Done, &mut out),
            None => encode(packet, false, b"", &Reply::NotFound, &mut out),
        }
    }
    std::mem::take(out.text())
}

/// Whether nothing follows a line: there were figures before it, or there are none to tell.
fn is_end(line: &[u8]) -> bool {
    matches!(line, b"END" | b"RESET" | b"OK")
}

fn push_figure(packet: &Packet, figure: &[u8], text: &mut Vec<u8>) {
    let (name, value) = figure.split_at(figure.iter().position(|&b| b == b' ').unwrap_or(figure.len()));
    let value = value.strip_prefix(b" ").unwrap_or(value);
    push_response(packet, BinaryStatus::Success, (0, name.len(), value.len()), 0, text);
    text.extend_from_slice(name);
    text.extend_from_slice(value);
}
