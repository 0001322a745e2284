//! What every simulated world has: chance, time, those who are alive in it, the wires between them and the servers, and
//! the story so far. All of it follows from a seed.
//!
//! Time stands still while anything can happen, but for the moments that a world lets pass.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leash::runtime::env::Env;
use support::Random;
use tokio::time::{Instant, advance};

use super::processes::{Processes, Whose};
use super::wires::Wires;

/// A world without what is in it: each simulation has its own, which leads here.
pub struct Simulation {
    pub seed: u64,
    pub chance: RefCell<Random>,
    pub processes: Processes,
    pub wires: Wires,
    /// By number, the sidecar that each person is or was connected to.
    people: RefCell<Vec<usize>>,
    epoch: Duration,
    began: Instant,
    broken: RefCell<Option<String>>,
    told: Option<RefCell<Vec<String>>>,
}

/// What came of one seed.
pub struct Outcome {
    pub broken: Option<String>,
    pub story: String,
}

impl Simulation {
    /// Nothing has happened yet. With `is_told` what happens is written down.
    pub fn new(seed: u64, is_told: bool) -> Rc<Simulation> {
        let mut chance = Random::new(seed);
        let epoch = Duration::from_millis(1_700_000_000_000 + chance.below(1000) as u64);
        Rc::new(Simulation {
            seed,
            chance: RefCell::new(chance),
            processes: Processes::default(),
            wires: Wires::default(),
            people: RefCell::default(),
            epoch,
            began: Instant::now(),
            broken: RefCell::default(),
            told: is_told.then(RefCell::default),
        })
    }

    pub fn below(&self, bound: usize) -> usize {
        self.chance.borrow_mut().below(bound)
    }

    pub fn percent(&self, percent: usize) -> bool {
        self.chance.borrow_mut().chance(percent)
    }

    /// How long the story has lasted.
    pub fn up(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time of day, to everybody in it.
    pub fn clock(&self) -> SystemTime {
        UNIX_EPOCH + self.epoch + self.up()
    }

    /// Lets up to so many milliseconds pass, so many times in a hundred.
    pub async fn sometimes_passes(&self, percent: usize, most: usize) {
        if self.percent(percent) {
            advance(Duration::from_millis(1 + self.below(most) as u64)).await;
        }
    }

    /// Puts a line into the story, if anybody will read it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(told) = &self.told {
            told.borrow_mut().push(format!("{:9.3} {}", self.up().as_secs_f64(), line()));
        }
    }

    /// A promise is broken. The first one counts.
    pub fn find_broken(&self, why: String) {
        self.broken.borrow_mut().get_or_insert(why);
    }

    /// Finds a promise broken unless this is so.
    pub fn hold(&self, is_so: bool, promise: impl FnOnce() -> String) {
        if !is_so && !self.is_broken() {
            self.find_broken(promise());
        }
    }

    pub fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Somebody new at a sidecar; its number.
    pub fn connect(&self, sidecar: usize) -> usize {
        let mut people = self.people.borrow_mut();
        people.push(sidecar);
        people.len() - 1
    }

    /// Those who are or were at this sidecar.
    pub fn people_of(&self, sidecar: usize) -> Vec<usize> {
        let people = self.people.borrow();
        (0..people.len()).filter(|person| people[*person] == sidecar).collect()
    }

    pub fn is_there(&self, person: usize) -> bool {
        self.processes.any(|whose| whose.person == Some(person))
    }

    /// One of the people hangs up in the middle of something, if it is there still.
    pub fn dismiss_somebody(&self) -> Option<usize> {
        let people = self.people.borrow().len();
        let person = Some(self.below(people)).filter(|person| self.is_there(*person))?;
        self.tell(|| format!("person {person} hangs up"));
        self.processes.end(|whose| whose.person == Some(person));
        Some(person)
    }

    /// A sidecar dies with its people and with what it was about to do. Of what it sent, some has arrived.
    pub fn kill(&self, sidecar: usize, wires: impl IntoIterator<Item = usize>) {
        self.tell(|| format!("sidecar {sidecar} dies"));
        self.processes.end(|whose| whose.sidecar == sidecar);
        wires.into_iter().for_each(|wire| self.wires.cut(wire, &self.chance));
    }

    /// A person begins to do something.
    pub fn begin(&self, whose: Whose, life: impl Future<Output = ()> + 'static) {
        self.processes.begin(whose, 0, life);
    }

    /// The end of the story. Those who are alive hold their world, and the world them.
    pub fn end(&self) -> Outcome {
        self.processes.end(|_| true);
        self.wires.clear();
        let story = self.told.as_ref().map_or_else(String::new, |told| told.borrow().join("\n"));
        Outcome { broken: self.broken.take(), story }
    }
}

/// Time and chance for the product.
impl Env for Simulation {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn unix(&self) -> i64 {
        (self.epoch + self.up()).as_secs().cast_signed()
    }

    fn chance(&self) -> f64 {
        self.below(1000) as f64 / 999.0
    }

    fn random(&self) -> u128 {
        u128::from(self.chance.borrow_mut().number())
    }
}
