//! What is promised, held against every reply.
//!
//! 1. **Nothing replaced.** Let a write or delete begin after the write of a value was finished, and be finished before
//!    a read begins. Then the read does not return that value. A write that was cut off by a crash, or answered that
//!    its time was over, is finished when nothing of it is under way any more.
//! 2. **No lost update.** No `cas` succeeds if another write came between its `gets` and it.
//! 3. **Every count once.** No two increments are answered with the same number, later ones are answered with higher
//!    ones, and the counter does not get lost.
//! 4. **One owner.** A lock that was given is not given to another until its owner begins to give it back.
//! 5. **One value.** When all is done and nobody crashed, the two pools do not have different values.
//! 6. Nobody sees a claim.

use leash::protocol::{Item, Reply};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Set,
    Delete,
    Read,
    /// A cas, with the read it goes by.
    Cas(usize),
    Count,
    /// A count by `cas`, to this number.
    Swap(usize),
    /// A read of a counter.
    Look,
    Take,
    Release,
}

/// Something somebody does, from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Op {
    pub deed: Deed,
    pub person: usize,
    pub start: u64,
    pub end: Option<u64>,
    pub is_crashed: bool,
    /// Whether it was answered that there was no answer in time: it may still be done.
    pub is_late: bool,
    pub reply: Option<Reply>,
}

impl Op {
    fn has_replaced(&self) -> bool {
        let is_write = matches!((self.deed, &self.reply), (Deed::Set | Deed::Cas(_), Some(Reply::Hit(_))));
        is_write || (self.deed == Deed::Delete && matches!(self.reply, Some(Reply::Hit(_) | Reply::NotFound)))
    }

    /// Whether it is done, and was before that moment.
    fn is_before(&self, tick: u64) -> bool {
        self.end.is_some_and(|end| end < tick)
    }
}

/// What is wrong with the reply to `op`, if anything is.
pub fn judge(ops: &[Op], op: usize) -> Option<String> {
    let this = &ops[op];
    let reply = this.reply.as_ref()?;
    if let Reply::Hit(Item { value: Some(value), .. }) = reply
        && (value.starts_with(b"leash") || value.len() > 12)
    {
        return Some(format!("promise 6: op {op} sees {value:?}"));
    }
    match (this.deed, reply) {
        _ if this.is_late => None,
        (Deed::Read, Reply::Hit(item)) => judge_read(ops, op, number(item)?),
        (Deed::Cas(read), Reply::Hit(_)) => judge_cas(ops, op, read),
        (Deed::Swap(_), Reply::Exists) => None,
        (Deed::Count | Deed::Swap(_), reply) => judge_count(ops, op, reply),
        (Deed::Take, Reply::Hit(_)) => judge_lock(ops, op),
        (_, Reply::Error(_) | Reply::Failed(_)) => Some(format!("op {op} fails: {reply:?}")),
        _ => None,
    }
}

pub fn number(item: &Item) -> Option<usize> {
    std::str::from_utf8(item.value.as_ref()?).ok()?.trim().parse().ok()
}

fn judge_read(ops: &[Op], read: usize, written: usize) -> Option<String> {
    if matches!(ops[written].reply, Some(Reply::NotStored | Reply::NotFound | Reply::Exists)) {
        return Some(format!("promise 1: read {read} returns what op {written} was told not to be stored"));
    }
    let written_end = ops[written].end?;
    let replaces = |op: &Op| op.has_replaced() && op.start > written_end && op.is_before(ops[read].start);
    let by = ops.iter().position(replaces)?;
    Some(format!("promise 1: read {read} returns what op {written} wrote and op {by} replaced"))
}

fn judge_cas(ops: &[Op], cas: usize, read: usize) -> Option<String> {
    let read_end = ops[read].end?;
    let between = |op: &Op| op.has_replaced() && op.start > read_end && op.is_before(ops[cas].start);
    let by = ops.iter().position(between)?;
    Some(format!("promise 2: cas {cas} succeeds although op {by} came after its read {read}"))
}

fn counted(op: &Op) -> Option<usize> {
    match (&op.deed, &op.reply) {
        (Deed::Count, Some(Reply::Hit(item))) => number(item),
        (Deed::Swap(next), Some(Reply::Hit(_))) => Some(*next),
        _ => None,
    }
}

fn judge_count(ops: &[Op], op: usize, reply: &Reply) -> Option<String> {
    let Some(count) = counted(&ops[op]) else { return Some(format!("promise 3: op {op} finds no counter: {reply:?}")) };
    let others = ops.iter().enumerate().filter(|(other, _)| *other != op);
    for (other, theirs) in others.filter_map(|(other, it)| Some((other, counted(it)?))) {
        if theirs == count {
            return Some(format!("promise 3: ops {other} and {op} both count {count}"));
        }
        if theirs > count && ops[other].is_before(ops[op].start) {
            return Some(format!("promise 3: op {op} counts {count} after op {other} counted {theirs}"));
        }
    }
    None
}

/// The highest number anybody was told.
pub fn highest_count(ops: &[Op]) -> usize {
    ops.iter().filter_map(counted).max().unwrap_or(0)
}

fn judge_lock(ops: &[Op], take: usize) -> Option<String> {
    let holds = |op: usize, it: &Op| {
        let is_given = it.deed == Deed::Take && matches!(it.reply, Some(Reply::Hit(_)));
        let gives_back =
            |later: &Op| later.deed == Deed::Release && later.person == it.person && later.start > it.start;
        op != take && is_given && !ops.iter().any(gives_back)
    };
    let holder = ops.iter().enumerate().find(|(op, it)| holds(*op, it))?.0;
    Some(format!("promise 4: op {take} is given the lock that op {holder} has"))
}
