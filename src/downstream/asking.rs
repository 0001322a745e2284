//! A get of several keys on its way: its keys are asked for in the order of the line, in one stint or in many, as far
//! as the client may have more in flight. Until the last one is asked for, nothing behind the get is begun; its reply
//! leaves as one.

use std::rc::Rc;

use super::asked::Asked;
use super::connection::{Connection, NO_ROOM};
use super::dispatch::no_route;
use super::gathered::{Gathered, GetEnding, MANY};
use super::outbox::{Asking, Outbox, Takes};
use super::pending::Pending;
use super::replies::Extended;
use super::stint::Stint;
use crate::config::QueueMode;
use crate::metrics::RouteId;
use crate::protocol::{Command, Form, Get, Key, Reply, Request, Style};
use crate::route::Tree;
use crate::runtime::memory::Shed;
use crate::upstream::Ticket;

impl Connection {
    /// Begins a get of several keys, if there is memory for it. The room for many is taken at once: two workers may see the
    /// same.
    pub(super) fn ask_many(self: &Rc<Self>, keys: Vec<Key>, get: Get, form: Form, ending: GetEnding) {
        let room = Gathered::room(&keys);
        let has_room = if keys.len() > MANY { self.holder.takes_of_spare(room) } else { self.holder.may_take(room) };
        if !has_room {
            self.service.memory.shed(Shed::Request);
            return self.tell(form, Reply::Error(NO_ROOM.into()));
        }
        let command = Command::Get(get);
        let class = command.class();
        let with_cas = form.style == Style::Get { cas: true };
        let gathered = Gathered::new(keys.len(), room, class, with_cas, ending);
        let asked = Asked { at: self.service.turn.now(), route: None, class, tallies: None };
        let takes = match ending {
            GetEnding::Spoilt => Takes::None,
            GetEnding::Items if with_cas => Takes::First,
            GetEnding::Items => Takes::Each,
        };
        let mut state = self.state.borrow_mut();
        let mut rest = keys.into_iter();
        let first = rest.next().map(|key| Request { key, command });
        state.asking = first.map(|request| Asking { request, rest, takes, is_waiting: false });
        self.push(&mut state, Pending::Many(asked, gathered));
    }

    /// Goes on with the get that is being asked for, if there is one. Whether the client must take replies now before it may ask
    /// for more: while a part of a get is left for later, nothing behind it may be asked.
    #[inline]
    pub(super) fn ask_on(self: &Rc<Self>, stint: &mut Stint) -> bool {
        loop {
            let is_full = self.is_full();
            if is_full || stint.is_over() || self.state.borrow().asking.is_none() {
                return is_full;
            }
            self.ask_rest(stint);
        }
    }

    fn ask_rest(self: &Rc<Self>, stint: &mut Stint) {
        let mut state = self.state.borrow_mut();
        let Some(mut asking) = state.asking.take() else { return };
        let room = self.may_be_added(state.replies.awaited());
        let is_all = state.replies.extend_get(|get| self.ask_keys(&mut asking, get, room, stint));
        if !is_all {
            state.asking = Some(asking);
            state.count();
        }
        self.write_replies(&mut state);
    }

    /// Asks for the next keys, as far as `room` for replies that are awaited and the stint go. True if that were all.
    #[inline(always)]
    fn ask_keys(self: &Rc<Self>, asking: &mut Asking, get: &mut Extended<'_>, room: usize, stint: &mut Stint) -> bool {
        let (tree, most) = (self.service.tree.borrow(), get.gathered.waiting() + room);
        while !stint.is_over() && get.gathered.waiting() < most {
            asking.is_waiting =
                asking.takes == Takes::First && self.must_wait(&tree, get.gathered, &asking.request.key);
            if asking.is_waiting {
                return false;
            }
            stint.request();
            let (route, reply) = match self.is_passed_over(&tree, get.gathered, asking) {
                true => (None, Some(Reply::Miss)),
                false => self.ask_key(&tree, get.next_token(), &asking.request),
            };
            let is_last = asking.add_to(get, route);
            if let Some(reply) = reply {
                self.note(&reply);
                get.gathered.fill_last(reply, &**self);
            }
            if is_last {
                return true;
            }
        }
        false
    }

    /// Wakes the task for a get that waits until fewer keys are in flight; once half are answered, so that many go
    /// together.
    pub(super) fn ask_on_later(&self, state: &Outbox) {
        if state.paused && state.asking.is_some() && state.replies.awaited() <= self.service.limits().in_flight / 2 {
            self.wake();
        }
    }

    /// Whether a key is a queue of which no message may be taken before it is known what is in those in front of it.
    fn must_wait(&self, tree: &Tree, get: &Gathered, key: &Key) -> bool {
        get.waiting() > 0 && self.queue_mode(tree, key) == Some(QueueMode::Reserve)
    }

    /// Whether a key is a queue of which no message is taken.
    fn is_passed_over(&self, tree: &Tree, get: &Gathered, asking: &Asking) -> bool {
        let mode = |asking: &Asking| self.queue_mode(tree, &asking.request.key);
        match asking.takes {
            Takes::Each => false,
            Takes::None => mode(asking).is_some(),
            Takes::First => get.has_found() && mode(asking) == Some(QueueMode::Reserve),
        }
    }

    pub(super) fn queue_mode(&self, tree: &Tree, key: &Key) -> Option<QueueMode> {
        tree.queue_mode(&self.inside(key).ok()?)
    }

    /// Asks for one key. The route it is on, and its reply if that is known already.
    fn ask_key(self: &Rc<Self>, tree: &Tree, token: u64, request: &Request) -> (Option<RouteId>, Option<Reply>) {
        let inside;
        let request = if self.is_confined.get() {
            inside = match self.inside(&request.key) {
                Ok(key) => Request { key, command: request.command.clone() },
                Err(reply) => return (None, Some(reply)),
            };
            &inside
        } else {
            request
        };
        self.service.keys.note(request.key.as_bytes());
        let Some(branch) = tree.branch(&request.key) else { return (None, Some(no_route())) };
        let ticket = Ticket::new(self.clone(), token);
        (Some(branch.id), branch.entry.ask(request, &self.client, ticket))
    }
}

impl Asking {
    /// Adds the key that was asked for to its get, and goes on to the next. True if it was the last.
    #[inline(always)]
    fn add_to(&mut self, get: &mut Extended<'_>, route: Option<RouteId>) -> bool {
        let next = self.rest.next();
        let is_last = next.is_none();
        let key = match next {
            Some(next) => std::mem::replace(&mut self.request.key, next),
            None => self.request.key.clone(),
        };
        get.add_key(key, route);
        is_last
    }
}
