//! What memcached promises, told one promise at a time.

use super::*;

fn told(reply: &Reply) -> Option<&[u8]> {
    match reply {
        Reply::Hit(item) => item.value.as_deref(),
        Reply::Error(text) => Some(text),
        _ => None,
    }
}

#[test]
fn an_item_is_served_until_the_second_of_its_expiry_and_never_after() {
    let mut scene = Scene::new();
    scene.write("k", Store { ttl: Some(Exptime::new(10)), ..with(StoreMode::Set, "v") });
    assert_eq!(scene.tell("k", Returns::TTL).ttl, 10);
    scene.second = 9;
    assert_eq!(scene.tell("k", Returns::TTL).ttl, 1);
    scene.second = 10;
    assert_eq!(scene.peek("k"), None);
    scene.set("k", "w");
    assert_eq!(scene.tell("k", Returns::TTL).ttl, -1);
}

#[test]
fn a_negative_or_past_expiry_time_ends_an_item_at_once() {
    let scene = Scene::new();
    for ttl in [-1, i32::MIN, 1_600_000_000] {
        scene.write("k", Store { ttl: Some(Exptime::new(ttl)), ..with(StoreMode::Set, "v") });
        assert_eq!(scene.peek("k"), None, "{ttl}");
    }
}

#[test]
fn a_touch_moves_the_expiry_and_is_seen_by_its_own_reply() {
    let mut scene = Scene::new();
    assert_eq!(scene.get("k", Get { touch: Some(Exptime::new(5)), ..Get::default() }), Reply::Miss);
    scene.write("k", Store { ttl: Some(Exptime::new(10)), ..with(StoreMode::Set, "v") });
    let touch = Get { touch: Some(Exptime::new(100)), returns: Returns::TTL, ..Get::default() };
    assert_eq!(scene.hit("k", touch).ttl, 100);
    scene.second = 99;
    assert_eq!(scene.peek("k").as_deref(), Some("v"));
}

#[test]
fn cas_uniques_count_up_from_one_and_move_with_every_write() {
    let scene = Scene::new();
    scene.set("a", "1");
    assert_eq!(scene.cas("a"), 1);
    scene.set("b", "1");
    scene.count("a", Arithmetic::default());
    assert_eq!((scene.cas("b"), scene.cas("a")), (2, 3));
    scene.store.flush_all(Exptime::new(0), at(0));
    scene.set("a", "1");
    assert_eq!(scene.cas("a"), 5, "a flush takes one");
}

#[test]
fn a_compare_needs_the_item_and_its_cas_unique() {
    let scene = Scene::new();
    for mode in [StoreMode::Set, StoreMode::Replace] {
        let cas = |unique, text| Store { compare_cas: Some(unique), ..with(mode, text) };
        scene.delete("k", Delete::default());
        assert_eq!(scene.put("k", cas(1, "v")), Reply::NotFound);
        scene.set("k", "old");
        assert_eq!(scene.put("k", cas(scene.cas("k") + 1, "v")), Reply::Exists);
        assert_eq!(scene.put("k", cas(0, "v")), Reply::Exists);
        scene.write("k", cas(scene.cas("k"), "new"));
        assert_eq!(scene.peek("k").as_deref(), Some("new"));
    }
}

#[test]
fn add_and_replace_and_append_and_prepend_keep_to_their_conditions() {
    let scene = Scene::new();
    for mode in [StoreMode::Replace, StoreMode::Append, StoreMode::Prepend] {
        assert_eq!(scene.put("k", with(mode, "v")), Reply::NotStored);
    }
    scene.write("k", Store { client_flags: 7, ttl: Some(Exptime::new(50)), ..with(StoreMode::Add, "b") });
    assert_eq!(scene.put("k", with(StoreMode::Add, "v")), Reply::NotStored);
    scene.write("k", Store { client_flags: 9, ttl: Some(Exptime::new(0)), ..with(StoreMode::Append, "c") });
    scene.write("k", with(StoreMode::Prepend, "a"));
    let item = scene.tell("k", Returns::VALUE.and(Returns::FLAGS).and(Returns::TTL));
    assert_eq!((item.value, item.client_flags, item.ttl), (Some(value("abc")), 7, 50));
    let late = Store { compare_cas: Some(1), ..with(StoreMode::Append, "d") };
    assert_eq!(scene.put("k", late), Reply::Exists);
}

#[test]
fn an_append_may_bring_its_item_with_it() {
    let scene = Scene::new();
    scene.write("k", Store { vivify: Some(Exptime::new(30)), ..with(StoreMode::Append, "v") });
    assert_eq!(scene.tell("k", Returns::TTL).ttl, 30);
}

#[test]
fn the_first_to_ask_for_a_vivified_item_wins_and_the_next_hears_so() {
    let scene = Scene::new();
    let ask = || scene.hit("k", Get { vivify: Some(Exptime::new(30)), returns: Returns::VALUE, ..Get::default() });
    let first = ask();
    assert_eq!((marks(&first).as_str(), first.value), ("W", Some(Bytes::new())));
    assert_eq!(marks(&ask()), "Z");
    scene.set("k", "v");
    assert_eq!(marks(&ask()), "");
}

