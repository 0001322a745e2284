//! The words in which a sidecar orders from a holder, and what it makes of the reply: what [`wish`](super::wish()) and
//! [`QueueTelling`](super::QueueTelling) do, the other way round. A holder of either mode understands them.
//!
//! | order | asked |
//! |---|---|
//! | put | `ms q c` |
//! | take, whatever the terms | `mg q/open v f c t`: the holder reserves, the sidecar knows for whom |
//! | settle | `md q C<id>`; with `I` to give back |
//! | peek, count, find, list | `mg q/peek v f c t`, `mg q/len v`, `mg q/position:<message> v`, `mg q/list:<n> v` |
//! | withdraw, empty | `md q/position:<message>`, `md q x` |

use bytes::Bytes;

use crate::protocol::{Command, Delete, Exptime, Get, Item, Key, Reply, Request, Returns, Store};
use crate::queue::{Message, QueueAnswer, QueueOrder, Settling};

const OF_MESSAGE: Returns = Returns::VALUE.and(Returns::FLAGS).and(Returns::CAS).and(Returns::TTL);
const TOO_LONG: &str = "CLIENT_ERROR the name of the queue is too long for what stands behind it";

/// The name of the queue as a key: by it, and by nothing that stands behind it, a pool finds the holder.
///
/// # Errors
/// Why it can be none, for the client.
pub fn queue_key(name: &Bytes) -> Result<Key, &'static str> {
    Key::any(name.clone()).map_err(|_| TOO_LONG)
}

/// What a holder is asked at `now` for an order that names its message, if it settles one.
///
/// # Errors
/// Why it cannot be asked that, for the client.
pub fn asked(order: &QueueOrder, now: i64) -> Result<Request, &'static str> {
    let (name, behind, command) = match order {
        QueueOrder::Put { queue, client_flags, expires, body } => {
            let ttl = Some(lasts(*expires, now));
            let store = Store { value: body.clone(), client_flags: *client_flags, ttl, ..Store::default() };
            (queue, Vec::new(), Command::Store(Store { returns: Returns::CAS, ..store }))
        }
        QueueOrder::Take { queue, .. } => (queue, b"/open".to_vec(), get(OF_MESSAGE)),
        QueueOrder::Settle { queue, id, how, .. } => {
            let invalidate = *how == Settling::GiveBack;
            (queue, Vec::new(), Command::Delete(Delete { compare_cas: *id, invalidate, ..Delete::default() }))
        }
        QueueOrder::Peek { queue } => (queue, b"/peek".to_vec(), get(OF_MESSAGE)),
        QueueOrder::Count { queue } => (queue, b"/len".to_vec(), get(Returns::VALUE)),
        QueueOrder::List { queue, most } => (queue, format!("/list:{most}").into_bytes(), get(Returns::VALUE)),
        QueueOrder::Find { queue, body } => (queue, [b"/position:", &body[..]].concat(), get(Returns::VALUE)),
        QueueOrder::Withdraw { queue, body } => {
            (queue, [b"/position:", &body[..]].concat(), Command::Delete(Delete::default()))
        }
        QueueOrder::Empty { queue } => {
            (queue, Vec::new(), Command::Delete(Delete { drop_value: true, ..Delete::default() }))
        }
        QueueOrder::EmptyAll | QueueOrder::StopWaiting(_) | QueueOrder::Leave(_) | QueueOrder::Figures => {
            return Err("CLIENT_ERROR no holder elsewhere is asked that");
        }
    };
    let key = Key::any([&name[..], &behind].concat().into()).map_err(|_| TOO_LONG)?;
    Ok(Request { key, command })
}

fn get(returns: Returns) -> Command {
    Command::Get(Get { returns, knows_marks: true, ..Get::default() })
}

/// How long a message stays, in words that compare no clocks unless it stays for more than 30 days.
fn lasts(expires: u64, now: i64) -> Exptime {
    match expires {
        0 => Exptime::NEVER,
        end => Exptime::lasting(end.cast_signed().saturating_sub(now), now).unwrap_or(Exptime::LATEST),
    }
}

/// What a holder answers to an order, at `now`.
///
/// # Errors
/// What the client is told instead: that there is no answer, or why the holder refuses, in the holder's words.
pub fn heard(order: &QueueOrder, reply: Reply, now: i64) -> Result<QueueAnswer, Reply> {
    match (order, reply) {
        (QueueOrder::Put { .. }, Reply::Hit(item)) => Ok(QueueAnswer::Stored(item.cas)),
        (QueueOrder::Take { .. } | QueueOrder::Peek { .. }, Reply::Hit(item)) => message(item, now),
        (QueueOrder::Count { .. } | QueueOrder::Find { .. }, Reply::Hit(item)) => number(&item),
        (QueueOrder::List { .. }, Reply::Hit(item)) => Ok(QueueAnswer::Listed(item.value.into_iter().collect())),
        (QueueOrder::Settle { .. } | QueueOrder::Withdraw { .. } | QueueOrder::Empty { .. }, Reply::Hit(_)) => {
            Ok(QueueAnswer::Done)
        }
        (_, Reply::Miss | Reply::NotFound) => Ok(QueueAnswer::Nothing),
        (_, reply @ (Reply::Error(_) | Reply::Failed(_))) => Err(reply),
        _ => Err(unexpected()),
    }
}

