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

use super::world::Rules;
use crate::engine::Simulation;

/// What the network, and memcached's clock of whole seconds, may add.
const SLACK: Duration = Duration::from_millis(400);
const SECOND: Duration = Duration::from_secs(1);
/// What a failed load keeps the next one from.
const FAILED_FOR: Duration = Duration::from_secs(2);

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    Read,
    /// Makes this version known: by a set of this put, or by a delete.
    Write(u64, Option<usize>),
    Other,
}

struct Op {
    person: usize,
    key: usize,
    deed: Deed,
    began: Instant,
    /// The newest version whose write was finished then.
    newest: u64,
    losses: u64,
    /// Whether whatever the server answered was a value that may be served at once.
    found: Option<bool>,
    is_answered: bool,
    has_left: bool,
}

/// A value.
struct Put {
    key: usize,
    version: u64,
    keep: Keep,
    /// When it was made, or made good again.
    at: Instant,
    /// Connections that had been lost when its making began; `None` for a writer's.
    loaded: Option<u64>,
    /// Whether its writer was told that it is stored, and before which event.
    told: Option<u64>,
    /// When the server stored it, and whether it has been read there since.
    stored: Option<Instant>,
    is_read: bool,
}

struct UnderWay {
    key: usize,
    op: usize,
    sidecar: usize,
    upset: u64,
}

/// Why a read may be told that there is nothing.
struct Reason {
    key: Option<usize>,
    at: Instant,
    lasts: Duration,
    /// The truth as it was known to who found nothing.
    version: Option<u64>,
}