#[test]
fn one_reader_wins_when_less_time_is_left_than_asked_for() {
    let scene = Scene::new();
    scene.write("k", Store { ttl: Some(Exptime::new(30)), ..with(StoreMode::Set, "v") });
    let ask = |within| marks(&scene.hit("k", Get { recache: Some(Exptime::new(within)), ..Get::default() }));
    assert_eq!([30, 31, 31].map(ask), ["", "W", "Z"]);
    scene.set("k", "v");
    assert_eq!(ask(31), "", "an item without expiry needs no regeneration");
}

#[test]
fn an_invalidated_item_is_stale_to_all_and_won_by_one_each_time() {
    let scene = Scene::new();
    scene.set("k", "v");
    for _ in 0..2 {
        let before = scene.cas("k");
        let stale = Delete { invalidate: true, ttl: Some(Exptime::new(30)), ..Delete::default() };
        assert!(matches!(scene.delete("k", stale), Reply::Hit(_)));
        let unwon = hit(scene.get("k", Get::default()));
        assert_eq!(marks(&unwon), "X", "a reader that could not be told does not win");
        let first = scene.hit("k", Get { returns: Returns::CAS.and(Returns::TTL), ..Get::default() });
        assert_eq!((marks(&first).as_str(), first.ttl), ("XW", 30));
        assert!(first.cas > before);
        assert_eq!(marks(&scene.hit("k", Get::default())), "ZX");
    }
}

#[test]
fn a_late_winner_may_store_a_stale_value_that_keeps_expiry_and_token() {
    let scene = Scene::new();
    scene.set("k", "v");
    let old = scene.cas("k");
    scene.delete("k", Delete { invalidate: true, ttl: Some(Exptime::new(30)), ..Delete::default() });
    let late = |unique| Store { compare_cas: Some(unique), invalidate: true, ..with(StoreMode::Set, "late") };
    scene.write("k", late(old));
    let item = scene.hit("k", Get { returns: Returns::TTL.and(Returns::VALUE), ..Get::default() });
    assert_eq!((marks(&item).as_str(), item.ttl, item.value), ("XW", 30, Some(value("late"))));
    assert_eq!(scene.put("k", late(scene.cas("k") + 1)), Reply::Exists);
}

#[test]
fn a_delete_needs_the_cas_unique_it_names_and_may_keep_the_item() {
    let scene = Scene::new();
    assert_eq!(scene.delete("k", Delete::default()), Reply::NotFound);
    scene.write("k", Store { client_flags: 7, ttl: Some(Exptime::new(30)), ..with(StoreMode::Set, "v") });
    let wrong = Delete { compare_cas: Some(99), ..Delete::default() };
    assert_eq!(scene.delete("k", wrong), Reply::Exists);
    scene.delete("k", Delete { drop_value: true, new_cas: Some(1000), ..Delete::default() });
    let item = scene.tell("k", Returns::VALUE.and(Returns::FLAGS).and(Returns::CAS).and(Returns::TTL));
    assert_eq!((item.value, item.client_flags, item.cas, item.ttl), (Some(Bytes::new()), 0, 1000, 30));
    assert!(matches!(scene.delete("k", Delete::default()), Reply::Hit(_)));
    assert_eq!(scene.peek("k"), None);
}

#[test]
fn counting_wraps_upwards_stops_at_zero_and_pads_what_gets_shorter() {
    let scene = Scene::new();
    let count = |decrement, delta| {
        let sum = Arithmetic { decrement, delta, returns: Returns::VALUE, ..Arithmetic::default() };
        let reply = scene.count("k", sum);
        (String::from_utf8(told(&reply).unwrap().to_vec()).unwrap(), scene.peek("k").unwrap())
    };
    let pair = |number: &str, stored: &str| (number.to_owned(), stored.to_owned());
    scene.set("k", "10");
    assert_eq!(count(true, 1), pair("9", "9 "));
    assert_eq!(count(true, 100), pair("0", "0 "));
    assert_eq!(count(false, u64::MAX), pair("18446744073709551615", "18446744073709551615"));
    assert_eq!(count(false, 2), pair("1", "1                   "));
}

#[test]
fn only_numbers_are_counted_in() {
    let scene = Scene::new();
    assert_eq!(scene.count("k", Arithmetic::default()), Reply::NotFound);
    for text in ["", "x", "1x", "-1", "99999999999999999999"] {
        scene.set("k", text);
        let reply = scene.count("k", Arithmetic::default());
        assert_eq!(told(&reply), Some(&b"CLIENT_ERROR cannot increment or decrement non-numeric value"[..]), "{text}");
    }
    scene.set("k", "1");
    let late = Arithmetic { compare_cas: Some(1), ..Arithmetic::default() };
    assert_eq!(scene.count("k", late), Reply::Exists);
}

