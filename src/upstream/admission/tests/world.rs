//! Connections to one server, and the crowd that asks over them.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::upstream::admission::{Admission, Came};

pub(super) const DEADLINE: Duration = Duration::from_millis(500);
pub(super) const STEP: Duration = Duration::from_millis(1);
/// In a crowd, so many refusals a connection has time for in a step.
const REFUSALS: usize = 20;

/// The server, and what came of each request.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) connections: Vec<Connection>,
    /// Those under way to it, those that wait there, those under way back, and when they arrive.
    there: VecDeque<(Instant, Asked)>,
    pub(super) lines: Vec<VecDeque<Asked>>,
    /// Whose turn it is.
    turn: usize,
    back: VecDeque<(Instant, Asked)>,
    /// How long the way there and back takes.
    pub(super) way: Duration,
    /// Replies a second, and how much of the next one is done.
    pub(super) rate: f64,
    done: f64,
    /// The part of all values that are large, and how long one passes, which keeps its connection busy.
    pub(super) large: (f64, Duration),
    pub(super) random: StdRng,
}

pub(super) struct Connection {
    admission: Admission,
    pub(super) owed: usize,
    pub(super) parts: [usize; 256],
    came: VecDeque<Asked>,
    /// When something last passed, and how long the large value in front still does, if its first bytes are there.
    moved: Instant,
    passes_until: Option<Instant>,
    /// When those of a crowd asked that still wait, time-outs left out.
    clients: VecDeque<Instant>,
    pub(super) in_time: [usize; 256],
    pub(super) refused: [usize; 256],
    waits: Vec<Duration>,
}

#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) at: Instant,
    pub(super) over: usize,
    pub(super) whose: u8,
    pub(super) is_large: bool,
}

impl World {
    pub(super) fn new(rate: f64, seed: u64) -> World {
        World::of(1, rate, Duration::ZERO, seed)
    }

