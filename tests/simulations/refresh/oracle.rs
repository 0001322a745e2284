//! What was promised, held against every reply.
//!
//! The truth is a number that writers count up; a value is the truth as somebody read it. In these words:
//!
//! 1. **Nothing outdated.** A write is finished once its writer was answered. Let a read begin when write `n` was
//!    finished. It is answered with no value older than `n` whose set had been answered before the read began. Excused
//!    is a set that nobody can refuse on evidence: one by somebody who was given no lease (as on any memcached), and
//!    one by a winner who came after its lease's time and found no lease and no revocation there. Reads that overlap
//!    the set are not excused from anything by that: they simply may see either side of it. What others made of such a
//!    value (appended, counted, stored by `cas`) is as old as it.
//! 2. **No work for nothing.** Said by the scenario of the lone winner.
//! 3. **The newer one stays.** Said by the scenario of two winners.
//! 4. **One winner.** Nobody is given a lease while another one runs that was neither revoked, given back nor evicted.
//!    One that was taken because nothing was there, when something was there again, is for no value that goes stale later.
//!    Nobody is told "miss" without a lease unless the server had said so too.
//! 5. **Locks and counters.** Said by their scenarios.
//! 6. **Nobody waits for nothing.** While no request is on its way, only those wait whom the server told of a miss and
//!    whose route has a `cold_wait`, no longer than that, and nobody whose client has left.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leash::protocol::{Command, Delete, Reply, Store, StoreMode};
use leash::route::refresh::decide::Policy;
use tokio::time::Instant;

use super::deeds::{Deed, Grant, Op};
use super::puts::{Put, Puts};
use super::server::is_revocation;
use crate::engine::{Asked, Simulation, is_about_lease};

/// The lease as the server was told of it.
struct Held {
    op: usize,
    until: u64,
    is_revoked: bool,
}

/// What a server has.
#[derive(Clone, Copy)]
pub struct There {
    pub lease: bool,
    pub item: bool,
}

/// Watches everything.
pub struct Oracle {
    simulation: Rc<Simulation>,
    policy: Policy,
    pub event: u64,
    pub ops: Vec<Op>,
    pub puts: Puts,
    /// By person, the lease that it was told it has.
    wins: HashMap<usize, Grant>,
    held: Option<Held>,
    newest: u64,
    /// How many were given a lease and told so.
    pub winners: usize,
}

impl Oracle {
    pub fn new(simulation: Rc<Simulation>, policy: Policy) -> Oracle {
        Oracle {
            simulation,
            policy,
            event: 0,
            ops: Vec::new(),
            puts: Puts::default(),
            wins: HashMap::new(),
            held: None,
            newest: 0,
            winners: 0,
        }
    }

    fn fails(&self, why: String) {
        self.simulation.find_broken(why);
    }

    /// Whether this person was told to regenerate the value and has not stored it yet.
    pub fn has_won(&self, person: usize) -> bool {
        self.wins.contains_key(&person)
    }

    /// A person begins to do something.
    pub fn begin(&mut self, person: usize, deed: Deed) -> usize {
        let put = match deed {
            Deed::Set { version, finishes } => {
                let win = self.wins.remove(&person);
                let is_excused = win.is_none() && !finishes;
                Some(self.puts.add(Put { version, win, is_excused, ..Put::default() }))
            }
            Deed::Swap { base } => {
                let (version, base) = (self.puts[base].version, Some(base));
                Some(self.puts.add(Put { version, base, ..Put::default() }))
            }
            Deed::Delete { .. } => {
                self.wins.remove(&person);
                None
            }
            Deed::Read | Deed::Other => None,
        };
        self.event += 1;
        self.ops.push(Op {
            person,
            deed,
            began: Instant::now(),
            reply: None,
            from: self.event,
            until: None,
            newest: self.newest,
            saw_miss: false,
            granted: None,
            put,
            is_abandoned: false,
            is_past_leash: false,
        });
        self.ops.len() - 1
    }

    /// What is stored for the op that sets.
    pub fn value(&self, op: usize) -> String {
        let Some(put) = self.ops[op].put else { return String::new() };
        self.puts.text(put)
    }

    /// A request is on its way.
    pub fn sent(&mut self, asked: &Asked) {
        if is_about_lease(&asked.request)
            && let Command::Delete(_) = asked.request.command
            && self.ops[asked.op].deed == Deed::Read
        {
            self.ops[asked.op].granted = None;
        }
    }

    /// The server did something. `before` is what it had then.
    pub fn done(&mut self, asked: &Asked, reply: &Reply, before: There, now: SystemTime) {
        let second = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
        if !is_about_lease(&asked.request) {
            self.ops[asked.op].saw_miss |= *reply == Reply::Miss;
            self.item_changed(asked, reply);
            return;
        }
        if self.held.as_ref().is_some_and(|held| held.until <= second) {
            self.held = None;
        }
        let until = second + u64::from(self.policy.lease);
        match (&asked.request.command, reply) {
            // Whether the server did it or forgot it; but one by CAS may be about another lease.
            (Command::Store(Store { compare_cas, .. }), reply) if is_revocation(asked) => {
                let is_it = before.lease && (compare_cas.is_none() || matches!(reply, Reply::Hit(_)));
                let op = self.held.as_ref().map_or(asked.op, |held| held.op);
                self.held = if is_it { Some(Held { op, until, is_revoked: true }) } else { self.held.take() };
            }
            (Command::Store(_), Reply::Hit(_)) => {
                if let Some(held) = self.held.as_ref().filter(|held| !held.is_revoked) {
                    let (other, op) = (held.op, asked.op);
                    self.fails(format!("promise 4: op {op} was given the lease that op {other} has"));
                }
                let is_for_none = self.ops[asked.op].saw_miss && before.item;
                self.held = Some(Held { op: asked.op, until, is_revoked: is_for_none });
                self.ops[asked.op].granted = Some(Grant { asked: asked.at });
            }
            (Command::Delete(Delete { .. }), Reply::Hit(_)) => self.held = None,
            (Command::Get(_), _) => {
                if let Some(put) = self.ops[asked.op].put {
                    self.puts[put].found_nothing = *reply == Reply::Miss && self.held.is_none();
                }
            }
            _ => {}
        }
    }

