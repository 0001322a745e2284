//! Reads that cannot simply pass: a stale value that somebody must regenerate, or no value where others wait for one.

use std::rc::Rc;
use std::time::Instant;

use super::lease::Asked;
use super::win::{Lease, Win};
use super::{Client, Refresh, Subject};
use crate::metrics::LeaseOutcome;
use crate::protocol::{Command, Get, Item, Key, Reply, Request, Returns};
use crate::route::refresh::decide::{Age, Holding, ItemId, TICK};
use crate::route::refresh::leases::{Claimed, End, Reading};
use crate::route::{Answer, Deadline, Route, Verdict};

/// What a caller who asked for the lease found.
pub(super) enum Found {
    /// The caller is to regenerate the item; what there is of it until then.
    Won(Option<Item>),
    /// Somebody else does, or nobody has to; the item as it is now.
    Other(Option<Item>),
    /// The item could not be read again.
    Trouble(Reply),
}

/// Who asks for a lease, and for what.
pub(super) struct Asker<'a> {
    pub subject: Subject<'a>,
    pub get: &'a Get,
    /// The seconds left of the value that was found, if one was.
    pub value_left: Option<i64>,
    /// When the value ends that is to be refreshed before its stale date.
    pub early_end: Option<Instant>,
    /// When the caller is answered at the latest: it wins nothing after that.
    pub deadline: Deadline,
}

impl Refresh {
    /// A read that had to wait for its turn, and gives it to the next as soon as the reply to it is known.
    pub(super) async fn get(
        self: Rc<Self>,
        request: Request,
        client: Rc<Client>,
        turn: impl Sized,
        deadline: Deadline,
    ) -> Reply {
        let Command::Get(get) = &request.command else { return Reply::Miss };
        let asked = Request { key: request.key.clone(), command: Command::Get(super::judged(get)) };
        let reply = self.below.call(&asked, &client).await;
        drop(turn);
        match self.judge(&request, &client, reply) {
            Verdict::Pass(reply) => reply,
            Verdict::Refuse(refused) => self.recover(request, client, refused, deadline).await,
        }
    }

    /// A value that is stale, or due early, and that nobody here regenerates: one caller asks for the lease, and all
    /// who come meanwhile are served what there is.
    pub(super) async fn refresh(
        self: Rc<Self>,
        key: Key,
        get: Get,
        client: Rc<Client>,
        item: Item,
        deadline: Deadline,
    ) -> Reply {
        let (id, now) = (self.id(&key), self.scene.now());
        // The client's next request about this key is under way: its work is not for this one to see.
        if client.is_overtaken(id) {
            return self.told_as_found(item, &get);
        }
        let ends = self.ends(&item, now);
        let Ok(claimed) = self.leases.claim(id, now, Some(ends)) else {
            return self.told_as_found(item, &get);
        };
        let early_end = (!self.policy.is_stale(&item)).then_some(ends);
        let subject = Subject { key: &key, id, client: &client };
        let asker = Asker { subject, get: &get, value_left: Some(item.ttl), early_end, deadline };
        match self.win(&asker, claimed).await {
            Found::Won(item) => self.told_to_winner(item, &get),
            Found::Other(Some(item)) => self.told_as_found(item, &get),
            Found::Other(None) if self.policy.cold_wait.is_zero() => Reply::Miss,
            Found::Other(None) => self.find_cold(key, get, client, deadline).await,
            Found::Trouble(_) => self.told_as_found(item, &get),
        }
    }

    /// Asks for the lease that was claimed, and settles the claim. The client's next request about the key waits until
    /// then, as it may be the winner's set.
    pub(super) async fn win(self: &Rc<Self>, asker: &Asker<'_>, claimed: Claimed) -> Found {
        if claimed.has_expired {
            self.shard.lease(self.route, LeaseOutcome::Expired);
        }
        let turn = asker.subject.client.turns.enter(asker.subject.id);
        let (asked, reply, reading) = self.ask_lease(asker, &claimed.slot).await;
        drop(turn);
        let item = match reply {
            Reply::Hit(item) => Some(item),
            Reply::Miss => None,
            trouble => {
                if let Asked::Granted(lease) = &asked {
                    self.give_back(&asker.subject, lease);
                }
                return Found::Trouble(trouble);
            }
        };
        match asked {
            Asked::Lost(seconds) => {
                self.shard.lease(self.route, LeaseOutcome::Lost);
                self.lost(asker.subject.id, &claimed, (item.as_ref(), reading), seconds);
                // Those who waited for this answer could not know yet that the winner is elsewhere.
                self.look_out(&asker.subject, &claimed.slot);
                Found::Other(item)
            }
            Asked::Granted(lease) => self.granted(asker, &claimed, (item, reading), Some(lease)),
            Asked::Unasked => self.granted(asker, &claimed, (item, reading), None),
        }
    }

