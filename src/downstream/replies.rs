//! The order of replies: each leaves when everything asked before it has left, however early it came.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::asked::{Asked, Witness};
use super::gathered::Gathered;
use super::pending::Pending;
use crate::metrics::{RouteId, RouteMoves};
use crate::protocol::{Key, Output, Style};
use crate::upstream::{Arrived, LONG, OWED, ReplyRun};

/// What one client waits for, oldest first.
#[derive(Default)]
pub(super) struct Replies {
    queue: VecDeque<Pending>,
    /// The number of the oldest; numbers wrap.
    oldest: u32,
    /// How many replies are to come.
    awaited: usize,
    /// Bytes of replies that wait for their turn.
    parked: usize,
    /// Bytes of the keys and of the places for them.
    places: usize,
    /// When it was last seen whether the oldest has waited for long, and whether it has.
    looked: Option<(Instant, bool)>,
}

/// A get to which keys are added.
pub(super) struct Extended<'r> {
    asked: &'r mut Asked,
    pub gathered: &'r mut Gathered,
    /// The token of the reply to its first key.
    first: u64,
}

impl Extended<'_> {
    /// The token of the reply to its next key.
    pub(super) fn next_token(&self) -> u64 {
        self.first + self.gathered.len() as u64
    }

    /// Adds a key that was asked for.
    #[inline(always)]
    pub(super) fn add_key(&mut self, key: Key, route: Option<RouteId>) {
        self.asked.route = self.asked.route.or(route);
        self.gathered.push(key, route);
    }
}

/// A queue that grew longer than this gives its memory back once it is empty.
const KEEP: usize = 256;

/// A token is the number of a command, and below it, in so many bits, that of a key of its get.
const PART_BITS: u32 = 32;

impl Replies {
    /// How many requests are in flight or wait for their turn: each key of a get is one, since each is one upstream.
    pub(super) fn in_flight(&self) -> usize {
        self.queue.len().max(self.awaited)
    }

