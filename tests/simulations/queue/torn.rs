//! The last record of a holder, cut at every byte: it is there as a whole or not at all, and all before it are there. A bit
//! that is flipped anywhere costs one message.

use std::time::Duration;

use bytes::Bytes;
use leash::queue::{Consumer, HolderTerms, Moment, QueueAnswer, QueueHolder, QueueOrder, Settling, Taking};

use xxhash_rust::xxh3::xxh3_64;

use super::disk::Platter;

const BY: Consumer = Consumer(1);
const MESSAGES: [&str; 3] = ["first", "second", "third"];

fn open(platter: &Platter) -> QueueHolder<Platter, ()> {
    QueueHolder::open(platter.clone(), HolderTerms::default()).expect("it can be opened")
}

fn ask(holder: &mut QueueHolder<Platter, ()>, order: QueueOrder) -> QueueAnswer {
    let now = Moment { up: Duration::ZERO, unix: Duration::from_secs(1_700_000_000) };
    holder.work([(order, ())], now).remove(0).1
}

fn put(body: &'static str) -> QueueOrder {
    QueueOrder::Put { queue: "q".into(), client_flags: 3, expires: 0, body: body.into() }
}

fn take(how: Taking) -> QueueOrder {
    QueueOrder::Take { queue: "q".into(), by: BY, how, wait: Duration::ZERO }
}

fn settle(how: Settling) -> QueueOrder {
    QueueOrder::Settle { queue: "q".into(), by: BY, id: None, how }
}

/// All messages that are left, taken for good.
fn rest(holder: &mut QueueHolder<Platter, ()>) -> Vec<Bytes> {
    std::iter::from_fn(|| match ask(holder, take(Taking::Remove)) {
        QueueAnswer::Message(_, message) => Some(message.body),
        _ => None,
    })
    .collect()
}

/// What is written last, the orders before it that no record is about, and what is left without it and with it.
type Last<'l> = (&'l str, &'l [QueueOrder], QueueOrder, &'l [&'l str], &'l [&'l str]);

#[test]
fn a_record_that_is_cut_at_any_byte_is_there_or_not_and_all_others_are() {
    let without_first: &[&str] = &MESSAGES[1..];
    let all_and_last: &[&str] = &["first", "second", "third", "last"];
    let table: [Last<'_>; 4] = [
        ("put", &[], put("last"), &MESSAGES, all_and_last),
        ("acknowledged", &[take(Taking::Reserve)], settle(Settling::Acknowledge), &MESSAGES, without_first),
        ("given back", &[take(Taking::Reserve)], settle(Settling::GiveBack), &MESSAGES, &MESSAGES),
        ("emptied", &[], QueueOrder::Empty { queue: "q".into() }, &MESSAGES, &[]),
    ];
    for (what, before, order, without, with) in table {
        let platter = Platter::default();
        let mut holder = open(&platter);
        MESSAGES.map(put).into_iter().chain(before.iter().cloned()).for_each(|order| drop(ask(&mut holder, order)));
        let whole_before = platter.end();
        ask(&mut holder, order);
        assert!(platter.end() > whole_before + 8, "{what} is written down");
        for end in whole_before..=platter.end() {
            let left = platter.cut_at(end);
            let expected = if end == platter.end() { with } else { without };
            assert_eq!(rest(&mut open(&left)), expected, "{what}, cut at {end} of {whole_before} to {}", platter.end());
            // What comes behind the end that was torn is not lost with it.
            let left = platter.cut_at(end);
            ask(&mut open(&left), put("after"));
            assert_eq!(
                rest(&mut open(&left)).last().map(|last| &last[..]),
                Some(&b"after"[..]),
                "{what}, cut at {end}"
            );
        }
    }
}

/// Frames as a client can make them that does not know the salt: of a message in this queue.
fn planted() -> Bytes {
    let record = [&[1, 1, b'q'][..], &99u64.to_le_bytes(), &[0; 20], b"planted"].concat();
    let length = (record.len() as u32).to_le_bytes();
    let sum = xxh3_64(&record).to_le_bytes();
    let plain = [&length[..], &record, &sum].concat();
    [&plain[..], &length, &xxh3_64(&length).to_le_bytes()[4..], &record, &sum, &plain].concat().into()
}

#[test]
fn a_bit_that_is_flipped_anywhere_costs_one_message_and_brings_no_other() {
    let platter = Platter::default();
    let mut holder = open(&platter);
    let messages = [Bytes::from("first"), planted(), Bytes::from("third"), Bytes::from("fourth")];
    for body in messages.clone() {
        ask(&mut holder, QueueOrder::Put { queue: "q".into(), client_flags: 3, expires: 0, body });
    }
    let mut lost = 0;
    for at in 0..platter.end() {
        for bit in [0, 3, 7] {
            let left = rest(&mut open(&platter.flipped(at, bit)));
            assert!(
                left.iter().all(|body| messages.contains(body)) && left.len() + 1 >= messages.len(),
                "{at}: {left:?}"
            );
            lost += messages.len() - left.len();
        }
    }
    assert!(lost > 300, "bits of messages were flipped: {lost}");
}