fn message(item: Item, now: i64) -> Result<QueueAnswer, Reply> {
    let Item { value: Some(body), client_flags, cas: id, ttl, .. } = item else { return Err(unexpected()) };
    let expires = if ttl < 0 { 0 } else { now.saturating_add(ttl).max(1).cast_unsigned() };
    Ok(QueueAnswer::Message(id, Message { client_flags, expires, since: 0, body }))
}

fn number(item: &Item) -> Result<QueueAnswer, Reply> {
    let digits = item.value.as_deref().and_then(|value| std::str::from_utf8(value).ok());
    digits.and_then(|digits| digits.parse().ok()).map(QueueAnswer::Number).ok_or_else(unexpected)
}

fn unexpected() -> Reply {
    Reply::Error("SERVER_ERROR the holder of the queue has answered something else, is it leash?".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::QueueMode;
    use crate::queue::{Consumer, QueueRefusal, Taking};
    use crate::route::queue::decide::{QueueRules, QueueTelling, QueueWish, wish};

    const NOW: i64 = 1_750_000_000;
    const BY: Consumer = Consumer(7);

    fn any_order() -> impl Strategy<Value = QueueOrder> {
        let queue = prop_oneof!["[a-z:+]{1,20}".prop_map(Bytes::from), Just(Bytes::from_static(b"q\n\xff"))];
        let body = prop_oneof!["[a-z/ ]{0,40}".prop_map(Bytes::from), Just(Bytes::from_static(b"\r\n\0/open"))];
        (queue, body, any::<u64>(), 0..9usize, any::<u32>()).prop_map(|(queue, body, id, which, number)| match which {
            0 => {
                let expires = [0, 1, NOW.cast_unsigned() + u64::from(number % 100_000_000)][id as usize % 3];
                QueueOrder::Put { queue, client_flags: number, expires, body }
            }
            1 => QueueOrder::Take { queue, by: BY, how: Taking::Reserve, wait: std::time::Duration::ZERO },
            2 => QueueOrder::Settle { queue, by: BY, id: Some(id), how: Settling::Acknowledge },
            3 => QueueOrder::Settle { queue, by: BY, id: Some(id), how: Settling::GiveBack },
            4 => QueueOrder::Peek { queue },
            5 => QueueOrder::Count { queue },
            6 => QueueOrder::Find { queue, body },
            7 => QueueOrder::List { queue, most: number as usize },
            _ => QueueOrder::Withdraw { queue, body },
        })
    }

    proptest! {
        #[test]
        fn a_holder_of_either_mode_understands_what_a_sidecar_orders(order in any_order()) {
            for mode in [QueueMode::Reserve, QueueMode::Kestrel] {
                let request = asked(&order, NOW).unwrap();
                let rules = QueueRules { mode, allow_flush: false, plain: 0 };
                let understood: Vec<QueueOrder> = wish(&request, rules).unwrap().orders(BY, NOW).collect();
                prop_assert_eq!(understood, std::slice::from_ref(&order));
            }
        }

        #[test]
        fn a_sidecar_understands_what_a_holder_answers(order in any_order(), number in 1..=u64::MAX, ttl in 0..100_000u64) {
            let expires = if ttl == 0 { 0 } else { NOW.cast_unsigned() + ttl };
            let message = Message { client_flags: number as u32, expires, since: 0, body: "m".into() };
            let good = match &order {
                QueueOrder::Put { .. } => QueueAnswer::Stored(number),
                QueueOrder::Take { .. } | QueueOrder::Peek { .. } => QueueAnswer::Message(number, message),
                QueueOrder::Count { .. } | QueueOrder::Find { .. } => QueueAnswer::Number(number),
                QueueOrder::List { .. } => QueueAnswer::Listed(vec!["one".into()]),
                _ => QueueAnswer::Done,
            };
            let request = asked(&order, NOW).unwrap();
            let rules = QueueRules { mode: QueueMode::Kestrel, allow_flush: false, plain: 0 };
            let QueueWish { what, .. } = wish(&request, rules).unwrap();
            let telling = QueueTelling::of(&request.command, &what, rules.mode);
            let back = |answer: QueueAnswer| heard(&order, telling.told(answer, NOW), NOW);
            prop_assert_eq!(back(good.clone()), Ok(good));
            if !matches!(order, QueueOrder::Put { .. }) {
                prop_assert_eq!(back(QueueAnswer::Nothing), Ok(QueueAnswer::Nothing));
            }
            for why in [QueueRefusal::Full, QueueRefusal::TooLong, QueueRefusal::Disk, QueueRefusal::Busy] {
                let refused = back(QueueAnswer::Refused(why));
                let is_handed_on = matches!(&refused, Err(Reply::Error(line)) if line.starts_with(b"SERVER_ERROR "));
                prop_assert!(is_handed_on, "{:?}", refused);
            }
        }

        #[test]
        fn whatever_a_holder_says_is_an_answer_or_an_error(order in any_order(), which in 0..6usize) {
            let strange = [Reply::Done, Reply::NotStored, Reply::Exists, Reply::Version("1".into()), Reply::Miss, Reply::Hit(Item::default())];
            let _ = heard(&order, strange[which].clone(), NOW);
        }
    }

    #[test]
    fn a_name_with_no_room_for_what_stands_behind_it_is_refused() {
        let queue = Bytes::from(vec![b'q'; 246]);
        assert!(asked(&QueueOrder::Count { queue: queue.clone() }, NOW).is_ok());
        assert_eq!(asked(&QueueOrder::Peek { queue }, NOW), Err(TOO_LONG));
    }
}
