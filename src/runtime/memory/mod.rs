//! What one worker holds for its peers, as a part of the one account of the process. Only that worker writes it.
//!
//! ```text
//!   Share ── a buffer, a table ──▶ Holder ── a client ──▶ Memory ── a worker ──▶ Account ── the process
//! ```
//! Everything that a peer can make grow has a [`Share`], which says how much room it takes: the room that was
//! allocated, where that differs from what is in it. The shares of one client add up in its [`Holder`], so that leash
//! knows which client holds most when memory is short.
//!
//! | level | what happens |
//! |---|---|
//! | below half of the limit | nothing |
//! | above half | a client that waits for more than a few requests asks no more until some are answered |
//! | tight: above 7/8 | clients that hold more than a little are not read from while they are owed replies; who does not take replies is closed, the largest first |
//! | no room | what would not fit is refused, unless its holder has only a little |
//! | full: above the limit by more than workers can be wrong | the largest holder is closed, whether or not it reads |

mod account;
mod buffers;
mod shed;
pub(crate) mod thread_cache;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::runtime::net::ROOM;

pub use account::Account;
use account::{little, tight};
pub(crate) use buffers::{Buffer, Buffers};
pub use shed::Shed;

/// Enough for the beginning of a line that is taken in pieces, so that none must be kept until there is more of it.
const READ_IF_TIGHT: usize = 24 * 1024;

/// The bytes one worker holds.
pub struct Memory {
    account: Arc<Account>,
    /// Which worker it is.
    number: usize,
    held: Cell<usize>,
    /// How much of that the account knows of.
    told: Cell<usize>,
    /// The holder of what belongs to no client.
    nobody: Rc<Cell<usize>>,
    /// What it reads into.
    pub(crate) buffers: Buffers,
}

impl Memory {
    /// Of a worker that has an account of its own, `most` allowed.
    pub fn new(most: usize) -> Rc<Memory> {
        Memory::of(&Account::new(most, 1), 0)
    }

    /// Of worker number `number`, as a part of `account`.
    pub fn of(account: &Arc<Account>, number: usize) -> Rc<Memory> {
        let (held, told) = (Cell::new(0), Cell::new(0));
        let (nobody, buffers) = (Rc::default(), Buffers::default());
        Rc::new(Memory { account: account.clone(), number, held, told, nobody, buffers })
    }

    /// Of a thread beside the workers, which has no clients to close.
    pub fn beside_workers(account: &Arc<Account>) -> Rc<Memory> {
        Memory::of(account, usize::MAX)
    }

    /// The account of the process.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Whether more is held than allowed.
    pub fn is_full(&self) -> bool {
        self.held() > self.account.most()
    }

    /// Whether so much is held that leash should read no more from clients that hold much.
    pub fn is_tight(&self) -> bool {
        self.held() > tight(self.account.most())
    }

    /// How much is read from a client at once: not much while memory is tight, as what may not be asked yet is kept.
    pub(crate) fn most_read(&self) -> usize {
        if self.is_tight() { READ_IF_TIGHT } else { ROOM }
    }

    /// Gives back a part of what this worker keeps ready, which no account counts, and has not needed. Called once a second, so
    /// that little of it is left soon after a crowd.
    pub(crate) fn give_back(&self) {
        self.buffers.give_back();
        thread_cache::look_through();
    }

    /// How many bytes more may be held before it is tight.
    pub fn spare(&self) -> usize {
        tight(self.account.most()).saturating_sub(self.held())
    }

    /// How many bytes more may be held before it is more than half of what is allowed.
    pub fn left_of_half(&self) -> usize {
        (self.account.most() / 2).saturating_sub(self.held())
    }

