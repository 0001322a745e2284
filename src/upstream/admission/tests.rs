//! A server that answers at its pace, and clients that ask no matter how it keeps up: which replies arrive in time.

use super::*;
use std::collections::VecDeque;

use rand::Rng;
use world::{Asked, Connection, DEADLINE, STEP, World};

mod world;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Sends so many requests a second for this many milliseconds, without waiting for their replies.
fn open_loop(world: &mut World, per_second: f64, milliseconds: usize) {
    for _ in 0..milliseconds {
        let due = per_second / 1000.0;
        let count = due as usize + usize::from(world.random.random_bool(due.fract()));
        for _ in 0..count {
            let whose = world.random.random();
            world.asks(whose);
        }
        world.works();
    }
}

/// How long one half of the replies take at most, once a crowd has asked for six seconds.
fn wait_in_a_crowd(world: &mut World) -> Duration {
    world.crowd(1500, 6000);
    world.forget_what_came();
    world.crowd(1500, 2000);
    world.usual_wait()
}

#[test]
fn three_times_what_a_server_can_give_leaves_it_giving_all_of_that_in_time() {
    for (seed, rate) in [50.0, 300.0, 2000.0, 20_000.0, 100_000.0].into_iter().enumerate() {
        let mut world = World::new(rate, seed as u64);
        open_loop(&mut world, 3.0 * rate, 1000);
        let before = world.all_in_time();
        open_loop(&mut world, 3.0 * rate, 4000);
        let share = (world.all_in_time() - before) as f64 / (4.0 * rate);
        assert!(share > 0.9, "{rate}/s: {share:.2} of it in time");
        // At half load it is well within a second.
        open_loop(&mut world, rate / 2.0, 1000);
        let refused = world.all_refused();
        open_loop(&mut world, rate / 2.0, 2000);
        assert!(world.all_refused() - refused <= (rate / 100.0) as usize, "{rate}/s: still refuses at half load");
    }
}

#[test]
fn large_values_among_what_a_server_gives_leave_it_giving_all_that_it_can() {
    // Which part of them is large, and how long one keeps its connection busy.
    for (part, passes) in [(0.005, ms(1)), (0.05, ms(10)), (0.05, ms(50)), (0.5, ms(3)), (0.01, ms(100))] {
        for connections in [1, 2, 4] {
            let mut world = World::of(connections, 300.0, ms(1), 5);
            world.large = (part, passes);
            world.crowd(1500, 8000);
            world.forget_what_came();
            world.crowd(1500, 10_000);
            let share = world.all_in_time() as f64 / (300.0 * 10.0);
            let name = format!("{connections} connections, {part} of the values large, {passes:?} each");
            assert!(share > 0.8, "{name}: {share:.2} of what it can give");
            assert!(world.usual_wait() <= DEADLINE / 3, "{name}: half of it after {:?}", world.usual_wait());
        }
    }
}

#[test]
fn a_connection_that_is_not_answered_while_others_are_asks_for_no_more() {
    for connections in [2, 4] {
        let mut world = World::of(connections, 300.0, ms(1), 5);
        // Five seconds of work at once, all of one connection first.
        world.crowd(1500, 8000);
        world.forget_what_came();
        world.crowd(1500, 5000);
        let share = world.all_in_time() as f64 / (300.0 * 5.0);
        assert!(share > 0.9, "{connections} connections: {share:.2} of what it can give");
    }
}

