//! Stories of one key, told in milliseconds.

use super::*;

struct Story {
    ledger: Ledger,
    start: Instant,
}

impl Story {
    /// The value was stored at 0.
    fn new() -> Story {
        let mut story = Story { ledger: Ledger::new(1, Storer::Caller), start: Instant::now() };
        story.sets(0, 0);
        story
    }

    /// The value was loaded, and told to a caller at 0.
    fn of_leash() -> Story {
        let mut story = Story { ledger: Ledger::new(1, Storer::Leash), start: Instant::now() };
        story.loads(0, 0);
        assert_eq!(story.hits(0, 0), Ok(()));
        story.ledger.begin();
        story
    }

    fn loads(&mut self, called: u64, made: u64) {
        self.ledger.begun(0, self.at(called));
        self.ledger.made(0, self.at(made));
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn misses(&mut self, asked: u64, told: u64) {
        self.ledger.missed(0, self.at(asked), self.at(told));
        self.ledger.begun(0, self.at(told));
    }

    fn sets(&mut self, sent: u64, told: u64) {
        let version = self.ledger.made(0, self.at(sent));
        self.ledger.stored(0, version, self.at(told));
    }

    fn hits(&mut self, asked: u64, version: usize) -> Result<(), Wrong> {
        self.ledger.hit(0, Some(version), self.at(asked), self.at(asked + 1))
    }

    fn tally(&self) -> (u64, u64, u64, u64) {
        let tally = &self.ledger.tally;
        (tally.periods, tally.regenerations, tally.at_once, tally.stale)
    }
}

#[test]
fn a_dog_pile_is_one_period_and_many_regenerations() {
    let mut story = Story::new();
    for caller in 0..5 {
        story.misses(1000 + caller, 1001 + caller);
    }
    for caller in 0..5 {
        story.sets(1500 + caller, 1501 + caller);
    }
    assert_eq!(story.hits(1600, 5), Ok(()));
    assert_eq!(story.tally(), (1, 5, 5, 0));
}

#[test]
fn one_regeneration_serves_everybody_else_the_previous_value() {
    let mut story = Story::new();
    for period in 1..=3 {
        story.misses(1000 * period, 1000 * period + 1);
        assert_eq!(story.hits(1000 * period + 2, period as usize - 1), Ok(()));
        story.sets(1000 * period + 500, 1000 * period + 501);
        assert_eq!(story.hits(1000 * period + 502, period as usize), Ok(()));
    }
    assert_eq!(story.tally(), (3, 3, 1, 3));
}

#[test]
fn a_miss_that_is_read_late_begins_no_period() {
    let mut story = Story::new();
    story.misses(1000, 1001);
    story.sets(1500, 1510);
    story.misses(1499, 1511);
    assert_eq!(story.tally(), (1, 2, 1, 0));
    story.misses(2000, 2001);
    assert_eq!(story.tally(), (2, 3, 2, 0), "the late one still regenerates");
}

#[test]
fn a_value_that_was_replaced_is_wrong_once_that_is_certain() {
    let mut story = Story::new();
    let second = story.ledger.made(0, story.at(10));
    assert_eq!(story.hits(11, 0), Ok(()));
    assert_eq!(story.hits(11, 1), Ok(()), "the server may have it already");
    story.ledger.stored(0, second, story.at(20));
    assert_eq!(story.hits(19, 0), Ok(()), "asked for before");
    assert_eq!(story.hits(21, 0), Err(Wrong::Outdated { version: 0 }));
    assert_eq!(story.hits(21, 1), Ok(()));
}

#[test]
fn of_two_sets_at_the_same_time_either_may_be_the_later_one() {
    let mut story = Story::new();
    let (first, second) = (story.ledger.made(0, story.at(10)), story.ledger.made(0, story.at(11)));
    story.ledger.stored(0, second, story.at(12));
    story.ledger.stored(0, first, story.at(13));
    assert_eq!((story.hits(20, first), story.hits(20, second)), (Ok(()), Ok(())));
    assert_eq!(story.hits(20, 0), Err(Wrong::Outdated { version: 0 }));
}

#[test]
fn what_nobody_stored_is_wrong() {
    let mut story = Story::new();
    assert_eq!(story.hits(1, 7), Err(Wrong::Unknown));
    assert_eq!(story.ledger.hit(0, None, story.start, story.start), Err(Wrong::Unknown));
}

#[test]
fn what_leash_loads_is_one_period_until_a_caller_is_told_it() {
    let mut story = Story::of_leash();
    story.ledger.begun(0, story.at(1000));
    assert_eq!(story.hits(1001, 0), Ok(()));
    story.ledger.made(0, story.at(1500));
    assert_eq!((story.hits(1501, 0), story.hits(1502, 1)), (Ok(()), Ok(())), "it may not be stored yet");
    assert_eq!(story.hits(1504, 0), Err(Wrong::Outdated { version: 0 }), "it was, and is gone");
    assert_eq!((story.tally(), story.ledger.tally.misses), ((1, 1, 1, 2), 0));
}

#[test]
fn a_second_call_for_one_value_is_no_second_period() {
    let mut story = Story::of_leash();
    story.loads(1000, 1500);
    story.loads(1501, 2000);
    assert_eq!(story.hits(2001, 2), Ok(()));
    assert_eq!(story.tally(), (1, 2, 1, 0));
}

#[test]
fn times_are_counted_by_milliseconds() {
    let mut ledger = Ledger::new(1, Storer::Caller);
    for millis in 0..200 {
        ledger.answered(Duration::from_millis(millis));
    }
    let tally = ledger.into_tally();
    assert_eq!((tally.requests(), tally.within(Duration::from_millis(50))), (200, 50));
    assert_eq!(tally.most_took(), Duration::from_millis(198), "two of 200 took longer");
    assert_eq!(HalfFigures::default().most_took(), Duration::ZERO);
}
