//! Reads whose line is long: the same as the short ones, however they are split, and no dearer than their bytes.

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::{Decoded, Decoder, RequestLimits};
use super::show;

/// Lines longer than this are long.
const SHORT: RequestLimits = RequestLimits { line: 32, value: 64, keys: 40, queues: false };
/// What of a line is not looked at yet is less than this.
const PIECE: usize = 4096;
const ROOMY: RequestLimits = RequestLimits { line: 1 << 20, ..SHORT };

/// All calls in what comes in these reads, and whether another one is under way.
fn calls(limits: RequestLimits, reads: &[&[u8]]) -> (Vec<String>, bool) {
    let (mut decoder, mut buffer, mut calls) = (Decoder::new(limits), BytesMut::new(), Vec::new());
    for read in reads {
        buffer.extend_from_slice(read);
        while let Some(call) = decoder.next(&mut buffer) {
            calls.push(show(&call));
            assert!(!calls.last().is_some_and(|call| call.ends_with("(fatal)")), "{calls:?}");
        }
        assert!(buffer.len() < PIECE, "{} bytes are kept", buffer.len());
    }
    (calls, decoder.is_midway(&buffer))
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => "[a-z0-9]{1,12}",
        1 => (249..253usize).prop_map(|len| "k".repeat(len)),
        1 => Just("k".repeat(600)),
        1 => Just("\u{1}".to_string()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let verb = prop_oneof!["get", "gets", "bget", "gat 10", "gats 0", "gat", "gat x", "gats 1"];
    let words = proptest::collection::vec((word(), 1..4usize), 0..45);
    (verb, 0..9usize, words, prop_oneof!["", " ", "  "], prop_oneof!["\r\n", "\n"]).prop_map(
        |(verb, lead, words, tail, end)| {
            let keys: String = words.iter().map(|(word, spaces)| " ".repeat(*spaces) + word).collect();
            format!("{}{verb}{keys}{tail}{end}", " ".repeat(lead))
        },
    )
}

proptest! {
    #[test]
    fn a_long_line_means_what_it_would_mean_if_it_were_short(
        lines in proptest::collection::vec(line(), 1..4), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = lines.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let reads: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        let one_by_one: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole: Vec<String> = lines.iter().flat_map(|line| {
            let mut buffer = BytesMut::from(line.as_bytes());
            Decoder::new(ROOMY).next(&mut buffer).map(|call| show(&call))
        }).collect();
        prop_assert_eq!(whole.len(), lines.len());
        prop_assert_eq!(&calls(SHORT, &reads), &(whole.clone(), false));
        prop_assert_eq!(&calls(SHORT, &one_by_one), &(whole, false));
    }
}

#[test]
fn a_line_that_is_not_whole_is_no_command_and_one_that_is_refused_is_swallowed_to_its_end() {
    let many = format!("get{}", " key".repeat(41));
    assert_eq!(calls(SHORT, &[b"gat 10 one two three"]), (vec![], true));
    assert_eq!(calls(SHORT, &[many.as_bytes(), &b" more".repeat(10_000)]), (vec![], true));
    let refused = "CLIENT_ERROR too many keys in one get, at most 40".to_string();
    let told = calls(SHORT, &[many.as_bytes(), &b" more".repeat(10_000), b"\r\nmn\r\n"]);
    assert_eq!(told, (vec![refused, "Noop".into()], false));
}

/// A step takes a piece and no more, and all steps together look at each byte a few times, though reads are small.
#[test]
fn a_step_takes_a_piece_of_the_line_at_most() {
    let limits = RequestLimits { keys: 100_000, ..ROOMY };
    let (mut decoder, mut buffer, mut pieces) = (Decoder::new(limits), BytesMut::from("get"), 0);
    buffer.extend_from_slice(&b" k".repeat(90_000));
    loop {
        let before = buffer.len();
        match decoder.step(&mut buffer) {
            Decoded::Piece => pieces += 1,
            Decoded::Nothing => break,
            Decoded::Call(call) => panic!("{}", show(&call)),
        }
        assert!(before - buffer.len() <= PIECE);
    }
    assert!(pieces >= 40, "{pieces} pieces");
    assert!(decoder.held() >= 90_000 * 32, "what is kept is counted");
    assert!(decoder.give_up_line() && !decoder.give_up_line());
    assert_eq!(decoder.held(), 0);
    buffer.extend_from_slice(b"\r\n");
    let told = decoder.next(&mut buffer).as_ref().map(show);
    assert_eq!(told, Some("SERVER_ERROR out of memory reading request".into()));
}