    /// How many replies are to come.
    pub(super) fn awaited(&self) -> usize {
        self.awaited
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many bytes of replies wait for their turn.
    pub(super) fn parked(&self) -> usize {
        self.parked
    }

    /// How many bytes of memory all of it takes, what is kept at servers until they answer included.
    pub(super) fn room(&self) -> usize {
        self.queue.capacity() * size_of::<Pending>() + self.places + self.parked + self.awaited * OWED
    }

    /// Gives back all memory, if nothing waits.
    pub(super) fn trim(&mut self) {
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
    }

    /// Lets go of all of it, as the client is gone. What is kept at servers counts until they have answered.
    pub(super) fn abandon(&mut self) {
        let (awaited, places) = (self.awaited, self.places);
        *self = Replies { awaited, places, ..Replies::default() };
    }

    /// The token of the reply to the next command to be pushed.
    pub(super) fn next_token(&self) -> u64 {
        self.token(self.queue.len(), 0)
    }

    /// The youngest command, if it is a get of several keys.
    pub(super) fn youngest_get(&self) -> Option<&Gathered> {
        match self.queue.back() {
            Some(Pending::Many(_, gathered)) => Some(gathered),
            _ => None,
        }
    }

    fn token(&self, place: usize, part: usize) -> u64 {
        u64::from(self.oldest.wrapping_add(place as u32)) << PART_BITS | part as u64
    }

    /// Has keys asked for by `ask` that belong to the youngest command, a get. True if it says so, or there is none.
    #[inline]
    pub(super) fn extend_get(&mut self, ask: impl FnOnce(&mut Extended<'_>) -> bool) -> bool {
        let first = self.token(self.queue.len().wrapping_sub(1), 0);
        let Some(Pending::Many(asked, gathered)) = self.queue.back_mut() else { return true };
        let (waited, bytes) = (gathered.waiting(), gathered.bytes());
        let is_all = ask(&mut Extended { asked, gathered, first });
        self.awaited += gathered.waiting() - waited;
        self.parked += gathered.bytes() - bytes;
        is_all
    }

    /// Adds the youngest command.
    pub(super) fn push(&mut self, pending: Pending) {
        self.parked += pending.size();
        self.places += pending.places();
        self.awaited += pending.awaits();
        self.queue.push_back(pending);
    }

    /// Puts replies in their places. They stay for a while where the client `is_blocked`: it does not take the output that is
    /// there already. True if that lets replies leave.
    #[inline]
    pub(super) fn fill_all(
        &mut self,
        run: ReplyRun<'_>,
        is_blocked: bool,
        now: Instant,
        witness: &impl Witness,
    ) -> bool {
        let mut lets_leave = false;
        for of_one in run.split(|reply, next| reply.token >> PART_BITS == next.token >> PART_BITS) {
            lets_leave |= self.fill(of_one, is_blocked, now, witness);
        }
        lets_leave
    }

    /// The same for replies to one command.
    #[inline(always)]
    fn fill(&mut self, run: ReplyRun<'_>, is_blocked: bool, now: Instant, witness: &impl Witness) -> bool {
        let Some(Arrived { token, .. }) = run.replies.first() else { return false };
        let place = self.place(*token);
        let must_wait = self.must_wait(place, now);
        let Some(pending) = self.queue.get_mut(place) else {
            debug_assert!(false, "a reply that no request waits for");
            return false;
        };
        let mut values = Bytes::new();
        let run = if must_wait || is_blocked { run.detach(&mut values) } else { run };
        if must_wait {
            pending.detach();
        }
        self.awaited -= run.replies.len();
        let before = pending.size();
        pending.fill(run, witness);
        self.parked += pending.size() - before;
        place == 0 && pending.is_whole()
    }

    /// The key that a reply is about, and how it will be written.
    pub(super) fn asker(&self, token: u64) -> Option<(&Key, Style)> {
        match self.queue.get(self.place(token))? {
            Pending::One(_, key, form, _) => Some((key, form.style.clone())),
            Pending::Many(_, gathered) => gathered.asker(token as u32 as usize),
            Pending::General(..) | Pending::Written(_) => None,
        }
    }

    fn place(&self, token: u64) -> usize {
        ((token >> PART_BITS) as u32).wrapping_sub(self.oldest) as usize
    }

    /// Whether a reply to the command at `place` stays for long: the oldest command has waited for a while already.
    fn must_wait(&mut self, place: usize, now: Instant) -> bool {
        if place == 0 && matches!(self.queue.front(), Some(Pending::One(..))) {
            return false;
        }
        match self.looked {
            Some((at, is_long)) if at == now => is_long,
            _ => {
                let is_long = self.has_waited_long(now);
                self.looked = Some((now, is_long));
                is_long
            }
        }
    }

    fn has_waited_long(&self, now: Instant) -> bool {
        match self.queue.front() {
            Some(Pending::One(asked, ..) | Pending::Many(asked, _)) => now.saturating_duration_since(asked.at) > LONG,
            Some(Pending::General(..)) => true,
            Some(Pending::Written(_)) | None => false,
        }
    }

    /// Lets go of what was read with a command whose reply will take long.
    pub(super) fn detach(&mut self, token: u64) {
        let place = self.place(token);
        if let Some(pending) = self.queue.get_mut(place) {
            pending.detach();
        }
    }

    /// Counts what is in flight from now on as another configuration names its routes.
    pub(super) fn move_routes(&mut self, moves: &RouteMoves) {
        let moved = |route: &mut Option<RouteId>| *route = route.and_then(|id| moves.of(id));
        for pending in &mut self.queue {
            match pending {
                Pending::One(asked, ..) => moved(&mut asked.route),
                Pending::Many(asked, gathered) => {
                    moved(&mut asked.route);
                    gathered.routes().for_each(moved);
                }
                Pending::General(..) | Pending::Written(_) => {}
            }
        }
    }

    /// Whether a part of the oldest reply is written, and more of it waits.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.queue.front(), Some(Pending::Many(_, gathered)) if gathered.is_under_way())
    }

    /// Writes every reply whose turn has come; of a long one as much as may be written at once.
    pub(super) fn write(&mut self, output: &mut Output, witness: &impl Witness) {
        while let Some(pending) = self.queue.front_mut().filter(|pending| pending.is_whole()) {
            if let Pending::Many(_, gathered) = pending {
                let before = gathered.bytes();
                let is_all = gathered.write(output);
                self.parked -= before - gathered.bytes();
                if !is_all {
                    return;
                }
            }
            pending.write(output, witness);
            let (size, places) = (pending.size(), pending.places());
            self.queue.pop_front();
            self.oldest = self.oldest.wrapping_add(1);
            self.looked = None;
            self.parked = if self.queue.is_empty() { 0 } else { self.parked - size };
            self.places -= places;
        }
        if self.queue.is_empty() && self.queue.capacity() > KEEP {
            self.queue = VecDeque::new();
        }
    }
}