    pub(super) fn of(connections: usize, rate: f64, way: Duration, seed: u64) -> World {
        let now = Instant::now();
        let connect = |_| {
            let mut connection = Connection::hidden(now);
            connection.admission.connected(way, now);
            connection
        };
        World {
            now,
            connections: (0..connections).map(connect).collect(),
            there: VecDeque::new(),
            lines: vec![VecDeque::new()],
            turn: 0,
            back: VecDeque::new(),
            way,
            rate,
            done: 0.0,
            large: (0.0, STEP),
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// The same, where connecting says nothing of the way.
    pub(super) fn behind_a_tunnel(mut self) -> World {
        self.connections.iter_mut().for_each(|connection| *connection = Connection::hidden(self.now));
        self
    }

    /// The same, where connecting took longer than the way does.
    pub(super) fn connected_late(mut self, took: Duration) -> World {
        self = self.behind_a_tunnel();
        self.connections.iter_mut().for_each(|connection| connection.admission.connected(took, self.now));
        self
    }

    /// The same, where each connection has a line of its own, and they are served in turn; else all wait in one.
    pub(super) fn in_turn(mut self) -> World {
        self.lines = vec![VecDeque::new(); self.connections.len()];
        self
    }

    pub(super) fn asks(&mut self, whose: u8) -> bool {
        self.asks_over(0, whose)
    }

    pub(super) fn asks_over(&mut self, over: usize, whose: u8) -> bool {
        let connection = &mut self.connections[over];
        let part = &mut connection.parts[usize::from(whose)];
        let admitted = connection.admission.admits(connection.owed, *part, self.now);
        if admitted {
            (*part, connection.owed) = (*part + 1, connection.owed + 1);
            let is_large = self.large.0 > 0.0 && self.random.random_bool(self.large.0);
            self.there.push_back((self.now + self.way / 2, Asked { at: self.now, over, whose, is_large }));
        } else {
            connection.refused[usize::from(whose)] += 1;
        }
        admitted
    }

    /// A millisecond of the server's work, which arrives in one piece; who was answered, late ones included.
    pub(super) fn works(&mut self) -> Vec<u8> {
        self.now += STEP;
        while let Some(asked) = arrived(&mut self.there, self.now) {
            let line = asked.over % self.lines.len();
            self.lines[line].push_back(asked);
        }
        self.done += self.rate * STEP.as_secs_f64() * self.random.random_range(0.5..1.5);
        while self.done >= 1.0
            && let Some(asked) = self.next()
        {
            self.done -= 1.0;
            self.back.push_back((self.now + self.way / 2, asked));
        }
        if self.lines.iter().all(VecDeque::is_empty) {
            self.done = self.done.min(1.0);
        }
        while let Some(asked) = arrived(&mut self.back, self.now) {
            self.connections[asked.over].came.push_back(asked);
        }
        self.connections.iter_mut().flat_map(|connection| connection.hears(self.now, self.large.1)).collect()
    }

    fn next(&mut self) -> Option<Asked> {
        let lines = self.lines.len();
        let line = (self.turn..self.turn + lines).find(|line| !self.lines[line % lines].is_empty())? % lines;
        self.turn = line + 1;
        self.lines[line].pop_front()
    }

    pub(super) fn rests(&mut self, time: Duration) {
        self.now += time;
    }

    /// Clients that ask again at once, each over one connection, for so many milliseconds.
    pub(super) fn crowd(&mut self, clients: usize, milliseconds: usize) {
        self.crowd_over(0..self.connections.len(), clients, milliseconds);
    }

    /// The same over some of the connections.
    pub(super) fn crowd_over(&mut self, some: Range<usize>, clients: usize, milliseconds: usize) {
        let each = clients / some.len();
        for _ in 0..milliseconds {
            for over in some.clone() {
                let now = self.now;
                let connection = &mut self.connections[over];
                connection.times_out(now);
                let mut refused = 0;
                while refused < REFUSALS && self.connections[over].clients.len() < each {
                    match self.asks_over(over, 0) {
                        true => self.connections[over].clients.push_back(now),
                        false => refused += 1,
                    }
                }
            }
            self.works();
        }
    }

    pub(super) fn forget_what_came(&mut self) {
        for connection in &mut self.connections {
            (connection.in_time, connection.refused) = ([0; 256], [0; 256]);
            connection.waits.clear();
        }
    }

    pub(super) fn all_in_time(&self) -> usize {
        self.connections.iter().map(Connection::all_in_time).sum()
    }

    pub(super) fn all_refused(&self) -> usize {
        self.connections.iter().flat_map(|connection| connection.refused).sum()
    }

    pub(super) fn owed(&self) -> usize {
        self.connections.iter().map(|connection| connection.owed).sum()
    }

    /// How long one half of the replies took at most.
    pub(super) fn usual_wait(&self) -> Duration {
        let mut waits: Vec<_> = self.connections.iter().flat_map(|connection| &connection.waits).copied().collect();
        waits.sort_unstable();
        waits[waits.len() / 2]
    }
}

impl Connection {
    fn hidden(now: Instant) -> Connection {
        Connection {
            admission: Admission::new(DEADLINE),
            owed: 0,
            parts: [0; 256],
            came: VecDeque::new(),
            moved: now,
            passes_until: None,
            clients: VecDeque::new(),
            in_time: [0; 256],
            refused: [0; 256],
            waits: Vec::new(),
        }
    }

    fn times_out(&mut self, now: Instant) {
        let waited = self.clients.front().map(|&asked| asked.max(self.moved));
        if waited.is_some_and(|since| now - since >= DEADLINE) {
            self.admission.waits_in_vain();
        }
        self.clients.retain(|&asked| now - asked < DEADLINE);
    }

    /// Takes what has come, and a large value once it has `passed` so long; whose it was.
    fn hears(&mut self, now: Instant, passed: Duration) -> Vec<u8> {
        let mut came = Vec::new();
        while let Some(&first) = self.came.front() {
            if first.is_large {
                let until = *self.passes_until.get_or_insert(now + passed);
                if came.is_empty() {
                    self.admission.passes(now - self.moved.max(first.at));
                    self.moved = now;
                }
                if now < until {
                    break;
                }
                self.passes_until = None;
            }
            self.came.pop_front();
            came.push(first);
        }
        let Some(last) = came.last() else { return Vec::new() };
        self.moved = now;
        for asked in &came {
            self.parts[usize::from(asked.whose)] -= 1;
            if self.clients.front() == Some(&asked.at) {
                self.clients.pop_front();
            }
            let took = now - asked.at;
            self.waits.push(took);
            self.in_time[usize::from(asked.whose)] += usize::from(took <= DEADLINE);
        }
        self.owed -= came.len();
        self.admission.learn(&Came { count: came.len(), owed: self.owed, took: now - last.at }, now);
        came.iter().map(|asked| asked.whose).collect()
    }

    pub(super) fn all_in_time(&self) -> usize {
        self.in_time.iter().sum()
    }
}

fn arrived(under_way: &mut VecDeque<(Instant, Asked)>, now: Instant) -> Option<Asked> {
    under_way.pop_front_if(|(arrives, _)| *arrives <= now).map(|(_, asked)| asked)
}
