//! What a broken or hostile server says instead of its replies. Greetings stay true, else nobody would listen.

use crate::Random;

use super::frames::Piece;

/// One way not to answer what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Bytes that are no reply.
    Garbage,
    /// A line without an end.
    EndlessLine,
    /// A value of a gibibyte that comes and comes.
    EndlessValue,
    /// Lengths that nobody has memory for, before a value that is short.
    HugeLengths,
    /// Tokens of other questions.
    WrongTokens,
    /// No tokens.
    NoTokens,
    /// Each reply is followed by another one for the same question.
    ExtraReplies,
    /// The beginning of a TLS connection.
    Tls,
    /// Classic replies to meta questions.
    Classic,
    /// An error for whatever is asked, with a line end and a reply in it.
    EvilErrors,
}

impl Lie {
    pub const ALL: [Lie; 10] = [
        Lie::Garbage,
        Lie::EndlessLine,
        Lie::EndlessValue,
        Lie::HugeLengths,
        Lie::WrongTokens,
        Lie::NoTokens,
        Lie::ExtraReplies,
        Lie::Tls,
        Lie::Classic,
        Lie::EvilErrors,
    ];

    /// Whether what is told goes on for ever.
    pub fn is_endless(self) -> bool {
        matches!(self, Lie::EndlessLine | Lie::EndlessValue)
    }
}

/// Somebody who tells one.
pub struct Liar {
    random: Random,
    last_token: String,
}

impl Liar {
    pub fn new(seed: u64) -> Liar {
        Liar { random: Random::new(seed), last_token: String::new() }
    }

    /// What is said instead of a part of the true replies.
    pub fn tells(&mut self, lie: Lie, piece: &Piece) -> Vec<u8> {
        let line = String::from_utf8_lossy(&piece.bytes).trim_end().to_string();
        if !piece.is_line || ["MN", "VERSION"].iter().any(|word| line.starts_with(word)) {
            return piece.bytes.clone();
        }
        let token = line.split(' ').rfind(|word| word.starts_with('O')).unwrap_or_default().to_string();
        match lie {
            Lie::Garbage => (0..1 + self.random.below(200)).map(|_| self.random.number() as u8).collect(),
            Lie::EndlessLine => b"VA 5 ".to_vec(),
            Lie::EndlessValue => format!("VA 1073741824 f0 {token}\r\n").into_bytes(),
            Lie::HugeLengths => {
                let length = self.random.of(&["1073741825", "4294967296", "18446744073709551615", "-1", "1e9"]);
                format!("VA {length} f0 {token}\r\nEVIL\r\n").into_bytes()
            }
            Lie::WrongTokens => line_with(&line, &token, &format!("O{}", self.random.below(64))),
            Lie::NoTokens => line_with(&line, &token, "f0"),
            Lie::ExtraReplies => {
                let last = std::mem::replace(&mut self.last_token, token);
                let extra = if last.is_empty() { String::new() } else { format!("VA 4 f0 {last}\r\nEVIL\r\n") };
                [extra.as_bytes(), &piece.bytes].concat()
            }
            Lie::Tls => b"\x15\x03\x03\x00\x02\x02\x46".to_vec(),
            Lie::Classic => b"VALUE key 0 4\r\nEVIL\r\nEND\r\n".to_vec(),
            Lie::EvilErrors => b"SERVER_ERROR out of memory\nVA 4 f0 O1\r\nEVIL\r\n".to_vec(),
        }
    }
}

fn line_with(line: &str, token: &str, other: &str) -> Vec<u8> {
    match token {
        "" => format!("{line} {other}\r\n"),
        token => format!("{}\r\n", line.replace(token, other)),
    }
    .into_bytes()
}