/// Watches everything.
pub struct Oracle {
    simulation: Rc<Simulation>,
    rules: Rules,
    ops: Vec<Op>,
    /// By op, the upsets of its key when it was given the lease.
    leases: HashMap<usize, u64>,
    puts: Vec<Put>,
    calls: Vec<UnderWay>,
    /// Calls that wait for their turn: key, op and sidecar.
    queued: Vec<(usize, usize, usize)>,
    reasons: Vec<Reason>,
    /// When a call for the key was last under way.
    busy: Vec<Option<Instant>>,
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
            puts: Vec::new(),
            calls: Vec::new(),
            queued: Vec::new(),
            reasons: Vec::new(),
            busy: vec![None; keys],
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
        self.put(key, version, Keep::WithGrace(ttl), None)
    }

    /// A loaded value.
    pub fn loads(&mut self, key: usize, version: u64, keep: Keep) -> usize {
        let losses = self.calls.iter().find(|call| call.key == key).map_or(0, |call| self.ops[call.op].losses);
        self.put(key, version, keep, Some(losses))
    }

    fn put(&mut self, key: usize, version: u64, keep: Keep, loaded: Option<u64>) -> usize {
        self.puts.push(Put {
            key,
            version,
            keep,
            at: Instant::now(),
            loaded,
            told: None,
            stored: None,
            is_read: false,
        });
        self.puts.len() - 1
    }

    /// A value that is known to be the value still.
    pub fn renew(&mut self, put: usize, keep: Keep) {
        let losses = self.losses;
        let put = &mut self.puts[put];
        (put.keep, put.at) = (keep, Instant::now());
        put.loaded = put.loaded.map(|_| losses);
    }

    pub fn text(&self, put: usize) -> String {
        format!("{}:{put}", self.puts[put].version)
    }

    pub fn put_of(&self, value: &[u8]) -> Option<usize> {
        let text = std::str::from_utf8(value).ok()?.trim_end_matches('+');
        text.split_once(':')?.1.parse().ok().filter(|put| *put < self.puts.len())
    }

    pub fn version_of(&self, put: usize) -> u64 {
        self.puts[put].version
    }

    pub fn keep_of(&self, put: usize) -> Keep {
        self.puts[put].keep
    }

    pub fn call_waits(&mut self, (key, op): (usize, usize), sidecar: usize) {
        self.queued.push((key, op, sidecar));
    }

    /// One that waited does no more: it is made now, or refused.
    pub fn call_is_due(&mut self, key: usize, op: usize) {
        let before = self.queued.len();
        self.queued.retain(|queued| (queued.0, queued.1) != (key, op));
        if self.queued.len() < before {
            self.busy[key] = Some(Instant::now());
        }
    }

    pub fn call_begins(&mut self, (key, op): (usize, usize), upset: u64, sidecar: usize, most: usize) {
        let other = self.calls.iter().find(|call| call.key == key && call.upset == upset).map(|call| call.op);
        self.holds(2, other.is_none(), || format!("op {op} is loaded while op {other:?} is"));
        self.calls.push(UnderWay { key, op, sidecar, upset });
        let at_once = self.calls.iter().filter(|call| call.sidecar == sidecar).count();
        self.holds(5, at_once <= most, || format!("{at_once} calls of sidecar {sidecar} are under way"));
    }

    /// Of an op whose lease was revoked two may be under way; the first one ends first, or is as good as the other.
    pub fn call_ends(&mut self, key: usize, op: usize) {
        if let Some(place) = self.calls.iter().position(|call| (call.key, call.op) == (key, op)) {
            self.calls.remove(place);
        }
        self.busy[key] = Some(Instant::now());
    }

    /// A call failed, or was not made.
    pub fn failed(&mut self, key: usize) {
        self.excuse(Some(key), FAILED_FOR, None);
    }

    pub fn found_none(&mut self, key: usize, version: u64) {
        self.excuse(Some(key), SECOND * self.rules.negative_ttl, Some(version));
    }

    fn excuse(&mut self, key: Option<usize>, lasts: Duration, version: Option<u64>) {
        self.reasons.push(Reason { key, at: Instant::now(), lasts, version });
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
        self.excuse(None, SECOND * self.rules.policy.lease, None);
    }

    pub fn sidecar_died(&mut self, sidecar: usize) {
        self.calls.retain(|call| call.sidecar != sidecar);
        self.queued.retain(|queued| queued.2 != sidecar);
        self.lost();
    }

    /// The server stored a value.
    pub fn stored(&mut self, value: &[u8]) {
        if let Some(put) = self.put_of(value) {
            (self.puts[put].stored, self.puts[put].is_read) = (Some(Instant::now()), false);
        }
    }

    /// The server answered a question about an item.
    pub fn seen(&mut self, op: usize, reply: &Reply) {
        if let Reply::Hit(item) = reply
            && let Some(put) = self.put_of(item.value.as_deref().unwrap_or_default())
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
        let Some(put) = self.put_of(value) else {
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
        let may_be_kept = age <= grace || self.has_reason(op, |_| true) || began.elapsed() >= self.rules.timeout;
        self.holds(6, may_be_kept, || format!("op {op} is told put {put}, past its grace by {:?}", age - grace));
    }

    fn told_nothing(&mut self, op: usize) {
        let Op { key, began, newest, .. } = self.ops[op];
        let is_busy = self.calls.iter().any(|call| call.key == key)
            || self.queued.iter().any(|queued| queued.0 == key)
            || self.busy[key].is_some_and(|at| at.elapsed() <= SLACK);
        let is_patient = began.elapsed() >= self.rules.timeout && is_busy;
        let has_any =
            self.reasons.iter().any(|reason| reason.key.is_none_or(|of| of == key) && reason.at <= Instant::now());
        let has_reason = is_patient || self.has_reason(op, |_| true);
        let is_old = has_any && !has_reason;
        self.holds(4, !is_old, || format!("op {op} is told nothing, and what says so is over"));
        self.holds(3, has_reason, || format!("op {op} is told nothing, after {:?}, for no reason", began.elapsed()));
        let is_current = is_patient || self.has_reason(op, |reason| reason.version.is_none_or(|known| known >= newest));
        self.holds(1, is_current, || format!("op {op} is told nothing, though the write of {newest} was finished"));
    }

    fn has_reason(&self, op: usize, is_good: impl Fn(&Reason) -> bool) -> bool {
        let Op { key, began, .. } = self.ops[op];
        self.reasons.iter().any(|reason| {
            // memcached keeps what lasts so many seconds for up to one more, and leash notices within another.
            let until = reason.at + reason.lasts + 2 * SECOND + SLACK;
            reason.key.is_none_or(|of| of == key) && began <= until && is_good(reason)
        })
    }

    /// Nothing is on its way: whoever is not answered waits for a call or for its time.
    pub fn silent(&self) {
        let most = self.rules.timeout + SLACK;
        let waits = |op: &Op| !op.is_answered && (op.deed != Deed::Read || op.began.elapsed() > most);
        let late = self.ops.iter().position(waits);
        self.holds(3, late.is_none(), || format!("op {late:?} is not answered, and nothing is on its way"));
    }
}
