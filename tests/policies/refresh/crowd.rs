//! Many callers at once, each on a connection of its own.
//!
//! The sidecars are frozen while the callers ask, so that every request of the crowd is there before the first is
//! answered. Ten thousand connections need as many file descriptors on both sides; where the machine allows fewer, the
//! test fails.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use support::needs::open_files;
use support::{BOUND, Client, Leash, wait_until};

/// File descriptors left to everything else in this process.
const SPARE: usize = 3000;

/// One crowd at a time: two would not find enough file descriptors.
static ALONE: Mutex<()> = Mutex::new(());

/// Callers before a fleet, spread evenly.
pub struct Crowd<'a> {
    sidecars: &'a [Leash],
    pub callers: Vec<Client>,
    _alone: MutexGuard<'static, ()>,
}

/// What a crowd was told.
pub struct Heard {
    /// Who was told to regenerate.
    pub winners: Vec<usize>,
    /// How many got which value.
    pub values: BTreeMap<String, usize>,
    /// From letting the sidecars go on to the last answer.
    pub took: Duration,
}

/// Lets a crowd of this size connect. To be asked before the sidecars start: they inherit the limit.
#[track_caller]
pub fn make_room_for(size: usize) {
    open_files((size + SPARE) as u64);
}

impl<'a> Crowd<'a> {
    pub fn before(sidecars: &'a [Leash], size: usize) -> Crowd<'a> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let callers: Vec<Client> = (0..size).map(|caller| sidecars[caller % sidecars.len()].client()).collect();
        callers.iter().for_each(|caller| caller.set_bound(6 * BOUND));
        Crowd { sidecars, callers, _alone: alone }
    }

    /// All ask for `key` at once.
    pub fn asks(&mut self, key: &str) -> Instant {
        let request = format!("get {key}\r\n");
        self.sidecars.iter().for_each(Leash::freeze);
        self.callers.iter_mut().for_each(|caller| caller.send(&request));
        self.sidecars.iter().for_each(Leash::thaw);
        Instant::now()
    }

    /// All ask, and all answers are read.
    pub fn gets(&mut self, key: &str) -> Heard {
        let since = self.asks(key);
        self.hears(key, since, None)
    }

    /// Reads the answers of all, but for that of one who was answered before.
    pub fn hears(&mut self, key: &str, since: Instant, but: Option<usize>) -> Heard {
        let mut heard = Heard { winners: Vec::new(), values: BTreeMap::new(), took: Duration::ZERO };
        for (number, caller) in self.callers.iter_mut().enumerate().filter(|(number, _)| Some(*number) != but) {
            match caller.read_get(key).expect("an answer for everybody") {
                Some(value) => *heard.values.entry(String::from_utf8(value).unwrap()).or_default() += 1,
                None => heard.winners.push(number),
            }
        }
        heard.took = since.elapsed();
        heard
    }

    /// Waits until somebody is answered, who must be told to regenerate.
    pub fn first_winner(&mut self, key: &str) -> usize {
        let mut first = None;
        wait_until("somebody is answered", BOUND, || {
            first = self.callers.iter().position(is_answered);
            first.is_some()
        });
        let first = first.unwrap();
        assert_eq!(self.callers[first].read_get(key).unwrap(), None, "the first answer is the winner's miss");
        first
    }

    /// How many have an answer waiting.
    pub fn answered(&self) -> usize {
        self.callers.iter().filter(|caller| is_answered(caller)).count()
    }
}

fn is_answered(caller: &Client) -> bool {
    caller.stream.set_nonblocking(true).unwrap();
    let answered = caller.stream.peek(&mut [0]).is_ok_and(|count| count > 0);
    caller.stream.set_nonblocking(false).unwrap();
    answered
}