    /// A set by somebody who won nothing ends the lease, as does that of whoever has it: the next caller may take it
    /// over for the next stale value.
    fn item_changed(&mut self, asked: &Asked, reply: &Reply) {
        let is_set = matches!((&asked.request.command, reply), (Command::Store(store), Reply::Hit(_))
            if !matches!(store.mode, StoreMode::Append | StoreMode::Prepend));
        let is_winners = self.ops[asked.op].put.is_some_and(|put| self.puts[put].win.is_some());
        let person = |op: usize| self.ops[op].person;
        let is_holders = self.held.as_ref().is_some_and(|held| person(held.op) == person(asked.op));
        if let Some(held) = self.held.as_mut().filter(|_| is_set && (!is_winners || is_holders)) {
            held.is_revoked = true;
        }
    }

    /// The lease was evicted.
    pub fn lease_evicted(&mut self) {
        self.held = None;
    }

    /// A person is answered.
    pub fn answered(&mut self, op: usize, reply: &Reply) {
        self.event += 1;
        let Op { person, ref deed, granted, put, .. } = self.ops[op];
        match deed {
            Deed::Read => self.read(op, reply, granted),
            Deed::Set { version, finishes } => {
                let (version, finishes) = (*version, *finishes);
                self.stored(put, reply);
                if finishes && matches!(reply, Reply::Hit(_)) {
                    self.newest = self.newest.max(version);
                }
            }
            Deed::Delete { version } if matches!(reply, Reply::Hit(_) | Reply::NotFound) => {
                self.newest = self.newest.max(*version);
            }
            Deed::Swap { .. } => self.stored(put, reply),
            Deed::Delete { .. } | Deed::Other => {}
        }
        if !matches!(self.ops[op].deed, Deed::Read | Deed::Other) {
            self.wins.remove(&person);
        }
        self.ops[op].until = Some(self.event);
        self.ops[op].reply = Some(reply.clone());
    }

    fn stored(&mut self, put: Option<usize>, reply: &Reply) {
        let (Some(put), Reply::Hit(_)) = (put, reply) else { return };
        let put = &mut self.puts[put];
        put.answered = Some(self.event);
        if let Some(win) = put.win {
            let is_late = self.policy.may_have_run_out(win.asked.elapsed());
            put.is_excused |= is_late && put.found_nothing;
        }
    }

    fn read(&mut self, op: usize, reply: &Reply, granted: Option<Grant>) {
        let person = self.ops[op].person;
        let is_winner = match reply {
            Reply::Miss => true,
            Reply::Hit(item) => item.marks.contains(&b'W'),
            _ => return self.fails(format!("promise 4: a read is answered {reply:?}")),
        };
        if let Some(granted) = granted.filter(|_| is_winner) {
            self.wins.insert(person, granted);
            self.winners += 1;
        } else if is_winner && !self.ops[op].saw_miss {
            self.fails(format!("promise 4: op {op} is told to regenerate what is there, without the lease"));
        } else if let Reply::Hit(item) = reply {
            self.seen(op, item.value.as_deref().unwrap_or_default());
        }
    }

    /// Promise 1.
    fn seen(&mut self, op: usize, value: &[u8]) {
        let text = String::from_utf8_lossy(value).into_owned();
        let Some(put) = self.puts.of(value) else {
            return self.fails(format!("op {op} was answered a value nobody stored: {text}"));
        };
        let version = self.puts[put].version;
        let (answered, is_excused) = (self.puts.answered_at(put), self.puts.is_excused(put));
        let Op { newest, from, .. } = self.ops[op];
        if version < newest && !is_excused && answered.is_some_and(|answered| answered < from) {
            let why =
                format!("promise 1: op {op} read {text}, though the write of {newest} was finished when it began");
            self.fails(why);
        }
    }

    /// Promise 6: nothing is on its way.
    pub fn silent(&self) {
        let patience = self.policy.cold_wait + Duration::from_secs(2);
        let waits_in_vain = |op: &&Op| {
            let may_wait = op.deed == Deed::Read && op.saw_miss && !op.is_abandoned;
            op.reply.is_none() && !op.is_past_leash && !(may_wait && op.began.elapsed() <= patience)
        };
        if let Some(op) = self.ops.iter().find(waits_in_vain) {
            let why = format!("promise 6: {:?} of person {} waits, and nothing is on its way", op.deed, op.person);
            self.fails(why);
        }
    }

    /// A person has hung up, or died with its sidecar: then nobody owes it a reply.
    pub fn left(&mut self, person: usize, sidecar_is_gone: bool) {
        for op in self.ops.iter_mut().filter(|op| op.person == person && op.reply.is_none()) {
            op.is_abandoned = true;
            if sidecar_is_gone {
                op.reply = Some(Reply::Done);
            }
        }
    }
}
