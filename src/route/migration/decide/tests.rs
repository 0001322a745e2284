//! The decisions of a migration, one by one and for many inputs.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::protocol::{
    Arithmetic, Cause, Command, Delete, Exptime, Failure, Get, Item, Reply, Returns, Store, StoreMode,
};

const NOW: i64 = 1_700_000_000;
const MONTH: i64 = 60 * 60 * 24 * 30;

fn item(ttl: i64) -> Item {
    Item { value: Some("value".into()), client_flags: 7, ttl, ..Item::default() }
}

fn failed(cause: Cause) -> Reply {
    Reply::Failed(Failure { cause, server: "m0".into(), said: None })
}

fn copied(ttl: i64, since: u64) -> Option<i64> {
    copy(&item(ttl), 9, NOW, Duration::from_secs(since))
        .and_then(|store| store.ttl)
        .map(|exptime| exptime.as_written().into())
}

/// A claim as a look finds it.
fn found(claim: Claim, ttl: i64) -> Reply {
    let Store { client_flags, value, .. } = claim.taking(None);
    Reply::Hit(Item { client_flags, size: value.len() as u32, cas: 3, ttl, ..Item::default() })
}

proptest! {
    #[test]
    fn a_copy_never_lasts_longer_and_never_for_ever(ttl in 0..2_000_000_000_i64, since in 0..100_u64) {
        match copied(ttl, since) {
            None => prop_assert!(ttl <= since as i64),
            Some(exptime) => {
                let lasts = if exptime > MONTH { exptime - NOW } else { exptime };
                prop_assert!(exptime > 0 && lasts <= ttl, "{ttl} becomes {exptime}");
                prop_assert!(lasts == ttl - since as i64 || exptime == i64::from(i32::MAX));
            }
        }
    }
}

#[test]
fn a_copy_has_the_flags_and_the_time_of_the_original() {
    let store = copy(&item(60), 9, NOW, Duration::ZERO).expect("a copy");
    assert_eq!(
        (store.client_flags, store.ttl, store.compare_cas, store.mode),
        (7, Some(Exptime::new(60)), Some(9), StoreMode::Set)
    );
    assert_eq!(copied(-1, 5), Some(0), "what never ends never does");
    assert_eq!(copied(0, 0), None);
    assert_eq!([copied(MONTH, 0), copied(MONTH + 1, 0)], [Some(MONTH), Some(NOW + MONTH + 1)]);
    let marked = Item { marks: *b"X\0\0", ..item(60) };
    assert_eq!(copy(&marked, 9, NOW, Duration::ZERO), None, "no store can mark a copy stale");
    let Store { client_flags, value, .. } = Claim::Act.taking(None);
    let claim = Item { client_flags, value: Some(value), ..item(5) };
    assert_eq!(copy(&claim, 9, NOW, Duration::ZERO), None, "a claim is no item");
}

#[test]
fn a_claim_is_told_from_an_item_and_nobody_can_store_one() {
    for claim in [Claim::Copy, Claim::Act] {
        let expected = FoundInTo::Claimed { cas: 3, by: claim, is_overdue: false };
        assert_eq!(FoundInTo::of(found(claim, 5)), expected);
        assert!(looks_like_a_claim(&claim.taking(None)));
        for ttl in [-1, 6] {
            let overdue = FoundInTo::Claimed { cas: 3, by: claim, is_overdue: true };
            assert_eq!(FoundInTo::of(found(claim, ttl)), overdue, "a claim with TTL {ttl} was touched");
        }
    }
    let Reply::Hit(claim) = found(Claim::Copy, 5) else { unreachable!("a hit") };
    assert!(!is_claim(&Item { size: 15, ..claim.clone() }) && !is_claim(&Item { client_flags: 0, ..claim }));
    assert_eq!(FoundInTo::of(Reply::Hit(Item { cas: 4, ..item(1) })), FoundInTo::Item(4));
    assert!(Claim::Act.may_replace(Claim::Copy) && !Claim::Copy.may_replace(Claim::Act));
    assert!(!Claim::Copy.may_replace(Claim::Copy) && !Claim::Act.may_replace(Claim::Act));
}

#[test]
fn what_a_command_means() {
    let store = |mode, ttl| Store { mode, ttl: Some(Exptime::new(ttl)), ..Store::default() };
    let set = |ttl| Command::Store(store(StoreMode::Set, ttl));
    assert_eq!([0, 60, -1].map(|ttl| kind(&set(ttl), NOW)), [CommandKind::Set, CommandKind::Set, CommandKind::Vanish]);
    assert_eq!(kind(&set(MONTH as i32 + 1), NOW), CommandKind::Vanish, "a Unix time in the past");
    let cas = Store { compare_cas: Some(1), ..store(StoreMode::Set, 0) };
    assert_eq!(kind(&Command::Store(cas), NOW), CommandKind::Conditional);
    let get = |get| kind(&Command::Get(get), NOW);
    assert_eq!(get(Get { returns: Returns::VALUE, ..Get::default() }), CommandKind::Read);
    assert_eq!(get(Get { returns: Returns::CAS, ..Get::default() }), CommandKind::Gets);
    assert_eq!(get(Get { touch: Some(Exptime::new(1)), ..Get::default() }), CommandKind::Conditional);
    assert_eq!(kind(&Command::Delete(Delete::default()), NOW), CommandKind::Delete);
    assert_eq!(kind(&Command::Delete(Delete { invalidate: true, ..Delete::default() }), NOW), CommandKind::Conditional);
}