    /// Whether `bytes` more would still be allowed.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= self.account.most()
    }

    /// Takes `bytes` that a share is about to hold out of what is left. What is only looked at with
    /// [`Memory::has_room`], two workers may see and both take.
    fn take(&self, bytes: usize) -> bool {
        let (held, told) = (self.held.get(), self.told.get());
        let is_taken = self.account.take(bytes, held.wrapping_sub(told));
        if is_taken {
            self.told.set(told + bytes);
        }
        is_taken
    }

    /// How many bytes the process holds: what all workers told, and what this one has not told yet.
    pub fn held(&self) -> usize {
        self.account.told().wrapping_add(self.held.get()).wrapping_sub(self.told.get())
    }

    /// What is held too much, if memory is short. Two workers that both see room may take it together: nobody is closed
    /// for so little.
    pub fn excess(&self) -> Option<Excess> {
        let (held, most) = (self.held(), self.account.most());
        let is_full = held > most.saturating_add(self.account.doubt());
        let bytes = held.checked_sub(if is_full { most } else { tight(most) }).filter(|bytes| *bytes > 0)?;
        Some(Excess { bytes, is_full })
    }

    /// Whether this worker's largest holder, of so many bytes, is the largest of all workers.
    pub fn is_largest(&self, bytes: usize) -> bool {
        self.account.is_largest(self.number, bytes)
    }

    /// Counts something that is given up because memory is short.
    #[cold]
    pub fn shed(&self, what: Shed) {
        self.account.count(what);
    }

    /// What was `before` bytes is `now`.
    #[inline]
    fn change(&self, before: usize, now: usize) {
        let held = self.held.get() - before + now;
        self.held.set(held);
        if held.abs_diff(self.told.get()) >= self.account.step() {
            self.tell();
        }
    }

    #[cold]
    fn tell(&self) {
        let held = self.held.get();
        self.account.tell(self.told.replace(held), held);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.account.tell(self.told.get(), 0);
    }
}

/// What is held too much.
#[derive(Clone, Copy, Debug)]
pub struct Excess {
    bytes: usize,
    /// Whether it is above the limit, not only near to it.
    pub is_full: bool,
}

impl Excess {
    /// What is left of it when `bytes` are given back.
    pub fn less(self, bytes: usize) -> Option<Excess> {
        let bytes = self.bytes.checked_sub(bytes).filter(|bytes| *bytes > 0)?;
        Some(Excess { bytes, ..self })
    }
}

/// One client, by what is held for it.
#[derive(Clone)]
pub struct Holder {
    memory: Rc<Memory>,
    bytes: Rc<Cell<usize>>,
}

impl Holder {
    /// A client for which nothing is held yet.
    pub fn new(memory: &Rc<Memory>) -> Holder {
        Holder { memory: memory.clone(), bytes: Rc::default() }
    }

    /// A holder without a limit, for leash's own requests.
    pub fn unbounded() -> Holder {
        Holder::new(&Memory::new(usize::MAX))
    }

    /// A further share, of nothing yet.
    pub fn share(&self) -> Share {
        Share { memory: self.memory.clone(), holder: self.bytes.clone(), bytes: 0 }
    }

    /// Counts something that is given up because there is no room for it.
    pub fn shed(&self, what: Shed) {
        self.memory.shed(what);
    }

    /// How many bytes are held for it.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Whether it holds so little that it goes on however short memory is.
    pub fn has_little(&self) -> bool {
        self.would_have_little(0)
    }

    /// Whether `bytes` more may be held for it: if there is room, or it has only a little.
    #[inline]
    pub fn may_take(&self, bytes: usize) -> bool {
        self.memory.has_room(bytes) || self.would_have_little(bytes)
    }

    /// Takes `bytes` that one of its shares is about to hold, under the same condition.
    pub fn takes(&self, bytes: usize) -> bool {
        self.memory.take(bytes) || self.would_have_little(bytes)
    }

    /// The same of what others need more: only while memory is not [tight](Memory::is_tight) with it.
    pub fn takes_of_spare(&self, bytes: usize) -> bool {
        (bytes <= self.memory.spare() && self.memory.take(bytes)) || self.would_have_little(bytes)
    }

    fn would_have_little(&self, bytes: usize) -> bool {
        self.bytes().saturating_add(bytes) <= little(self.memory.account.most())
    }
}

/// One buffer's or table's part of what is held; given back when it goes.
pub struct Share {
    memory: Rc<Memory>,
    holder: Rc<Cell<usize>>,
    bytes: usize,
}

impl Share {
    /// A share of `memory` that belongs to no client, of nothing yet.
    pub fn new(memory: &Rc<Memory>) -> Share {
        Share { memory: memory.clone(), holder: memory.nobody.clone(), bytes: 0 }
    }

