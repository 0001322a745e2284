//! What holds of the protocol for every request, every reply and every split into reads.
//!
//! The invariants themselves are shared with the fuzz targets (`fuzz/invariants`); here they are held for inputs made
//! to be valid, or nearly so, which random bytes seldom are.

mod make;

use bytes::{Bytes, BytesMut};
use leash::protocol::{
    AnswerDecoder, Expected, Form, Item, Key, MetaVerb, Output, Reply, Style, Token, encode_reply, number,
};
use proptest::prelude::*;

use crate::invariants::{model, pieces, replies, requests, wire};

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![0..5usize, 0..200usize], 0..60)
}

/// A reply as a server writes it: what a meta client that asks for everything is told.
fn said(expected: &Expected, reply: &Reply, token: Token) -> Vec<u8> {
    let verb = match expected {
        Expected::Value | Expected::Facts => MetaVerb::Get,
        Expected::Store => MetaVerb::Store,
        Expected::Delete => MetaVerb::Delete,
        _ => MetaVerb::Arithmetic,
    };
    let style = Style::Meta { verb, flags: format!("c t s f O{} l h", replies::spelt(token)).into() };
    let (key, mut out) = (Key::text("key".into()).unwrap(), Output::default());
    encode_reply(&Form { style, quiet: false }, &key, reply, &mut out);
    wire::written(out)
}

/// The facts a reply to this question tells.
fn told(expected: &Expected, reply: &Reply) -> Reply {
    let none = Item::default();
    match reply {
        Reply::Hit(item) => Reply::Hit(match expected {
            Expected::Value | Expected::Facts => item.clone(),
            Expected::Arithmetic => {
                Item { cas: item.cas, ttl: item.ttl, value: item.value.clone(), marks: item.marks, ..none }
            }
            Expected::Store => Item { cas: item.cas, marks: item.marks, ..none },
            _ => Item { marks: item.marks, ..none },
        }),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_a_client_says_means_the_same_in_any_split(bytes in make::client_bytes(), lengths in lengths()) {
        let whole = requests::decode(&[&bytes]);
        prop_assert_eq!(requests::decode(&pieces(&bytes, &lengths)), whole);
    }

    #[test]
    fn nothing_a_client_says_becomes_a_second_command_upstream(bytes in make::client_bytes()) {
        requests::hold(&bytes);
    }

    #[test]
    fn a_question_says_exactly_what_its_request_means(request in make::request()) {
        requests::request_is_safe(&request);
    }

    #[test]
    fn a_reply_says_the_same_again((expected, reply) in make::reply(), chance: u64, lengths in lengths()) {
        let token = Token::new(chance);
        let bytes = said(&expected, &reply, token);
        wire::is_one_reply(&bytes);
        let (mut decoder, mut buffer, mut again) = (AnswerDecoder::new(true), BytesMut::new(), None);
        for piece in pieces(&bytes, &lengths) {
            prop_assert!(again.is_none() || piece.is_empty(), "a reply before its end");
            buffer.extend_from_slice(piece);
            again = again.or(decoder.next(&mut buffer, &expected, token).unwrap());
        }
        prop_assert_eq!(again, Some(told(&expected, &reply)));
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn a_reply_with_the_token_of_another_question_is_nobodys((expected, reply) in make::reply(), theirs: u64, mine: u64) {
        let (theirs, mine) = (Token::new(theirs), Token::new(mine));
        prop_assume!(theirs != mine);
        let theirs = said(&expected, &reply, theirs);
        let answer = AnswerDecoder::new(true).next(&mut BytesMut::from(&theirs[..]), &expected, mine);
        prop_assert!(answer.is_err(), "{answer:?}");
    }

    #[test]
    fn a_server_may_say_anything(
        asked in prop::collection::vec(make::expected(), 1..8),
        bytes in make::server_bytes(),
        lengths in lengths(),
    ) {
        replies::holds_for(&asked, &bytes);
        prop_assert_eq!(replies::decode(&asked, &pieces(&bytes, &lengths)), replies::decode(&asked, &[&bytes]));
    }

    #[test]
    fn only_text_keys_without_spaces_and_controls_are_text_keys(bytes in prop::collection::vec(any::<u8>(), 0..260)) {
        let fits = (1..=250).contains(&bytes.len()) && bytes.iter().all(|&b| b > 0x20 && b != 0x7f);
        prop_assert_eq!(Key::text(bytes.into()).is_ok(), fits);
    }

    #[test]
    fn numbers_are_read_as_c_reads_them(token in make::number_token()) {
        prop_assert_eq!(number::i32(&token), model::strtoll(&token).map(|n| n as i32));
        prop_assert_eq!(number::u64(&token), model::strtoull(&token));
        prop_assert_eq!(number::u32(&token), model::strtoull(&token).map(|n| n as u32));
        let digits = std::str::from_utf8(&token).ok().filter(|t| t.len() <= 20 && t.bytes().all(|b| b.is_ascii_digit()));
        prop_assert_eq!(number::plain(&token), digits.and_then(|digits| digits.parse().ok()));
    }

    #[test]
    fn output_keeps_its_order_while_it_is_written(steps in prop::collection::vec((0..9000usize, 0..9000usize), 0..60)) {
        let (mut output, mut said, mut written) = (Output::default(), Vec::new(), Vec::new());
        for (n, (value, write)) in steps.into_iter().enumerate() {
            let value = Bytes::from(vec![n as u8; value]);
            output.text().push(b'v');
            output.push_value(&value);
            said.push(b'v');
            said.extend_from_slice(&value);
            written.extend(make::next_write(&mut output, write));
            prop_assert_eq!(output.len(), said.len() - written.len());
        }
        written.extend(wire::written(output));
        prop_assert_eq!(written, said);
    }
}
