//! A delete, or somebody else's write, between a winner's miss and its set: the winner is told `STORED`, and its
//! outdated value is not readable from then on.

use support::{Client, Leash, Memcached};

use super::house::{at_server, fleet, set, stale, sum, told};

const REFRESH: &str = "{grace: 30s, lease: 20s, cold_wait: 50ms}";

/// What somebody else does to a key that is being regenerated, and what is there afterwards.
struct Between {
    name: &'static str,
    /// What is sent, and what the answer is over a stale item, and over none.
    does: &'static [(&'static str, &'static str, &'static str)],
    /// What is readable after the winner's set.
    leaves: Leaves,
}

#[derive(Clone, Copy, PartialEq)]
enum Leaves {
    Nothing,
    Newer,
    /// It changed nothing, so the winner's value counts.
    TheWinners,
}

/// `KEY` stands for the story's key, `CAS` for the CAS unique of what is there.
const STORIES: &[Between] = &[
    Between { name: "delete", does: &[("delete KEY\r\n", "NOT_FOUND", "NOT_FOUND")], leaves: Leaves::Nothing },
    Between { name: "set", does: &[("set KEY 0 100 5\r\nnewer\r\n", "STORED", "STORED")], leaves: Leaves::Newer },
    Between { name: "add", does: &[("add KEY 0 100 5\r\nnewer\r\n", "STORED", "STORED")], leaves: Leaves::Newer },
    Between {
        name: "cas of what is not there",
        does: &[("cas KEY 0 100 5 CAS\r\nnewer\r\n", "NOT_FOUND", "NOT_FOUND")],
        leaves: Leaves::TheWinners,
    },
    Between {
        name: "set, then cas",
        does: &[
            ("set KEY 0 100 3\r\nmid\r\n", "STORED", "STORED"),
            ("cas KEY 0 100 5 CAS\r\nnewer\r\n", "STORED", "STORED"),
        ],
        leaves: Leaves::Newer,
    },
    Between {
        name: "set, then delete",
        does: &[("set KEY 0 100 3\r\nmid\r\n", "STORED", "STORED"), ("delete KEY\r\n", "DELETED", "DELETED")],
        leaves: Leaves::Nothing,
    },
    Between {
        name: "delete, then set",
        does: &[("delete KEY\r\n", "NOT_FOUND", "NOT_FOUND"), ("set KEY 0 100 5\r\nnewer\r\n", "STORED", "STORED")],
        leaves: Leaves::Newer,
    },
    Between { name: "meta delete", does: &[("md KEY\r\n", "NF", "NF")], leaves: Leaves::Nothing },
    Between { name: "meta set", does: &[("ms KEY 5 T100\r\nnewer\r\n", "HD", "HD")], leaves: Leaves::Newer },
    Between { name: "meta add", does: &[("ms KEY 5 T100 ME\r\nnewer\r\n", "HD", "HD")], leaves: Leaves::Newer },
];

/// One story: a winner's client, somebody else's, and what was there before.
fn tell(server: &Memcached, winners: &Leash, others: &Leash, story: &Between, is_stale: bool) {
    let (mut winner, mut other) = (winners.client(), others.client());
    let mut direct = Client::connect(&server.address());
    let key = &story.name.replace(' ', "-");
    if is_stale {
        stale(server, &mut other, key, "old");
    }
    assert_eq!(told(&mut winner, key), None, "{}", story.name);
    for (request, over_stale, over_nothing) in story.does {
        let cas = direct.ask(format!("mg {key} c\r\n")).strip_prefix("HD c").unwrap_or("1").to_string();
        let expected = if is_stale { over_stale } else { over_nothing };
        assert_eq!(
            other.ask(request.replace("KEY", key).replace("CAS", &cas)),
            *expected,
            "{}: {request:?}",
            story.name
        );
    }
    set(&mut winner, key, 100, "outdated");
    let expected = match story.leaves {
        Leaves::Nothing => None,
        Leaves::Newer => Some("newer"),
        Leaves::TheWinners => Some("outdated"),
    };
    let there = at_server(server, key).map(|stored| stored.value);
    assert_eq!(there.as_deref(), expected, "{}, over a stale item: {is_stale}", story.name);
    for client in [&mut winner, &mut other, &mut winners.client(), &mut others.client()] {
        assert_eq!(told(client, key).as_deref(), expected, "{}", story.name);
    }
}

/// All of them, over a stale item or over none.
fn tell_all(same_sidecar: bool, is_stale: bool) {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, REFRESH);
    let others = if same_sidecar { &sidecars[0] } else { &sidecars[1] };
    for story in STORIES {
        tell(&server, &sidecars[0], others, story, is_stale);
    }
    let refused = sum(&sidecars[..1], "leash_refused_sets_total", "");
    let outdated = STORIES.iter().filter(|story| story.leaves != Leaves::TheWinners).count();
    assert_eq!(refused, outdated as f64, "each outdated value was refused, and no other");
    println!("{outdated} of {} winners' values were outdated; {refused} refused", STORIES.len());
}

#[test]
fn what_changes_a_stale_item_through_another_sidecar_outlives_the_winners_set() {
    tell_all(false, true);
}

#[test]
fn what_changes_a_stale_item_through_the_same_sidecar_outlives_the_winners_set() {
    tell_all(true, true);
}

#[test]
fn what_is_written_to_a_cold_key_through_another_sidecar_outlives_the_winners_set() {
    tell_all(false, false);
}

#[test]
fn what_is_written_to_a_cold_key_through_the_same_sidecar_outlives_the_winners_set() {
    tell_all(true, false);
}

#[test]
fn a_winners_own_delete_is_the_last_word_and_its_next_set_an_ordinary_one() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let mut winner = leash.client();
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    winner.expect("delete page\r\n", "NOT_FOUND\r\n");
    assert_eq!(at_server(&server, "page"), None);
    set(&mut winner, "page", 100, "new");
    assert_eq!(told(&mut winner, "page").as_deref(), Some("new"));
    assert_eq!(sum(&[leash], "leash_refused_sets_total", ""), 0.0);
}
