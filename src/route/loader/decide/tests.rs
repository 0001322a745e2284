//! The rules of RFC 9111, 5861 and 9213, a line each: what the answer says, and how it is kept on a route with a TTL of
//! 300 s and a grace of 60 s; and with a fail_safe of 600 s.

use super::{AnswerSaid, KeepTerms, keep};
use crate::route::refresh::Keep;
use Keep::{Never, Plain, WithGrace};

const TERMS: KeepTerms = KeepTerms { ttl: 300, grace: 60, fail_safe: 0 };

fn kept(said: AnswerSaid<'_>) -> Keep {
    keep(said, TERMS)
}

#[test]
fn cache_control_says_how_long() {
    for (field, expected) in [
        ("", WithGrace(300)),
        ("public", WithGrace(300)),
        ("max-age=60", WithGrace(60)),
        ("MAX-AGE=60", WithGrace(60)),
        ("max-age=\"60\"", WithGrace(60)),
        (" max-age = 60 ", WithGrace(60)),
        ("\tmax-age=60,,, public,", WithGrace(60)),
        ("s-maxage=10, max-age=60", WithGrace(10)),
        ("max-age=60, s-maxage=10", WithGrace(10)),
        ("max-age=0", Never),
        ("s-maxage=0, max-age=60", Never),
        ("max-age=60, max-age=60", WithGrace(60)),
        ("max-age=60, max-age=61", Never),
        ("max-age=-1", Never),
        ("max-age=+60", Never),
        ("max-age=1.5", Never),
        ("max-age=abc", Never),
        ("max-age", Never),
        ("max-age=", Never),
        ("max-age=60s", Never),
        ("max-age=99999999999999999999999", WithGrace(1 << 31)),
        ("max-age=4294967296", WithGrace(1 << 31)),
        ("x-max-age=60", WithGrace(300)),
        ("community=\"max-age=5, no-store\", max-age=60", WithGrace(60)),
        ("a=\"\\\",no-store\", max-age=60", WithGrace(60)),
        ("a=\"unclosed, no-store", Never),
        ("no-store", Never),
        ("No-Store, max-age=60", Never),
        ("max-age=60, private", Never),
        ("private=\"set-cookie\", max-age=60", Never),
        ("no-cache, max-age=60", Never),
        ("must-revalidate, max-age=60", Plain(60)),
        ("proxy-revalidate, max-age=60, stale-while-revalidate=600", Plain(60)),
        ("must-revalidate", Plain(300)),
        ("must-revalidate, max-age=0", Never),
    ] {
        assert_eq!(kept(AnswerSaid { cache_control: Some(field), ..AnswerSaid::default() }), expected, "{field}");
    }
}

#[test]
fn stale_while_revalidate_gives_less_stale_time_than_the_route_but_never_more() {
    for (field, expected) in [
        ("max-age=600, stale-while-revalidate=60", WithGrace(600)),
        ("max-age=600, stale-while-revalidate=86400", WithGrace(600)),
        ("max-age=600, stale-while-revalidate=20", WithGrace(560)),
        ("max-age=600, stale-while-revalidate=0", WithGrace(540)),
        ("max-age=60, stale-while-revalidate=30", WithGrace(30)),
        ("max-age=60, stale-while-revalidate=29", Plain(60)),
        ("max-age=10, stale-while-revalidate=0", Plain(10)),
        ("max-age=10, stale-while-revalidate=x", Plain(10)),
        ("stale-while-revalidate=20", WithGrace(260)),
        ("max-age=0, stale-while-revalidate=60", WithGrace(0)),
        ("max-age=0, stale-while-revalidate=59", Never),
        ("max-age=60, stale-if-error=600", WithGrace(60)),
    ] {
        assert_eq!(kept(AnswerSaid { cache_control: Some(field), ..AnswerSaid::default() }), expected, "{field}");
    }
}

