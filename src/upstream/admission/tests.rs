//! A server that answers at its pace, and clients that ask no matter how it keeps up: which replies arrive in time.

use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;

const DEADLINE: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(1);

/// One connection to a server, seen from above: requests as the times at which they were asked.
struct World {
    now: Instant,
    admission: Admission,
    owed: VecDeque<(Instant, u8)>,
    parts: [usize; 256],
    /// Replies a second, and how much of the next one is done.
    rate: f64,
    done: f64,
    random: StdRng,
    in_time: [usize; 256],
    late: usize,
    refused: [usize; 256],
}

impl World {
    fn new(rate: f64, seed: u64) -> World {
        World {
            now: Instant::now(),
            admission: Admission::new(DEADLINE),
            owed: VecDeque::new(),
            parts: [0; 256],
            rate,
            done: 0.0,
            random: StdRng::seed_from_u64(seed),
            in_time: [0; 256],
            late: 0,
            refused: [0; 256],
        }
    }

    fn asks(&mut self, whose: u8) -> bool {
        let part = &mut self.parts[usize::from(whose)];
        let admitted = self.admission.admits(self.owed.len(), *part);
        if admitted {
            *part += 1;
            self.owed.push_back((self.now, whose));
        } else {
            self.refused[usize::from(whose)] += 1;
        }
        admitted
    }

    /// A millisecond of the server's work, which arrives in one piece; who was answered, late ones included.
    fn works(&mut self) -> Vec<u8> {
        self.now += STEP;
        self.done += self.rate * STEP.as_secs_f64() * self.random.random_range(0.5..1.5);
        let (mut answered, mut took) = (Vec::new(), Duration::ZERO);
        while self.done >= 1.0
            && let Some((asked, whose)) = self.owed.pop_front()
        {
            self.done -= 1.0;
            self.parts[usize::from(whose)] -= 1;
            took = self.now - asked;
            match self.now - asked <= DEADLINE {
                true => self.in_time[usize::from(whose)] += 1,
                false => self.late += 1,
            }
            answered.push(whose);
        }
        if self.owed.is_empty() {
            self.done = self.done.min(1.0);
        }
        if !answered.is_empty() {
            self.admission.learn(&Came { count: answered.len(), owed: self.owed.len(), took }, self.now);
        }
        answered
    }

    fn rests(&mut self, time: Duration) {
        self.now += time;
    }

    fn all_in_time(&self) -> usize {
        self.in_time.iter().sum()
    }

    fn all_refused(&self) -> usize {
        self.refused.iter().sum()
    }
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

#[test]
fn three_times_what_a_server_can_give_leaves_it_giving_all_of_that_in_time() {
    for (seed, rate) in [50.0, 300.0, 2000.0, 20_000.0, 100_000.0].into_iter().enumerate() {
        let mut world = World::new(rate, seed as u64);
        open_loop(&mut world, 3.0 * rate, 1000);
        let before = world.all_in_time();
        open_loop(&mut world, 3.0 * rate, 4000);
        let share = (world.all_in_time() - before) as f64 / (4.0 * rate);
        assert!(share > 0.9, "{rate}/s: {share:.2} of it in time, {} late", world.late);
        // At half load it is well within a second.
        open_loop(&mut world, rate / 2.0, 1000);
        let refused = world.all_refused();
        open_loop(&mut world, rate / 2.0, 2000);
        assert!(world.all_refused() - refused <= (rate / 100.0) as usize, "{rate}/s: still refuses at half load");
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
    open_loop(&mut world, 6000.0, 3000);
    assert!(world.owed.len() < 2000 / 20, "{} wait, 50 ms would be 100", world.owed.len());
}

#[test]
fn a_distant_server_that_is_overloaded_is_kept_busy() {
    // 40 ms there and back, 2,000 a second, asked for three times that.
    let (start, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    let (mut there, mut back) = (VecDeque::new(), VecDeque::new());
    let mut in_time = 0;
    for millisecond in 0..6000u32 {
        let now = start + STEP * millisecond;
        for _ in 0..6 {
            if admission.admits(there.len() + back.len(), 0) {
                there.push_back(now);
            }
        }
        let ready = there.iter().take(2).take_while(|&&asked| now - asked >= 20 * STEP).count();
        back.extend(there.drain(..ready).map(|asked| (now, asked)));
        let count = back.iter().take_while(|(left, _)| now - *left >= 20 * STEP).count();
        let Some((_, last)) = back.iter().take(count).next_back().copied() else { continue };
        in_time += back.drain(..count).filter(|(_, asked)| millisecond >= 1000 && now - *asked <= DEADLINE).count();
        admission.learn(&Came { count, owed: there.len() + back.len(), took: now - last }, now);
    }
    assert!(in_time > 9000, "{in_time} in 5 s");
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
            (world.in_time, world.refused) = ([0; 256], [0; 256]);
        }
        // As many as it gets of one client, and a request now and then of another.
        while world.parts[1] < 1000 && world.asks(1) {}
        if world.random.random_bool(0.1) {
            world.asks(2);
        }
        world.works();
    }
    let (got, refused) = (world.in_time[2], world.refused[2]);
    assert!(got > 400 && refused < got / 20, "{got} in time, {refused} refused");
    assert!(world.all_in_time() as f64 > 0.9 * 2000.0 * 5.0, "{} in all", world.all_in_time());
}

#[test]
fn a_network_that_takes_its_time_is_no_slow_server() {
    // Each reply comes 40 ms after its request, however many there are.
    let (start, mut admission) = (Instant::now(), Admission::new(DEADLINE));
    let mut owed: VecDeque<Instant> = VecDeque::new();
    for millisecond in 0..5000u32 {
        let now = start + STEP * millisecond;
        // Ten a millisecond, and each second a burst of three thousand.
        for _ in 0..if millisecond % 1000 == 999 { 3000 } else { 10 } {
            assert!(admission.admits(owed.len(), 0), "{millisecond} ms: refused with {} owed", owed.len());
            owed.push_back(now);
        }
        let replies = owed.iter().take_while(|&&asked| now - asked >= 40 * STEP).count();
        owed.drain(..replies);
        if replies > 0 {
            let came = Came { count: replies, owed: owed.len(), took: 40 * STEP };
            admission.learn(&came, now);
        }
    }
}