    /// It now takes `bytes`.
    #[inline]
    pub fn set(&mut self, bytes: usize) {
        if bytes != self.bytes {
            // Every share is a part of both sums, so taking it out first cannot go below 0.
            self.holder.set(self.holder.get() - self.bytes + bytes);
            self.memory.change(self.bytes, bytes);
            self.bytes = bytes;
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_the_sum_of_the_shares_that_are_left() {
        let memory = Memory::new(100);
        let (mut one, mut other) = (Share::new(&memory), Share::new(&memory));
        one.set(60);
        other.set(40);
        assert!(!memory.is_full() && !memory.has_room(1));
        other.set(41);
        assert!(memory.is_full());
        drop(one);
        assert_eq!(memory.held(), 41);
        drop(other);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn workers_share_one_account_and_one_may_use_what_the_others_do_not() {
        let account = Account::new(1600, 2);
        let (busy, idle) = (Memory::of(&account, 0), Memory::of(&account, 1));
        let mut share = Share::new(&busy);
        share.set(1500);
        assert!(busy.has_room(100) && !busy.has_room(101));
        assert!(idle.held().abs_diff(1500) <= account.step(), "the other worker knows it to a step");
        drop(share);
        drop(busy);
        assert_eq!((idle.held(), account.told()), (0, 0), "a worker that ends holds nothing");
    }

    #[test]
    fn two_workers_that_take_the_same_room_are_no_reason_to_close_anyone() {
        let account = Account::new(1600, 2);
        let (one, other) = (Memory::of(&account, 0), Memory::of(&account, 1));
        let (mut first, mut second) = (Share::new(&one), Share::new(&other));
        first.set(1550);
        assert!(one.has_room(50) && other.has_room(50));
        first.set(1600);
        second.set(50);
        assert!(one.is_full() && !one.excess().unwrap().is_full && !other.excess().unwrap().is_full);
        second.set(151);
        assert!(one.excess().unwrap().is_full && other.excess().unwrap().is_full);
    }

    #[test]
    fn what_one_worker_takes_no_other_can_take_however_little_it_has_told() {
        let account = Account::new(1600, 2);
        let (one, other) = (Memory::of(&account, 0), Memory::of(&account, 1));
        let (mut first, mut second) = (Share::new(&one), Share::new(&other));
        first.set(40);
        assert!(one.has_room(900) && other.has_room(900), "both see room");
        assert!(one.take(900) && !other.take(900), "only one has it");
        first.set(940);
        assert!(!other.take(701) && other.take(600));
        second.set(600);
        assert_eq!((one.held(), account.told()), (1540, 1500), "what was taken is counted once");
        drop((first, second));
        drop((one, other));
        assert_eq!(account.told(), 0);
    }

    #[test]
    fn threads_that_take_at_the_same_time_never_have_more_than_there_is() {
        const MOST: usize = 64 << 20;
        let account = Account::new(MOST, 4);
        let held = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for number in 0..4 {
                let (account, held) = (&account, &held);
                threads.spawn(move || {
                    let memory = Memory::of(account, number);
                    for round in 0..2000 {
                        let (mut share, bytes) = (Share::new(&memory), (20 << 20) + round);
                        if memory.take(bytes) {
                            let sum = held.fetch_add(bytes, std::sync::atomic::Ordering::SeqCst) + bytes;
                            assert!(sum <= MOST, "{sum} bytes");
                            share.set(bytes);
                            held.fetch_sub(bytes, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(account.told(), 0);
    }

    #[test]
    fn who_has_little_may_take_a_little_when_there_is_no_room() {
        let memory = Memory::new(64 << 20);
        let (large, small) = (Holder::new(&memory), Holder::new(&memory));
        let (mut flood, mut buffer) = (large.share(), small.share());
        flood.set(64 << 20);
        assert!(!large.may_take(1) && small.may_take(16 << 10) && !small.may_take((16 << 10) + 1));
        buffer.set(16 << 10);
        assert!(!small.may_take(1) && small.has_little());
        assert_eq!((large.bytes(), small.bytes()), (64 << 20, 16 << 10));
    }

    #[test]
    fn only_the_largest_holder_of_all_workers_is_the_largest() {
        let account = Account::new(100, 2);
        let (one, other) = (Memory::of(&account, 0), Memory::of(&account, 1));
        assert!(one.is_largest(40) && other.is_largest(50));
        assert!(!one.is_largest(40) && one.is_largest(50));
    }
}
