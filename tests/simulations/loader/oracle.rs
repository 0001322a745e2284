//! What is promised, held against every call and every reply.
//!
//! The truth of a key is a number that writers count up; a value is the truth as a call, or a writer, knew it.
//!
//! 1. **Nothing outdated.** A write is finished once its writer was told so. A read that begins after that is answered
//!    with no older value, and not with "miss" on the strength of one. Excused is a writer's own value of which the
//!    writer was told nothing, and what was loaded while a connection to the server was lost: leash may not have heard
//!    of its lease. A load stores its value, then looks at the lease, then removes the value again: who reads it at the
//!    server in between is excused, who is handed it is not.
//! 2. **One call.** None begins while another one for the same key is under way in the fleet, unless the key was written
//!    meanwhile, a connection was lost, or the lease was evicted.
//! 3. **A value or a reason.** A read is answered, within the time that a call may take; at once if a stale value is
//!    there. It is told "miss" only if a call failed, found nothing, or is still under way.
//! 4. **"Nothing" ends.** What a failed or empty call says holds no longer than it may.
//! 5. **Bounds.** On calls under way, on calls that wait, and on what is left behind.
//! 6. **Age.** What is past its grace is served only where a call failed, and nothing past its end.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use leash::protocol::Reply;
use leash::route::refresh::Keep;
use leash::route::refresh::decide::Age;
use tokio::time::Instant;

use super::calls::{Call, Calls};
use super::deeds::{Deed, Op};
use super::puts::{Put, Puts};
use super::reasons::Reasons;
use super::world::Rules;
use crate::engine::Simulation;

/// What the network, and memcached's clock of whole seconds, may add.
pub const SLACK: Duration = Duration::from_millis(400);
pub const SECOND: Duration = Duration::from_secs(1);
/// What a failed load keeps the next one from.
const FAILED_FOR: Duration = Duration::from_secs(2);

/// Watches everything.
pub struct Oracle {
    simulation: Rc<Simulation>,
    rules: Rules,
    ops: Vec<Op>,
    /// By op, the upsets of its key when it was given the lease.
    leases: HashMap<usize, u64>,
    pub puts: Puts,
    pub calls: Calls,
    reasons: Reasons,
    newest: Vec<u64>,
    /// By key, how often something happened that lets the next call begin.
    upsets: Vec<u64>,
    losses: u64,
    event: u64,
}

impl Oracle {
    pub fn new(simulation: Rc<Simulation>, rules: Rules, keys: usize) -> Oracle {
        Oracle {
            simulation,
            rules,
            ops: Vec::new(),
            leases: HashMap::new(),
            puts: Puts::default(),
            calls: Calls::default(),
            reasons: Reasons::default(),
            newest: vec![0; keys],
            upsets: vec![0; keys],
            losses: 0,
            event: 0,
        }
    }

    pub fn holds(&self, promise: u8, is_so: bool, why: impl FnOnce() -> String) {
        self.simulation.hold(is_so, || format!("promise {promise}: {}", why()));
    }

    pub fn key_of(&self, op: usize) -> usize {
        self.ops[op].key
    }

    /// A person begins to do something.
    pub fn begin(&mut self, person: usize, key: usize, deed: Deed) -> usize {
        self.event += 1;
        self.ops.push(Op {
            person,
            key,
            deed,
            began: Instant::now(),
            newest: self.newest[key],
            losses: self.losses,
            found: None,
            is_answered: false,
            has_left: false,
        });
        self.ops.len() - 1
    }

    /// A writer's value.
    pub fn writes(&mut self, key: usize, version: u64, ttl: u32) -> usize {
        self.puts.add(key, version, Keep::WithGrace(ttl), None)
    }

    /// A loaded value.
    pub fn loads(&mut self, key: usize, version: u64, keep: Keep) -> usize {
        let losses = self.calls.of(key).map_or(0, |op| self.ops[op].losses);
        self.puts.add(key, version, keep, Some(losses))
    }

