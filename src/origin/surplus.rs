//! Whether a server said more than it announced: what follows an answer's length on its connection. No socket: it is
//! told what passed.
//!
//! hyper reads an answer to its announced end and drops the connection if more follows, without a word to whoever asked.
//! But a body that is longer than announced was cut off at an arbitrary place, and is no value.

/// What passed on one HTTP/1 connection since it was last written to.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// How many answers were begun to be asked for.
    asked: u64,
    /// Whether anything was read since.
    has_answer: bool,
    /// Bytes read since.
    bytes: u64,
    /// Where the answer's head ended, if it has.
    head_end: Option<u64>,
    /// The head's first bytes, and its last.
    first: [u8; 10],
    last: [u8; 3],
    /// Whether the connection is gone, the other end had hung up, and more was there to be read.
    is_over: bool,
    has_hung_up: bool,
    has_leftover: bool,
}

impl Heard {
    /// Something was written: if an answer was read before, the next one is asked for.
    pub(super) fn written(&mut self) {
        if self.asked == 0 || self.has_answer {
            *self = Heard { asked: self.asked + 1, ..Heard::default() };
        }
    }

    /// These bytes were read; none means that the other end has hung up.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        self.has_hung_up |= bytes.is_empty();
        self.has_answer |= !bytes.is_empty();
        if self.head_end.is_some() {
            self.bytes += bytes.len() as u64;
            return;
        }
        for (at, byte) in bytes.iter().enumerate() {
            self.read_head(*byte);
            if self.head_end.is_some() {
                self.bytes += (bytes.len() - at - 1) as u64;
                return;
            }
        }
    }

    fn read_head(&mut self, byte: u8) {
        if let Some(place) = self.first.get_mut(usize::try_from(self.bytes).unwrap_or(usize::MAX)) {
            *place = byte;
        }
        self.bytes += 1;
        let is_end = byte == b'\n' && (self.last[2] == b'\n' || self.last[1..] == *b"\n\r");
        self.last = [self.last[1], self.last[2], byte];
        if is_end && self.is_interim() {
            (self.bytes, self.last) = (0, [0; 3]);
        } else if is_end {
            self.head_end = Some(self.bytes);
        }
    }

    /// Whether it is the head of an answer before the answer (1xx).
    fn is_interim(&self) -> bool {
        self.first[9] == b'1'
    }

    /// The connection is gone; whether more was there to be read.
    pub(super) fn ended(&mut self, has_leftover: bool) {
        self.is_over = true;
        self.has_leftover = has_leftover;
    }

    /// Whether nothing of an answer came on a connection that had answered before: then it had ended while it rested.
    pub(super) fn is_outlived(&self) -> bool {
        self.asked > 1 && !self.has_answer
    }

    /// Whether more followed the answer whose body has ended: of `length` bytes, or told in chunks; `stays` says
    /// whether the connection was to serve for further answers.
    pub(super) fn has_surplus(&self, length: Option<u64>, stays: bool) -> bool {
        let is_longer = |length: u64| self.head_end.is_some_and(|head| self.bytes > head + length);
        let is_dropped = self.is_over && !self.has_hung_up && stays;
        self.has_leftover || length.map_or(is_dropped, is_longer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";

    fn heard(parts: &[&str]) -> Heard {
        let mut heard = Heard::default();
        heard.written();
        parts.iter().for_each(|part| heard.read(part.as_bytes()));
        heard
    }

    #[test]
    fn what_follows_the_announced_length_is_seen_however_it_arrives() {
        for lines in ["\r\n", "\n"] {
            let answer = format!("{HEAD}abcd").replace("\r\n", lines);
            for at in 0..answer.len() {
                let heard = heard(&[&answer[..at], &answer[at..]]);
                assert!(heard.has_surplus(Some(3), true) && !heard.has_surplus(Some(4), true), "{at} {lines:?}");
            }
        }
    }

    #[test]
    fn an_interim_answer_is_not_the_answer() {
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
        let heard = heard(&[interim, interim, HEAD, "abc"]);
        assert!(!heard.has_surplus(Some(3), true) && heard.has_surplus(Some(2), true));
    }

    #[test]
    fn each_answer_of_a_connection_is_counted_by_itself() {
        let mut heard = heard(&[HEAD, "abc"]);
        heard.written();
        assert!(heard.is_outlived(), "the second was asked for and nothing of it came");
        heard.read(HEAD.as_bytes());
        heard.read(b"abc");
        assert!(!heard.has_surplus(Some(3), true) && !heard.is_outlived());
    }

    #[test]
    fn a_connection_that_is_dropped_though_it_was_to_stay_had_a_surplus() {
        let dropped = |read: &str, stays| {
            let mut heard = heard(&[HEAD, "3\r\nabc\r\n0\r\n\r\n", read]);
            heard.ended(false);
            heard.has_surplus(None, stays)
        };
        assert!(dropped("x", true));
        assert!(!dropped("x", false), "it was to end anyway");
        assert!(!dropped("", true), "the other end hung up");
        let mut leftover = heard(&[HEAD, "abc"]);
        leftover.ended(true);
        assert!(leftover.has_surplus(Some(3), false));
    }
}