    /// Somebody else has the lease. Who waits for a value is given it, if it has come meanwhile.
    fn lost(&self, id: ItemId, claimed: &Claimed, (item, reading): (Option<&Item>, Reading), seconds: i64) {
        let now = self.scene.now();
        match item {
            Some(item) if !self.policy.is_stale(item) => self.hand_over(id, claimed, item, reading),
            _ => claimed.slot.settle(Holding::Taken {
                until: now + self.policy.asks_again_after(seconds),
                value_ends: item.map(|item| self.ends(item, now)),
                is_here: false,
            }),
        }
    }

    /// The lease is ours, unless what it is for was done while we asked.
    fn granted(
        &self,
        asker: &Asker<'_>,
        claimed: &Claimed,
        (item, reading): (Option<Item>, Reading),
        lease: Option<Lease>,
    ) -> Found {
        let now = self.scene.now();
        // The caller was told that there is no answer, so it regenerates nothing by this lease.
        if asker.deadline.is_over() {
            lease.iter().for_each(|lease| self.give_back(&asker.subject, lease));
            claimed.slot.give_back();
            return Found::Other(item);
        }
        let ends = item.as_ref().map(|item| self.ends(item, now));
        if let Some(newer) = item.as_ref().filter(|item| !self.is_to_do(asker, item, now)) {
            lease.iter().for_each(|lease| self.give_back(&asker.subject, lease));
            self.hand_over(asker.subject.id, claimed, newer, reading);
            return Found::Other(item);
        }
        let outcome = if lease.is_some() { LeaseOutcome::Granted } else { LeaseOutcome::Unasked };
        self.shard.lease(self.route, outcome);
        let asked = lease.as_ref().map_or(now, |lease| lease.asked);
        claimed.slot.settle(Holding::Taken {
            until: asked + self.policy.lease_time(),
            value_ends: ends,
            is_here: true,
        });
        let stale = item.as_ref().map(|item| item.cas);
        asker.subject.client.won(asker.subject.id, Win { stale, lease, told: now, slot: claimed.slot.clone() });
        Found::Won(item)
    }

    /// Whether `item` still is what the lease was asked for.
    pub(super) fn is_to_do(&self, asker: &Asker<'_>, item: &Item, now: Instant) -> bool {
        let is_same = |end: Instant| self.ends(item, now) <= end + TICK;
        self.policy.is_stale(item) || asker.early_end.is_some_and(is_same)
    }

    fn hand_over(&self, id: ItemId, claimed: &Claimed, item: &Item, reading: Reading) {
        self.leases.end_slot(id, &claimed.slot, End::Found(self.policy.as_told(item.clone()), reading));
    }

    /// The item with all that a winner, a reader and those who wait for it need to know.
    pub(super) fn read_whole(&self, subject: &Subject<'_>, get: &Get) -> Answer {
        let returns = get.returns.and(Returns::VALUE).and(Returns::CAS).and(Returns::SIZE);
        self.call(subject, Command::Get(super::judged(&Get { returns, ..get.clone() })))
    }

    /// What a winner is told: to regenerate the value, in the way it understands.
    pub(super) fn told_to_winner(&self, item: Option<Item>, get: &Get) -> Reply {
        let is_stale = item.as_ref().is_some_and(|item| self.policy.is_stale(item));
        if item.is_some() && !is_stale {
            self.shard.early_refresh(self.route);
        }
        let Some(item) = item.filter(|_| get.knows_marks) else { return Reply::Miss };
        let mut item = self.policy.as_told(as_asked(item, get));
        item.marks = if is_stale { *b"XW\0" } else { *b"W\0\0" };
        Reply::Hit(item)
    }

    /// What a reader is told who does not regenerate the value.
    pub(super) fn told_as_found(&self, item: Item, get: &Get) -> Reply {
        let item = as_asked(item, get);
        match self.policy.age(&item) {
            Age::Stale(age) => self.told_stale(item, age, get),
            Age::Unjudged | Age::Fresh(_) => Reply::Hit(self.policy.as_told(item)),
        }
    }
}

/// Leaves the value out where it was not asked for: its being there is what tells `VA` from `HD`.
pub(super) fn as_asked(mut item: Item, get: &Get) -> Item {
    item.value = item.value.filter(|_| get.returns.has(Returns::VALUE));
    item
}