#[test]
fn stale_if_error_counts_from_the_stale_date_and_gives_less_time_than_the_route_but_never_more() {
    let terms = KeepTerms { fail_safe: 600, ..TERMS };
    for (field, expected) in [
        ("max-age=300", WithGrace(300)),
        ("max-age=300, stale-if-error=660", WithGrace(300)),
        ("max-age=300, stale-if-error=86400", WithGrace(300)),
        ("max-age=300, stale-if-error=600", WithGrace(240)),
        ("max-age=300, stale-if-error=510", WithGrace(150)),
        ("max-age=300, stale-if-error=509", Plain(300)),
        ("max-age=300, STALE-IF-ERROR=\"600\"", WithGrace(240)),
        ("max-age=86400, stale-if-error=0", WithGrace(85_800)),
        ("max-age=86400, stale-if-error=-1", WithGrace(85_800)),
        ("max-age=86400, stale-if-error=0, stale-if-error=900", WithGrace(85_800)),
        // Stale while it is refreshed for 20 s, so it is stale earlier by the other 40 s of the grace.
        ("max-age=86400, stale-while-revalidate=20", WithGrace(86_360)),
        ("max-age=86400, stale-while-revalidate=20, stale-if-error=660", WithGrace(86_360)),
        ("max-age=86400, stale-while-revalidate=20, stale-if-error=300", WithGrace(86_040)),
        ("max-age=86400, stale-while-revalidate=20, stale-if-error=0", WithGrace(85_760)),
        ("max-age=86400, stale-while-revalidate=600, stale-if-error=60", WithGrace(85_800)),
        ("must-revalidate, max-age=300, stale-if-error=660", Plain(300)),
        ("no-store, stale-if-error=660", Never),
        ("max-age=0, stale-if-error=660", Never),
        ("max-age=0, stale-while-revalidate=60, stale-if-error=660", WithGrace(0)),
    ] {
        let said = AnswerSaid { cache_control: Some(field), ..AnswerSaid::default() };
        assert_eq!(keep(said, terms), expected, "{field}");
    }
    let said = AnswerSaid { targeted: Some("max-age=300, stale-if-error=600"), ..AnswerSaid::default() };
    assert_eq!(keep(said, terms), WithGrace(240));
}

#[test]
fn the_field_that_is_meant_for_leash_goes_before_the_other_if_it_is_well_formed() {
    let with = |field| AnswerSaid { targeted: Some(field), cache_control: Some("max-age=5"), ..AnswerSaid::default() };
    for (field, expected) in [
        ("max-age=60", WithGrace(60)),
        ("max-age=60;ext=1, public", WithGrace(60)),
        ("max-age=60, max-age=70", WithGrace(70)),
        ("s-maxage=7, max-age=60", WithGrace(7)),
        ("max-age=-1", Never),
        ("max-age=999999999999999", WithGrace(1 << 31)),
        ("no-store", Never),
        ("no-store=?0, max-age=60", WithGrace(60)),
        ("no-cache", Never),
        ("private", Never),
        ("must-revalidate, max-age=60", Plain(60)),
        ("max-age=60, stale-while-revalidate=30", WithGrace(30)),
        // Well formed, though not what the directive wants: passed over.
        ("max-age=\"60\"", WithGrace(300)),
        ("max-age=60.5", WithGrace(300)),
        ("max-age", WithGrace(300)),
        ("public", WithGrace(300)),
        // No dictionary: the other field counts.
        ("", WithGrace(5)),
        ("Max-Age=60", WithGrace(5)),
        ("max-age = 60", WithGrace(5)),
        ("max-age=60,", WithGrace(5)),
        ("max-age=1000000000000000", WithGrace(5)),
        ("max-age=60 no-store", WithGrace(5)),
    ] {
        assert_eq!(kept(with(field)), expected, "{field}");
    }
}

#[test]
fn an_answer_that_was_kept_on_the_way_is_older() {
    let aged = |age, cache_control| {
        kept(AnswerSaid { age: Some(age), cache_control: Some(cache_control), ..AnswerSaid::default() })
    };
    for (age, expected) in [
        ("10", WithGrace(50)),
        ("60", Never),
        ("61", Never),
        ("99999999999999999999", Never),
        ("x", WithGrace(60)),
        ("-1", WithGrace(60)),
        ("", WithGrace(60)),
        ("10, 20", WithGrace(50)),
    ] {
        assert_eq!(aged(age, "max-age=60"), expected, "{age}");
    }
    assert_eq!(aged("10", "public"), WithGrace(300), "without a word of how long it is fresh the route decides");
}

#[test]
fn an_answer_to_one_request_alone_is_not_kept() {
    let varied = |vary| kept(AnswerSaid { vary: Some(vary), ..AnswerSaid::default() });
    assert_eq!(varied("*"), Never);
    assert_eq!(varied("accept, *"), Never);
    assert_eq!(varied("accept-encoding"), WithGrace(300));
}