#[test]
fn a_counter_may_be_created_with_a_first_value() {
    let scene = Scene::new();
    let sum =
        || Arithmetic { initial: 13, vivify: Some(Exptime::new(30)), returns: Returns::VALUE, ..Arithmetic::default() };
    assert_eq!(told(&scene.count("k", sum())), Some(&b"13"[..]));
    assert_eq!(told(&scene.count("k", sum())), Some(&b"14"[..]));
    assert_eq!(scene.tell("k", Returns::TTL).ttl, 30);
}

#[test]
fn a_value_too_large_is_refused_and_a_set_takes_the_old_one_away() {
    let scene = Scene::new();
    let largest = DEFAULT_ITEM_LIMIT - (48 + 8 + 1 + 1 + 2);
    scene.set("k", &"v".repeat(largest));
    let add = scene.put("k", with(StoreMode::Add, &"v".repeat(largest + 1)));
    assert_eq!(told(&add), Some(&b"SERVER_ERROR object too large for cache"[..]));
    assert_eq!(scene.put("k", with(StoreMode::Append, "v")), Reply::NotStored);
    assert_eq!(scene.tell("k", Returns::SIZE).size as usize, largest);
    scene.put("k", with(StoreMode::Set, &"v".repeat(largest + 1)));
    assert_eq!(scene.peek("k"), None);
}

#[test]
fn fetches_are_told_from_peeks_and_the_time_of_access_from_the_second_fetch_on() {
    let mut scene = Scene::new();
    scene.set("k", "v");
    scene.second = 5;
    let facts = Returns::HIT.and(Returns::LAST_ACCESS);
    let look = |scene: &Scene| {
        let item = scene.hit("k", Get { returns: facts, ..Get::default() });
        (item.fetched, item.last_access)
    };
    assert_eq!([look(&scene), look(&scene), look(&scene)], [(false, 5), (true, 5), (true, 0)]);
}

#[test]
fn a_reply_tells_what_was_asked_and_nothing_else() {
    let scene = Scene::new();
    scene.write("k", Store { client_flags: 7, ttl: Some(Exptime::new(9)), ..with(StoreMode::Set, "v") });
    assert_eq!(scene.hit("k", Get::default()), Item::default());
}

#[test]
fn debug_tells_the_internals_in_memcacheds_words() {
    let mut scene = Scene::new();
    assert_eq!(scene.ask("foo", Command::Debug), Reply::Miss);
    scene.set("foo", "v");
    let line = |scene: &Scene| match scene.ask("foo", Command::Debug) {
        Reply::Debug(internals) => String::from_utf8(internals.facts.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(line(&scene), "exp=-1 la=0 cas=1 fetch=no cls=1 size=63");
    scene.hit("foo", Get { touch: Some(Exptime::new(30)), ..Get::default() });
    scene.second = 10;
    assert_eq!(line(&scene), "exp=-20 la=10 cas=1 fetch=yes cls=1 size=63");
}

#[test]
fn a_flush_kills_what_is_there_and_spares_what_comes_after_in_the_same_second() {
    let scene = Scene::new();
    scene.set("k", "v");
    scene.store.flush_all(Exptime::new(0), at(0));
    assert_eq!(scene.peek("k"), None);
    scene.set("k", "w");
    assert_eq!(scene.peek("k").as_deref(), Some("w"));
}

#[test]
fn a_delayed_flush_kills_what_is_older_than_its_moment() {
    let mut scene = Scene::new();
    scene.set("early", "v");
    scene.store.flush_all(Exptime::new(10), at(0));
    scene.second = 8;
    scene.set("late", "v");
    assert_eq!(scene.peek("early").as_deref(), Some("v"));
    scene.second = 10;
    assert_eq!((scene.peek("early"), scene.peek("late")), (None, None));
    scene.set("early", "w");
    assert_eq!(scene.peek("early").as_deref(), Some("w"));
}

#[test]
fn a_binary_key_stays_one_through_appends_and_counting() {
    let scene = Scene::new();
    let ask = |command| scene.store.ask(&Request { key: Key::binary(value("9")).unwrap(), command }, at(0));
    ask(Command::Store(with(StoreMode::Set, "9")));
    ask(Command::Arithmetic(Arithmetic::default()));
    ask(Command::Store(with(StoreMode::Append, "0")));
    let Reply::Debug(internals) = scene.ask("9", Command::Debug) else { panic!("there is no 9") };
    assert!(internals.binary_key);
}

#[test]
fn the_store_stays_within_its_bytes_and_the_newest_item_is_never_the_one_to_go() {
    let scene = Scene { store: EmbeddedStore::new(1 << 20, DEFAULT_ITEM_LIMIT), second: 0 };
    for n in 0..2000 {
        let key = format!("k{n}");
        scene.set(&key, &"v".repeat(1000));
        assert!(scene.peek(&key).is_some());
    }
    let figure = |name| scene.store.stats().into_iter().find(|(known, _)| *known == name).unwrap().1;
    assert!(scene.store.bytes() <= 1 << 20);
    assert_eq!(figure("evictions") + scene.store.items(), 2000);
    assert_eq!((figure("total_items"), figure("cmd_set"), figure("get_hits")), (2000, 2000, 2000));
}