    /// A value that is known to be the value still.
    pub fn renew(&mut self, put: usize, keep: Keep) {
        let losses = self.losses;
        let put = &mut self.puts[put];
        (put.keep, put.at) = (keep, Instant::now());
        put.loaded = put.loaded.map(|_| losses);
    }

    /// A call begins, by a lease that was given after so many upsets, and with at most so many at once in its sidecar.
    pub fn call_begins(&mut self, call: Call, upset: u64, most: usize) {
        let other = self.calls.begins(call, upset);
        self.holds(2, other.is_none(), || format!("op {} is loaded while op {other:?} is", call.op));
        let at_once = self.calls.at_once(call.sidecar);
        self.holds(5, at_once <= most, || format!("{at_once} calls of sidecar {} are under way", call.sidecar));
    }

    /// A call failed, or was not made.
    pub fn failed(&mut self, key: usize) {
        self.reasons.add(Some(key), FAILED_FOR, None);
    }

    pub fn found_none(&mut self, key: usize, version: u64) {
        self.reasons.add(Some(key), SECOND * self.rules.negative_ttl, Some(version));
    }

    /// The server gave the lease.
    pub fn leased(&mut self, op: usize) {
        self.leases.insert(op, self.upsets[self.ops[op].key]);
    }

    /// The upsets of its key when the op was given the lease, or now, if it has none.
    pub fn lease_of(&self, op: usize) -> u64 {
        self.leases.get(&op).copied().unwrap_or(self.upsets[self.ops[op].key])
    }

    /// Something happened after which the next call for the key may begin.
    pub fn upset(&mut self, key: usize) {
        self.upsets[key] += 1;
    }

    /// Leases may be lost to those who have them, or held by nobody.
    pub fn lost(&mut self) {
        self.losses += 1;
        self.upsets.iter_mut().for_each(|upsets| *upsets += 1);
        self.reasons.add(None, SECOND * self.rules.policy.lease, None);
    }

    pub fn sidecar_died(&mut self, sidecar: usize) {
        self.calls.sidecar_died(sidecar);
        self.lost();
    }

    /// The server stored a value.
    pub fn stored(&mut self, value: &[u8]) {
        if let Some(put) = self.puts.of(value) {
            (self.puts[put].stored, self.puts[put].is_read) = (Some(Instant::now()), false);
        }
    }

    /// The server answered a question about an item.
    pub fn seen(&mut self, op: usize, reply: &Reply) {
        if let Reply::Hit(item) = reply
            && let Some(put) = self.puts.of(item.value.as_deref().unwrap_or_default())
        {
            self.puts[put].is_read = true;
        }
        let found = match reply {
            Reply::Hit(item) => Some(!matches!(self.rules.policy.age(item), Age::Outlived(_))),
            Reply::Miss => Some(false),
            _ => None,
        };
        let before = self.ops[op].found;
        self.ops[op].found = found.map(|found| found && before != Some(false)).or(before);
    }

    /// A person has hung up: what it asked last is owed no answer.
    pub fn left(&mut self, person: usize) {
        if let Some(op) = self.ops.iter_mut().rfind(|op| op.person == person) {
            (op.has_left, op.is_answered) = (true, true);
        }
    }

    pub fn has_left(&self, op: usize) -> bool {
        self.ops[op].has_left
    }

    /// A person is answered.
    pub fn answered(&mut self, op: usize, reply: &Reply) {
        self.event += 1;
        if std::mem::replace(&mut self.ops[op].is_answered, true) {
            return;
        }
        let Op { key, deed, .. } = self.ops[op];
        match (deed, reply) {
            (Deed::Read, Reply::Hit(item)) => self.told_value(op, item.value.as_deref().unwrap_or_default()),
            (Deed::Read, Reply::Miss) => self.told_nothing(op),
            (Deed::Read, other) => {
                let is_lost = self.ops[op].losses != self.losses;
                self.holds(3, is_lost, || format!("op {op} is answered {other:?}"));
            }
            (Deed::Write(version, put), Reply::Hit(_) | Reply::NotFound) => {
                self.newest[key] = self.newest[key].max(version);
                let event = self.event;
                put.iter().for_each(|put| self.puts[*put].told = Some(event));
            }
            (Deed::Write(..) | Deed::Other, _) => {}
        }
        self.in_time(op);
    }