#[test]
fn what_acts_on_an_item_is_bound_to_it() {
    let with = |mode, compare_cas| Command::Store(Store { mode, compare_cas, ..Store::default() });
    let cas_of = |bound: Result<Command, Reply>| match bound {
        Ok(Command::Store(store)) => Ok((store.mode, store.compare_cas)),
        Ok(other) => panic!("{other:?}"),
        Err(reply) => Err(reply),
    };
    assert_eq!(cas_of(bound_to_item(&with(StoreMode::Replace, None), 5)), Ok((StoreMode::Set, Some(5))));
    assert_eq!(cas_of(bound_to_item(&with(StoreMode::Append, None), 5)), Ok((StoreMode::Append, Some(5))));
    assert_eq!(cas_of(bound_to_item(&with(StoreMode::Set, Some(5)), 5)), Ok((StoreMode::Set, Some(5))));
    assert_eq!(cas_of(bound_to_item(&with(StoreMode::Set, Some(4)), 5)), Err(Reply::Exists));
    assert_eq!(cas_of(bound_to_item(&with(StoreMode::Add, None), 5)), Err(Reply::NotStored));
}

#[test]
fn what_is_made_where_nothing_is_takes_the_claims_place() {
    let count =
        Arithmetic { vivify: Some(Exptime::new(60)), initial: 3, returns: Returns::VALUE, ..Arithmetic::default() };
    let made = stored_where_nothing_is(&Command::Arithmetic(count.clone()), Some(8)).expect("a count");
    assert_eq!(
        (made.mode, made.compare_cas, made.ttl, &made.value[..]),
        (StoreMode::Set, Some(8), Some(Exptime::new(60)), &b"3"[..])
    );
    let told = told_of_stored(&Command::Arithmetic(count), Item::default(), NOW);
    assert_eq!((told.value, told.ttl), (Some("3".into()), 60));
    let dated = Arithmetic { vivify: Some(Exptime::new(NOW as i32 + 9)), ..Arithmetic::default() };
    assert_eq!(told_of_stored(&Command::Arithmetic(dated), Item::default(), NOW).ttl, 9, "a date is no TTL");
    let add = Command::Store(Store { mode: StoreMode::Add, ..Store::default() });
    assert_eq!(stored_where_nothing_is(&add, None).map(|store| store.mode), Some(StoreMode::Add));
    let append = Command::Store(Store { mode: StoreMode::Append, ..Store::default() });
    assert_eq!(stored_where_nothing_is(&append, Some(8)), None);
    assert_eq!(reply_where_nothing_is(&append), Reply::NotStored);
}

#[test]
fn two_replies_together() {
    let (hit, down) = (Reply::Hit(Item::default()), failed(Cause::Down));
    assert_eq!(delete_reply(Reply::NotFound, hit.clone()), hit);
    assert_eq!(delete_reply(hit.clone(), Reply::NotFound), hit);
    assert_eq!(delete_reply(down.clone(), hit.clone()), hit);
    assert_eq!(delete_reply(hit.clone(), failed(Cause::Timeout)), failed(Cause::Timeout));
    assert_eq!(delete_reply(down.clone(), down.clone()), down);
    assert_eq!(set_reply(hit.clone(), down), hit);
    assert_eq!(set_reply(hit, failed(Cause::Timeout)), failed(Cause::Timeout));
    assert!(may_have_changed(&Reply::Error("SERVER_ERROR out of memory".into())));
    for lost in [Cause::Timeout, Cause::Disconnected, Cause::Unwanted] {
        assert!(may_have_changed(&failed(lost)), "{lost:?}");
    }
    assert!(!may_have_changed(&failed(Cause::Down)));
}

#[test]
fn a_cas_unique_of_from_is_never_one_of_to() {
    let gets = Command::Get(Get { returns: Returns::CAS, ..Get::default() });
    let Reply::Hit(Item { cas: told, .. }) = as_told_by_from(&gets, Reply::Hit(Item { cas: 17, ..Item::default() }))
    else {
        unreachable!("a hit")
    };
    assert_ne!(told, 17);
    let cas = |asked| Command::Store(Store { compare_cas: Some(asked), ..Store::default() });
    assert_eq!(as_sent_to_from(&cas(told)), cas(17));
    assert_eq!(as_sent_to_from(&cas(0)), cas(0), "0 compares with nothing");
}