#[test]
fn how_fast_a_server_is_shows_once_it_is_heard_again() {
    let (mut now, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    let mut hears = |admission: &mut Admission, after: Duration, count, owed| {
        now += after;
        admission.learn(&Came { count, owed, took: DEADLINE }, now);
        now
    };
    hears(&mut admission, STEP, 1, 1000);
    admission.waits_in_vain();
    let heard = hears(&mut admission, 2 * DEADLINE, 1, 990);
    assert!(admission.admits(3, 1, heard) && !admission.admits(4, 1, heard));
    for tenth in 1..10 {
        hears(&mut admission, 10 * STEP, 10, 990 - 10 * tenth);
    }
    assert!(admission.admits(200, 1, heard), "1,000 a second, so 250 in half a deadline");
}

#[test]
fn what_large_values_wait_for_holds_up_no_more_of_them_for_long() {
    let (mut now, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    admission.waits_in_vain();
    for _ in 0..20 {
        now += ms(50);
        admission.passes(ms(50));
        admission.learn(&Came { count: 1, owed: 20, took: ms(400) }, now);
    }
    assert!(admission.admits(20, 1, now), "after a second");
}

#[test]
fn a_large_value_shows_no_way() {
    let (now, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    admission.passes(ms(50));
    admission.learn(&Came { count: 1, owed: 0, took: ms(60) }, now);
    assert_eq!(admission.way.takes(), ms(0));
    admission.learn(&Came { count: 1, owed: 0, took: ms(2) }, now);
    assert_eq!(admission.way.takes(), ms(2));
}

#[test]
fn a_link_that_is_busy_with_large_values_is_no_slow_server() {
    let mut world = World::of(1, 20_000.0, ms(1), 5);
    world.large = (1.0, ms(50));
    for second in 0..10 {
        assert!((0..20).all(|n| world.asks(n)), "second {second}: refused");
        (0..1000).for_each(|_| drop(world.works()));
    }
    // And thirty at once of one client.
    for _ in 0..3 {
        assert!((0..30).all(|_| world.asks(1)), "one of thirty is refused");
        (0..1500).for_each(|_| drop(world.works()));
    }
}

#[test]
fn bursts_of_more_than_a_server_can_give_leave_it_busy() {
    for every in [1, 10, 20, 50, 100] {
        let mut world = World::new(2000.0, every);
        let mut before = 0;
        for millisecond in 0..11_000 {
            if millisecond % every == 0 {
                (0..5 * every).for_each(|n| {
                    world.asks(n as u8);
                });
            }
            world.works();
            if millisecond == 1000 {
                before = world.all_in_time();
            }
        }
        let share = (world.all_in_time() - before) as f64 / (2000.0 * 10.0);
        assert!(share > 0.9, "bursts each {every} ms: {share:.2} of what it can give");
    }
}

#[test]
fn an_overload_that_lasts_makes_nobody_wait_for_long() {
    let mut world = World::new(2000.0, 5);
    for minute in 0..5 {
        open_loop(&mut world, 6000.0, if minute == 0 { 3000 } else { 60_000 });
        assert!(world.owed() < 2000 / 20, "minute {minute}: {} wait, 50 ms would be 100", world.owed());
    }
}

#[test]
fn a_crowd_at_many_connections_gets_what_there_is_in_alike_parts_and_waits_little() {
    for connections in [1, 2, 4, 8] {
        for way in [ms(0), ms(40), ms(100)] {
            for is_one_line in [true, false] {
                let world = World::of(connections, 2000.0, way, connections as u64);
                let mut world = if is_one_line { world } else { world.in_turn() };
                world.crowd(1500, 6000);
                world.forget_what_came();
                world.crowd(1500, 20_000);
                let name = format!("{connections} connections, {way:?} away, in one line: {is_one_line}");
                let share = world.all_in_time() as f64 / (2000.0 * 20.0);
                assert!(share > 0.95, "{name}: {share:.2} of what it can give");
                let wait = world.usual_wait();
                assert!(wait <= way + DEADLINE / 8, "{name}: half of it after {wait:?}");
                let least = world.connections.iter().map(Connection::all_in_time).min().unwrap_or_default();
                assert!(least > 2000 * 20 / connections / 4, "{name}: one got {least}");
            }
        }
    }
}

#[test]
fn who_comes_later_gets_its_part_too() {
    for way in [ms(0), ms(40)] {
        let mut world = World::of(2, 2000.0, way, 11);
        world.crowd_over(0..1, 750, 5000);
        world.crowd(1500, 10_000);
        world.forget_what_came();
        world.crowd(1500, 10_000);
        let late = world.connections[1].all_in_time();
        assert!(late > 2000 * 10 / 4, "{way:?} away: {late} of {}", world.all_in_time());
    }
}

#[test]
fn a_leash_that_starts_in_an_overload_soon_makes_nobody_wait_for_long() {
    for connections in [1, 2, 4] {
        let mut world = World::of(connections, 2000.0, ms(0), 9).behind_a_tunnel();
        // Of others, who have left.
        let gone = Asked { at: world.now, over: 0, whose: 1, is_large: false };
        world.connections[0].parts[1] = 1500;
        world.connections[0].owed = 1500;
        world.lines[0].extend(std::iter::repeat_n(gone, 1500));
        let wait = wait_in_a_crowd(&mut world);
        assert!(wait <= DEADLINE / 8, "{connections} connections: half of it after {wait:?}");
    }
}

#[test]
fn a_distant_server_that_is_overloaded_is_kept_busy() {
    // Asked for three times what it can give, and for a little less than it can give by those who wait for each reply.
    for (way, rate, clients, gives) in [(ms(40), 2000.0, 1500, 2000), (ms(100), 20_000.0, 1500, 15_000)] {
        for connections in [1, 2, 8] {
            let mut world = World::of(connections, rate, way, 3);
            world.crowd(clients, 4000);
            world.forget_what_came();
            world.crowd(clients, 5000);
            let came = world.all_in_time();
            assert!(came > gives * 5 * 9 / 10, "{way:?} away, {connections} connections: {came} in 5 s");
        }
    }
}

#[test]
fn a_distant_server_behind_a_tunnel_is_kept_busy_after_a_while() {
    for connections in [1, 2, 4] {
        let mut world = World::of(connections, 2000.0, ms(40), 3).behind_a_tunnel();
        world.crowd(1500, 8000);
        world.forget_what_came();
        world.crowd(1500, 5000);
        let came = world.all_in_time();
        assert!(came > 9000, "{connections} connections: {came} in 5 s");
    }
}

#[test]
fn a_connection_that_took_long_to_make_is_not_a_long_way() {
    let mut world = World::of(1, 2000.0, ms(0), 3).connected_late(ms(300));
    let wait = wait_in_a_crowd(&mut world);
    assert!(wait <= DEADLINE / 8, "half of it after {wait:?}");
}

#[test]
fn clients_that_are_heard_rarely_do_not_pass_for_few() {
    let mut world = World::new(300.0, 3);
    for time in 0..15_000 {
        if time % 30 == 0 {
            world.crowd(1500, 1)
        } else {
            drop(world.works())
        }
        if time == 9000 {
            world.forget_what_came();
        }
    }
    let share = world.all_in_time() as f64 / (300.0 * 6.0);
    assert!(share > 0.9, "{share:.2} of what it can give");
}

#[test]
fn the_way_is_what_waited_least_in_a_minute_or_else_what_few_wait_all_the_same() {
    let (start, mut way) = (Instant::now(), Way::default());
    assert_eq!(way.takes(), ms(0));
    way.is_at_most(ms(7), start);
    assert_eq!(way.takes(), ms(0), "what waited shows no way");
    way.shows(ms(9), start);
    way.shows(ms(12), start + ms(59_000));
    assert_eq!(way.takes(), ms(9));
    way.is_at_most(ms(8), start + ms(59_000));
    assert_eq!(way.takes(), ms(8));
    way.shows(ms(12), start + ms(118_000));
    assert_eq!(way.takes(), ms(8));
    way.shows(ms(12), start + ms(120_000));
    assert_eq!(way.takes(), ms(12));
    (0..7).for_each(|_| way.is_suspected(ms(40)));
    way.is_cleared();
    (0..7).for_each(|_| way.is_suspected(ms(40)));
    assert_eq!(way.takes(), ms(12));
    way.is_suspected(ms(40));
    assert_eq!(way.takes(), ms(40));
    way.forget_guess();
    assert_eq!(way.takes(), ms(12));
    (0..8).for_each(|_| way.is_suspected(ms(40)));
    way.settles(ms(44), start + ms(121_000));
    way.forget_guess();
    assert_eq!(way.takes(), ms(40), "the server kept up with it");
}

/// Lets replies come, one each period, while so many are owed and all wait for longer than they may.
fn long_waits(admission: &mut Admission, owed: usize, now: Instant) {
    waits(admission, owed, now, [ms(90); 60]);
}

fn waits(admission: &mut Admission, owed: usize, mut now: Instant, all: impl IntoIterator<Item = Duration>) {
    for took in all {
        now += DEADLINE / 8;
        admission.learn(&Came { count: 1, owed, took }, now);
    }
}

#[test]
fn only_what_few_wait_is_taken_for_the_way_and_not_for_longer_than_the_pace_is_known() {
    let (start, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    long_waits(&mut admission, 1000, start);
    assert_eq!(admission.way.takes(), ms(0), "a thousand wait for each other");
    let now_and_then_short = (0..60).map(|n| if n % 6 == 0 { ms(10) } else { ms(90) });
    waits(&mut admission, 4, start + 30 * DEADLINE, now_and_then_short);
    assert_eq!(admission.way.takes(), ms(0), "one was soon there");
    long_waits(&mut admission, 4, start + 60 * DEADLINE);
    assert_eq!(admission.way.takes(), ms(90));
    admission.forget();
    assert_eq!(admission.way.takes(), ms(0));
}

#[test]
fn a_server_that_is_well_again_is_asked_for_all_that_comes_at_once() {
    // How slow it was, and what comes each 300 ms.
    for (rate, burst) in [(500.0, 200), (100.0, 100), (300.0, 400)] {
        let mut world = World::new(20_000.0, 5);
        let bursts = |world: &mut World, count: usize| {
            for _ in 0..count {
                for n in 0..burst {
                    world.asks(n as u8);
                }
                (0..300).for_each(|_| drop(world.works()));
            }
        };
        bursts(&mut world, 5);
        assert_eq!(world.all_refused(), 0);
        world.rate = rate;
        bursts(&mut world, 3);
        world.rate = 20_000.0;
        bursts(&mut world, 6);
        let refused = world.all_refused();
        bursts(&mut world, 20);
        assert_eq!(world.all_refused(), refused, "after a dip to {rate}/s bursts of {burst} are refused");
    }
}

#[test]
fn after_a_rest_nothing_is_held_against_a_server() {
    let mut world = World::new(200.0, 6);
    open_loop(&mut world, 600.0, 2000);
    (0..1000).for_each(|_| drop(world.works()));
    world.rate = 20_000.0;
    assert!((0..100).all(|n| world.asks(n)), "one of 100 after a rest is refused");
}

#[test]
fn a_way_that_becomes_longer_is_soon_no_slow_server() {
    for way in [ms(100), ms(200)] {
        let mut world = World::of(1, 20_000.0, ms(1), 7);
        open_loop(&mut world, 300.0, 2000);
        world.way = way;
        open_loop(&mut world, 300.0, 10_000);
        let refused = world.all_refused();
        open_loop(&mut world, 300.0, 20_000);
        assert_eq!(world.all_refused(), refused, "{way:?} away");
    }
}

#[test]
fn a_server_that_becomes_slower_or_faster_gives_all_that_it_can() {
    for connections in [1, 2] {
        for (way, rate) in [(ms(1), 500.0), (ms(1), 1000.0), (ms(1), 8000.0), (ms(40), 500.0), (ms(40), 12_000.0)] {
            let mut world = World::of(connections, 2000.0, way, 4);
            world.crowd(1500, 4000);
            world.rate = rate;
            world.crowd(1500, 1000);
            world.forget_what_came();
            world.crowd(1500, 1000);
            let share = world.all_in_time() as f64 / rate;
            assert!(share > 0.95, "{connections} connections, {way:?} away, then {rate}/s: {share:.2} of it");
        }
    }
}

#[test]
fn a_closed_loop_of_more_clients_than_can_be_served_in_time_gets_what_there_is() {
    let mut world = World::new(2000.0, 7);
    let mut idle = 1500;
    let mut before = 0;
    for millisecond in 0..6000 {
        let mut refused = 0;
        for _ in 0..std::mem::take(&mut idle) {
            let whose = world.random.random();
            refused += usize::from(!world.asks(whose));
        }
        // Who was refused asks again at once; who timed out has been told long before the late reply comes.
        idle = refused + world.works().len();
        if millisecond == 1000 {
            before = world.all_in_time();
        }
    }
    let share = (world.all_in_time() - before) as f64 / (2000.0 * 5.0);
    assert!(share > 0.9, "{share:.2} of what it can give");
}

#[test]
fn a_stall_of_a_server_that_keeps_up_refuses_nobody() {
    for stall in [20, 50, 100, 200] {
        let mut world = World::new(20_000.0, stall);
        open_loop(&mut world, 10_000.0, 1000);
        for _ in 0..stall {
            (0..10).for_each(|_| assert!(world.asks(1) || stall > 100, "{stall} ms"));
            world.rests(STEP);
        }
        let refused = world.all_refused();
        open_loop(&mut world, 10_000.0, 1000);
        let most = if stall > 100 { 1000 } else { 0 };
        assert!(world.all_refused() - refused <= most, "{stall} ms: {} refused", world.all_refused() - refused);
    }
}

#[test]
fn who_asks_for_a_thousand_things_at_once_leaves_room_for_others() {
    let mut world = World::new(2000.0, 3);
    for millisecond in 0..6000 {
        if millisecond == 1000 {
            world.forget_what_came();
        }
        // As many as it gets of one client, and a request now and then of another.
        while world.connections[0].parts[1] < 1000 && world.asks(1) {}
        if world.random.random_bool(0.1) {
            world.asks(2);
        }
        world.works();
    }
    let (got, refused) = (world.connections[0].in_time[2], world.connections[0].refused[2]);
    assert!(got > 400 && refused < got / 20, "{got} in time, {refused} refused");
    assert!(world.all_in_time() as f64 > 0.9 * 2000.0 * 5.0, "{} in all", world.all_in_time());
}

#[test]
fn a_network_that_takes_its_time_is_no_slow_server() {
    // Each reply comes so long after its request, however many there are.
    for way in [40, 100] {
        let (start, mut admission) = (Instant::now(), Admission::new(DEADLINE));
        admission.connected(STEP * way, start);
        let mut owed: VecDeque<Instant> = VecDeque::new();
        for millisecond in 0..5000u32 {
            let now = start + STEP * millisecond;
            // Ten a millisecond, and each second a burst of three thousand.
            for _ in 0..if millisecond % 1000 == 999 { 3000 } else { 10 } {
                assert!(admission.admits(owed.len(), 0, now), "{millisecond} ms: refused with {} owed", owed.len());
                owed.push_back(now);
            }
            let replies = owed.iter().take_while(|&&asked| now - asked >= STEP * way).count();
            owed.drain(..replies);
            if replies > 0 {
                let came = Came { count: replies, owed: owed.len(), took: STEP * way };
                admission.learn(&came, now);
            }
        }
    }
}