    fn in_time(&mut self, op: usize) {
        let Op { began, found, losses, deed, .. } = self.ops[op];
        let (took, is_lost) = (began.elapsed(), losses != self.losses);
        let may_take = match (deed, found) {
            (Deed::Read, Some(true)) => self.rules.soft,
            (Deed::Read, _) => self.rules.timeout,
            _ => Duration::ZERO,
        };
        self.holds(3, is_lost || took <= may_take + SLACK, || format!("op {op} took {took:?} of {may_take:?}"));
    }

    fn told_value(&mut self, op: usize, value: &[u8]) {
        let Op { newest, began, key, .. } = self.ops[op];
        let Some(put) = self.puts.of(value) else {
            let text = String::from_utf8_lossy(value).into_owned();
            return self.holds(1, false, || format!("op {op} is told what nobody stored: {text}"));
        };
        let Put { version, keep, at, loaded, told, stored, is_read, .. } = self.puts[put];
        let is_looking = is_read && stored.is_some_and(|stored| began.saturating_duration_since(stored) <= SLACK);
        let is_excused = match loaded {
            Some(losses) => losses != self.losses || is_looking,
            None => told.is_none(),
        };
        let is_its = self.puts[put].key == key;
        self.holds(1, is_its, || format!("op {op} is told the value of another key"));
        self.holds(1, version >= newest || is_excused, || {
            format!("op {op} is told put {put} of {version}, though the write of {newest} was finished when it began")
        });
        if self.rules.are_touched {
            return;
        }
        let (grace, kept) = match keep {
            Keep::Never => (Duration::ZERO, Duration::ZERO),
            Keep::Plain(fresh) => (SECOND * fresh, SECOND * fresh),
            Keep::WithGrace(fresh) => {
                let grace = SECOND * (fresh.max(1) + self.rules.policy.grace);
                (grace, grace + SECOND * self.rules.policy.fail_safe)
            }
        };
        // The server's seconds begin when they like.
        let age = began.saturating_duration_since(at).saturating_sub(2 * SECOND);
        self.holds(6, age <= kept, || format!("op {op} is told put {put}, which ended {:?} ago", age - kept));
        let may_be_kept = age <= grace || self.reasons.any(key, began) || began.elapsed() >= self.rules.timeout;
        self.holds(6, may_be_kept, || format!("op {op} is told put {put}, past its grace by {:?}", age - grace));
    }

    fn told_nothing(&mut self, op: usize) {
        let Op { key, began, newest, .. } = self.ops[op];
        let is_patient = began.elapsed() >= self.rules.timeout && self.calls.are_busy_with(key);
        let has_reason = is_patient || self.reasons.any(key, began);
        let is_old = self.reasons.were_any(key) && !has_reason;
        self.holds(4, !is_old, || format!("op {op} is told nothing, and what says so is over"));
        self.holds(3, has_reason, || format!("op {op} is told nothing, after {:?}, for no reason", began.elapsed()));
        let is_current = is_patient || self.reasons.any_as_new(key, began, newest);
        self.holds(1, is_current, || format!("op {op} is told nothing, though the write of {newest} was finished"));
    }

    /// Nothing is on its way: whoever is not answered waits for a call or for its time.
    pub fn silent(&self) {
        let most = self.rules.timeout + SLACK;
        let waits = |op: &Op| !op.is_answered && (op.deed != Deed::Read || op.began.elapsed() > most);
        let late = self.ops.iter().position(waits);
        self.holds(3, late.is_none(), || format!("op {late:?} is not answered, and nothing is on its way"));
    }
}
